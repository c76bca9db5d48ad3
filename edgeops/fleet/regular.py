"""Untrusted regular expressions, matched by RE2 in time linear in the text.

JSON Schema recommends the subset of ECMA 262 that every engine supports ("Regular Expressions" of
JSON Schema Core). RE2 supports it, and refuses what needs backtracking (look-around,
backreferences).

Source: https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from edgeops.fleet.shown import shown

MAX_EXPRESSIONS = 256  # of one schema
MAX_PROGRAM = 100_000  # instructions of all of them
_MEMORY = 512 * 1024  # of one, in bytes

# Where RE2 differs: ECMA 262 has \u00e9 for \x{00e9}, `{,3}` means `{0,3}` here, and RE2 reads a
# repeat far beyond its limit as plain text.
_TOKEN = re.compile(
    r"\\u(?P<code>[0-9A-Fa-f]{4})|\\.|\{,(?P<most>[0-9]+)\}|(?P<huge>\{[0-9,]{9,}\})", re.DOTALL
)
# Messages of RE2 about expressions that other engines support.
_REFUSED = ("invalid perl operator", "invalid escape sequence")
_SYNTAX = (
    "edgeops supports the syntax of RE2: without look-around and backreferences, "
    "and with repeats up to 1,000"
)


class BadExpression(ValueError):
    """The expression cannot be used; `hint` says what is supported."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(slots=True)
class Expressions:
    """The regular expressions of one schema, each compiled when it is first used."""

    _compiled: dict[str, Any] = field(default_factory=dict)
    _program: int = 0

    def size(self, expression: str) -> int:
        """How many instructions its program has. Raises `BadExpression`."""
        size: int = self._of(expression).programsize
        return size

    def search(self, expression: str, text: str) -> bool:
        """Whether some part of the text matches. Raises `BadExpression`."""
        return self._of(expression).search(text.encode("utf-8", "replace")) is not None

    def _of(self, expression: str) -> Any:
        if expression not in self._compiled:
            compiled = _compile(expression)
            self._program += compiled.programsize
            if len(self._compiled) >= MAX_EXPRESSIONS or self._program > MAX_PROGRAM:
                raise BadExpression(
                    f"`{shown(expression)}`: the schema has too many regular expressions",
                    f"a schema can have {MAX_EXPRESSIONS} different ones, none of them large; "
                    "use `enum` or `maxLength`",
                )
            self._compiled[expression] = compiled
        return self._compiled[expression]


def _compile(expression: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MEMORY
    try:
        return re2.compile(_TOKEN.sub(_in_re2, expression).encode(), options)
    except UnicodeEncodeError:  # half of a surrogate pair
        reason = ""
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace")
    if reason.startswith(_REFUSED):
        message = f"is not a regular expression that edgeops supports ({shown(reason)})"
        raise BadExpression(f"`{shown(expression)}` {message}", _SYNTAX)
    raise _invalid(expression, large="repetition" in reason or "too large" in reason)


def _invalid(expression: str, *, large: bool) -> BadExpression:
    message = f"`{shown(expression)}` is not a valid regular expression"
    return BadExpression(message, _SYNTAX if large else "")


def _in_re2(token: re.Match[str]) -> str:
    if token["huge"]:
        raise _invalid(token.string, large=True)
    if token["code"]:
        return f"\\x{{{token['code']}}}"
    return f"{{0,{token['most']}}}" if token["most"] else token[0]
