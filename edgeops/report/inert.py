r"""Foreign text made inert: on one line, without hidden characters, secrets or commands.

All text from a device, a file, git, a hub, GitHub or the command line passes through here before
it is shown. `markdown.py` and `html.py` build on `one_line`; terminals and logs get `line`.

Characters that control a terminal or could deceive a reviewer are escaped: see `printable`.

The runner of GitHub treats a line of a step's output as a command if it begins with `::` after
white space, or has `##[` anywhere (actions/runner, ActionCommand.cs). It compares with the culture
of the machine, which ignores some characters, so characters outside ASCII are ignored here too.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from edgeops.fleet.secrets import mask
from edgeops.fleet.shown import is_hidden, printable

Escape = Callable[[str], str]

_ODD = re.compile("[^ -~\n]")

_BEGINS_COMMAND = re.compile(r"\A([^!-~]*)(?=:[^ -~]*:)")
_HOLDS_COMMAND = re.compile(r"(#[^ -~\n]*#[^ -~\n]*)\[")


def one_line(text: str, limit: int | None = None) -> str:
    """The text on one line, secrets masked; cut after `limit` characters."""
    masked = mask(text)
    shown = printable(masked)
    if shown != masked:  # escapes can make a text long enough to look like a secret
        shown = mask(shown)
    shown = without_command(shown)
    return shown if limit is None or len(shown) <= limit else f"{shown[:limit]}…"


def line(text: str) -> str:
    """A whole line of a log or a terminal, which no runner treats as a command."""
    return without_command(one_line(text), begins=True)


def lines(text: str) -> str:
    """Text of several lines, such as a traceback."""
    return "\n".join(map(line, mask(text).split("\n")))


def without_command(shown: str, *, begins: bool = False) -> str:
    """Text without a command to the runner; `begins`: the text is the beginning of a line."""
    if "#" in shown:
        shown = _HOLDS_COMMAND.sub(r"\1\\[", shown)
    return _BEGINS_COMMAND.sub(r"\1\\", shown) if begins and ":" in shown else shown


def in_quotes(document: str, *, escape: Escape) -> str:
    """A JSON document, or YAML that quotes what is not inert, with hidden characters escaped.

    Its meaning is unchanged. `escape` gives a character as the format writes it.
    """
    if not document.isascii() or "\x7f" in document:
        document = _ODD.sub(
            lambda odd: escape(odd[0]) if is_hidden(odd.string, odd.start()) else odd[0], document
        )
    return _HOLDS_COMMAND.sub(r"\1\\u005b", document)
