"""Splits a query into tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, NamedTuple

from edgeops.localhub.query.ast import QueryError
from edgeops.localhub.query.numbers import literal_number

KEYWORDS = frozenset(
    {"SELECT", "TOP", "AS", "FROM", "WHERE", "GROUP", "BY", "AND", "OR", "NOT", "IN", "NIN"}
    | {"TRUE", "FALSE", "NULL", "UNDEFINED"}
)


class TokenKind(Enum):
    """The kind of a token."""

    KEYWORD = auto()
    NAME = auto()
    QUOTED_NAME = auto()
    STRING = auto()
    NUMBER = auto()
    SYMBOL = auto()
    END = auto()


class Token(NamedTuple):
    """A token: its value (keywords in upper case), its source text, and its position.

    A tuple, since a query can have thousands of them.
    """

    kind: TokenKind
    value: Any
    text: str
    position: int


_TOKEN = re.compile(
    r"""
      (?P<space>\s+ | /\*.*?\*/)
    | (?P<name>[^\W\d][\w$]* | \$[\w$]*)
    | \[\[(?P<quoted>[^\[\]]+)\]\]
    | (?P<string>'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*")
    | (?P<number>0[xX][0-9a-fA-F]+\b | (?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?!\w))
    | (?P<symbol><> | != | <= | >= | [=<>+\-*/%(),.\[\]])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text, then END. Raises `QueryError` at unreadable text."""
    position = 0
    while match := _TOKEN.match(text, position):
        if match.lastgroup != "space":
            yield _token(match)
        position = match.end()
    if position < len(text):
        raise QueryError(_unreadable(text[position]), position)
    yield Token(TokenKind.END, "", "the end", position)


def _unreadable(character: str) -> str:
    if character in "'\"":
        return "the text has no closing quote"
    return f"cannot read {character!r}"


def _token(match: re.Match[str]) -> Token:
    written, position = match[0], match.start()
    match match.lastgroup:
        case "symbol":
            return Token(TokenKind.SYMBOL, "!=" if written == "<>" else written, written, position)
        case "name":
            word = written.upper()
            if word in KEYWORDS:
                return Token(TokenKind.KEYWORD, word, written, position)
            return Token(TokenKind.NAME, written, written, position)
        case "quoted":
            return Token(TokenKind.QUOTED_NAME, match["quoted"], written, position)
        case "string":
            return Token(
                TokenKind.STRING, _unescape(written[1:-1], position + 1), written, position
            )
    return Token(TokenKind.NUMBER, _number(written, position), written, position)


def _unescape(text: str, position: int) -> str:
    def character(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        if match[2] in "'\"\\":
            return match[2]
        raise QueryError(f"unknown escape {match[0]}", position + match.start())

    # \\u escapes are UTF-16: a character beyond 16 bits takes two of them
    units = _ESCAPE.sub(character, text).encode("utf-16-le", "surrogatepass")
    try:
        return units.decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise QueryError("half of a surrogate pair is not a character", position) from error


def _number(text: str, position: int) -> int | float:
    try:
        if text[:2] in ("0x", "0X"):
            return literal_number(int(text, 16))
        # Python refuses to parse integers of thousands of digits; as floats they are infinite.
        return literal_number(int(text) if text.isdigit() and len(text) <= 20 else float(text))
    except OverflowError as error:
        raise QueryError("the number is too large", position) from error
