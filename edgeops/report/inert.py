r"""Foreign text that stays text: on one line, nothing hidden in it, no secret, no command.

What comes from a device, a file, git, a hub, GitHub or the command line passes here before
anybody sees it. `markdown.py` and `html.py` build on `one_line`; terminals and logs get `line`.

Characters that steer a terminal or could deceive a reviewer are escapes: see `printable`.

The runner of GitHub takes every line of a step's output for a command that begins with `::` after
white space, or has `##[` anywhere (actions/runner, ActionCommand.cs). It compares as the culture
of the machine does, to which some characters are nothing, so none outside ASCII counts here.
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
    shown = without_command(printable(mask(text)))
    return shown if limit is None or len(shown) <= limit else f"{shown[:limit]}…"


def line(text: str) -> str:
    """A whole line of a log or a terminal: no runner takes it for a command."""
    return without_command(one_line(text), begins=True)


def lines(text: str) -> str:
    """Text of several lines, as a traceback."""
    return "\n".join(map(line, mask(text).split("\n")))


def without_command(shown: str, *, begins: bool = False) -> str:
    """Text without a command to the runner; `begins` says that a line begins with it."""
    if "#" in shown:
        shown = _HOLDS_COMMAND.sub(r"\1\\[", shown)
    return _BEGINS_COMMAND.sub(r"\1\\", shown) if begins and ":" in shown else shown


def in_quotes(document: str, *, escape: Escape) -> str:
    """A JSON document, or YAML with quotes around what is not inert, with nothing hidden in it.

    It means the same. `escape` gives a character as the format writes it.
    """
    if not document.isascii() or "\x7f" in document:
        document = _ODD.sub(
            lambda odd: escape(odd[0]) if is_hidden(odd.string, odd.start()) else odd[0], document
        )
    return _HOLDS_COMMAND.sub(r"\1\\u005b", document)
