"""Texts that try to be more than text, and what a GitHub runner makes of the lines of a log."""

from __future__ import annotations

from hypothesis import strategies as st

PAYLOAD = "@MARKER"  # a mention, where it gets out of code

# What begins or ends something in Markdown, HTML, YAML, a terminal or a log.
_PIECES = [
    PAYLOAD, "`", "``", "```", "`" * 19, "`" * 79, "`" * 80, "`" * 200, "~~~", "|", "\\", "\\|",
    "\\`",
    "@octocat", "@octo/team", "#1", "octo/repo#2", "GH-3", "a@b.example", "http://", "www.",
    "https://evil.example/x", "<", ">", "</details>", "<details>", "<img src=x onerror=a>",
    "<!--", "-->",
    "<a href=x>", "</code>", "</summary>", "<script>", "](", "[x](http://evil)",
    "![x](http://evil)",
    "[", "]", "(", ")", "*", "**", "_", "~~", "$x^2$", ":smile:", "&#64;", "&lt;", "&#96;", "> ",
    "# ", "- ",
    "1. ", "    ", "---", "===", "|-|-|", "[^1]", "\n", "\n\n", "\r", "\r\n", "\t", "\x0b",
    "\x0c", "\x1c",
    "\x85", "\u2028", "\u2029", "\x00", "\x1b[31m", "\x1b]8;;http://evil\x07", "\x9b2J", "\x7f",
    "\x08",
    "\u202e", "\u2066", "\u200b", "\u200d", "\ufe0f", "\ufeff", "\u00ad", "\u3164", "\U000e0041",
    "\u00a0",
    "\u0301", "\U0001d165", "\ud800", "\udcff", "😀", "é", "東京", "می\u200cخواهم",
    "::", ":", "::error::", "::error file=x::", "::stop-commands::x", "::add-mask::a", "##[",
    "#", "##",
    "##[error]", "##[add-matcher]x", "###[", "%0A", "%25", "%", " ", ",", ";", "=", "{", "}",
    "'", '"',
    "Plan digest `" + "f" * 64 + "`, hub `production`", "<!-- edgeops:fleet-plan -->", "[skip ci]",
]  # fmt: skip

PIECE = st.sampled_from(_PIECES)
HOSTILE = st.lists(PIECE | st.text(max_size=3), max_size=12).map("".join)
# In each of these is the payload.
MARKED = st.tuples(HOSTILE, HOSTILE).map(PAYLOAD.join)

# Commands of the runner (actions/runner, ActionCommandManager.cs and its extensions).
_COMMANDS = {
    "internal-set-repo-path", "set-env", "set-output", "save-state", "add-path", "add-mask",
    "add-matcher", "remove-matcher", "debug", "warning", "error", "notice", "group", "endgroup",
    "echo", "stop-commands",
}  # fmt: skip


def commands(log: str) -> list[str]:
    """The lines of a step's output in which a runner may see a command.

    Written after ActionCommand.cs. The runner compares by the culture of its
    machine, for which characters of no weight are not there: so both readings
    count, with what is not ASCII and without it.
    """
    return [line for line in _lines(log) if any(map(_is_command, (line, _ascii(line))))]


def _lines(log: str) -> list[str]:
    return log.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _ascii(line: str) -> str:
    return "".join(c for c in line if " " <= c <= "~")


def _is_command(line: str) -> bool:
    stripped = line.lstrip()
    if stripped.startswith("::"):
        info, end, _ = stripped[2:].partition("::")
        if end and info.partition(" ")[0] in _COMMANDS:
            return True
    start = line.find("##[")
    if start < 0:
        return False
    info, end, _ = line[start + 3 :].partition("]")
    return bool(end) and info.partition(" ")[0] in _COMMANDS
