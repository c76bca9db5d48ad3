"""Splits a route into tokens: names may hold `-`, `.` and `*`, other than in queries on twins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple


class RouteError(Exception):
    """An invalid route: what is wrong, and at which character (from 0)."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class Kind(Enum):
    """The kind of a token."""

    NAME = auto()
    SYSTEM_NAME = auto()
    STRING = auto()
    NUMBER = auto()
    SYMBOL = auto()
    END = auto()


class RouteToken(NamedTuple):
    """A token: its kind, its text (that of a string without quotes), and its position."""

    kind: Kind
    text: str
    position: int


_TOKEN = re.compile(
    r"""
      (?P<SPACE>[ \t\r\n]+)
    | (?P<STRING>'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*")
    | (?P<SYSTEM_NAME>\$[^()<>@,;:\\"/?={}\s]+)
    | (?P<NUMBER>-?(?:0[xX][0-9a-fA-F]+ | (?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
        (?![^()<>@,;:\\"/\[\]?={}\s]))
    | (?P<SYMBOL><> | != | <= | >= | \|\| | \?\? | [=<>(),/{}])
    | (?P<NAME>(?!')[^()<>@,;:\\"/\[\]?={}\s]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPERATORS = ("*", "%", "+", "-", "||")  # which a name can hold, but not be
_ESCAPE = re.compile(r"\\(?:[uU]([0-9a-fA-F]{4})|(['\"\\]))")


def route_tokens(text: str) -> Iterator[RouteToken]:
    """The tokens of a text, then END. Raises `RouteError` at unreadable text."""
    position = 0
    while match := _TOKEN.match(text, position):
        if match.lastgroup != "SPACE":
            yield _token(match)
        position = match.end()
    if position < len(text):
        character = text[position]
        quote = character in "'\""
        what = "the text has no closing quote" if quote else f"cannot read {character!r}"
        raise RouteError(what, position)
    yield RouteToken(Kind.END, "the end", position)


def _token(match: re.Match[str]) -> RouteToken:
    kind, text = Kind[str(match.lastgroup)], match[0]
    if kind is Kind.STRING:
        text = _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[2], text[1:-1])
    elif kind is Kind.NAME and text in _OPERATORS:
        kind = Kind.SYMBOL
    return RouteToken(kind, "!=" if text == "<>" else text, match.start())
