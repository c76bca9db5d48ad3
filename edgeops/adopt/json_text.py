"""Reads JSON as people and tools write it, with the place of every value.

Allowed besides JSON: comments, trailing commas, a byte order mark, UTF-16 (as PowerShell redirects
it), and placeholders where a value should stand, such as `"port": ${PORT}`; these become texts.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from edgeops.fleet.model import Place, Problem
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import pointer

MAX_BYTES = 64 * 1024 * 1024  # of one file; a hub with ten thousand edge devices exports about that
MAX_DEPTH = 64
MAX_PLACED = 4 * 1024 * 1024  # characters of a text whose values get their own places

_SPACE = re.compile(r"(?:[\s\ufeff]+|//[^\n]*|/\*.*?\*/)*+", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\n\r]|\\.)*+"')
_APOSTROPHES = re.compile(r"'(?:[^'\\\n\r]|\\.)*+'")
_BARE_KEY = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.$])")
_WORD = re.compile(r"(?:true|false|null)\b")
_UNQUOTED = re.compile(
    r"\$\{[^{}\"\n]+\}|\$[A-Za-z_]\w*|<[^<>\"\n]+>|\{\{[^{}\"\n]+\}\}|#\{[^{}\"\n]+\}#|__\w+?__\b"
)
_BARE = re.compile(r"[\w.$-]+")
_FOREIGN = frozenset({"NaN", "Infinity", "None", "True", "False", "undefined"})
_WORDS = {"true": True, "false": False, "null": None}
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_LONGEST_NUMBER = 400  # characters; Python refuses to read integers of 4,300 digits


class BadJson(Exception):
    """A text is not JSON; the problem says where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class JsonText:
    """A JSON text that was read: its value, and on demand the place of each value in it.

    `unquoted` are the pointers of placeholders that stood for a value, if the text is not JSON.
    """

    file: str
    text: str
    value: Any
    unquoted: frozenset[str] = frozenset()
    _offsets: dict[str, int] | None = None
    _lines: list[int] | None = None  # where each but the first starts

    def place(self, path: str) -> Place:
        """The place of the value at a pointer, or of the nearest parent that has one."""
        if self._offsets is None:
            self._offsets = _offsets(self.file, self.text)
        while path and path not in self._offsets:
            path = path.rpartition("/")[0]
        if self._lines is None:
            self._lines = [found.end() for found in re.finditer("\n", self.text)]
        offset = self._offsets.get(path, 0)
        line = bisect_right(self._lines, offset)
        column = offset - (self._lines[line - 1] if line else 0)
        return Place(self.file, line + 1, column + 1)


def too_large(file: str, size: int) -> Problem:
    """The problem of a file of `size` bytes, more than `MAX_BYTES`; found without reading it."""
    message = f"is {size:,} bytes; a file can have at most {MAX_BYTES:,}"
    return Problem(Place(file), "", message, "split it, or import from the hub itself")


def read_json(file: str, data: bytes) -> JsonText:
    """The value of a JSON file. Raises BadJson."""
    if len(data) > MAX_BYTES:
        raise BadJson(too_large(file, len(data)))
    return read_text(file, _decoded(file, data))


def read_text(file: str, text: str, *, relaxed: bool = False) -> JsonText:
    """The value of a JSON text. Raises BadJson; its places are those in the text.

    `relaxed` also allows texts in apostrophes and keys without quotes, as Newtonsoft's Json.NET.
    """
    try:
        return JsonText(file, text, _strict(text))
    except (ValueError, RecursionError):
        reader = _TolerantReader(file, text, relaxed).read_all()
        return JsonText(file, text, reader.value, frozenset(reader.unquoted), reader.offsets)


def _offsets(file: str, text: str) -> dict[str, int]:
    """The starts of all values of a text that was read; none if it is too long to do it twice."""
    if len(text) > MAX_PLACED:
        return {}
    try:
        return _TolerantReader(file, text).read_all().offsets
    except BadJson:  # stricter in details, such as numbers with hundreds of digits
        return {}


def _decoded(file: str, data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        place = _place(file, before, len(before))
        raise BadJson(Problem(place, "", "is not UTF-8 text", "save the file as UTF-8")) from None


def _strict(text: str) -> Any:
    """The value of a text that is plain JSON, at the speed of C. Raises ValueError if it is not."""
    if _ESCAPED_SURROGATE.search(text):
        raise ValueError("may hold half a character")
    value = json.loads(
        text,
        object_pairs_hook=_without_duplicates,
        parse_constant=_refuse,
        parse_float=_finite,
    )
    if _deeper_than(value, MAX_DEPTH):
        raise ValueError("is nested too deep")
    return value


def _without_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise ValueError("has a duplicate key")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("is too large")
    return number


def _deeper_than(value: Any, depth: int) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(depth):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return bool(level)


def _with_quotes(text: str) -> str:
    """A text in apostrophes as JSON writes it."""
    inner = re.sub(r"\\'|\"", lambda found: "'" if found[0] == "\\'" else '\\"', text[1:-1])
    return f'"{inner}"'


def _place(file: str, text: str, offset: int) -> Place:
    line = text.count("\n", 0, offset) + 1
    return Place(file, line, offset - (text.rfind("\n", 0, offset) + 1) + 1)


@dataclass(slots=True)
class _TolerantReader:
    """Reads one text by recursive descent; `offsets` are the starts of all values by pointer."""

    file: str
    text: str
    relaxed: bool = False
    at: int = 0
    depth: int = 0
    value: Any = None
    offsets: dict[str, int] = field(default_factory=dict)
    unquoted: list[str] = field(default_factory=list)

    def read_all(self) -> _TolerantReader:
        self._skip()
        if self.at == len(self.text):
            self._fail("is empty")
        self.value = self._value("")
        self._skip()
        if self.at < len(self.text):
            self._fail(f"is not JSON: {self._found()} after the end", "keep one value per file")
        return self

    def _value(self, path: str) -> Any:
        self.offsets.setdefault(path, self.at)
        placeholder = _UNQUOTED.match(self.text, self.at)
        if placeholder:
            self.at = placeholder.end()
            self.unquoted.append(path)
            return placeholder[0]
        match self.text[self.at : self.at + 1]:
            case "{":
                return self._nested(self._object, path)
            case "[":
                return self._nested(self._list, path)
            case '"':
                return self._string()
            case "'" if self.relaxed:
                return self._string()
        return self._number_or_word()

    def _nested(self, read: Callable[[str], Any], path: str) -> Any:
        if self.depth == MAX_DEPTH:
            self._fail(f"is nested deeper than {MAX_DEPTH} levels")
        self.depth += 1
        self.at += 1
        value = read(path)
        self.depth -= 1
        return value

    def _object(self, path: str) -> dict[str, Any]:
        value: dict[str, Any] = {}
        while not self._ends("}"):
            start = self.at
            key = self._key()
            below = path + pointer(key)
            if key in value:
                line = _place(self.file, self.text, self.offsets[below]).line
                self.at = start
                hint = f"the first is on line {line}; keep one of them"
                self._fail(f"duplicate key `{shown(key)}`", hint, below)
            self.offsets[below] = start
            self._skip()
            if self.text[self.at : self.at + 1] != ":":
                self._fail(f"is not JSON: {self._found()} where a `:` should be")
            self.at += 1
            self._skip()
            value[key] = self._value(below)
            self._comma("}")
        return value

    def _key(self) -> str:
        first = self.text[self.at : self.at + 1]
        if first == '"' or (first == "'" and self.relaxed):
            return self._string()
        bare = _BARE_KEY.match(self.text, self.at) if self.relaxed else None
        if not bare:
            hint = 'quote it with "' if first else "is the file complete?"
            self._fail(f"is not JSON: {self._found()} where a key should be", hint)
        self.at = bare.end()
        return bare[0]

    def _list(self, path: str) -> list[Any]:
        value: list[Any] = []
        while not self._ends("]"):
            value.append(self._value(f"{path}/{len(value)}"))
            self._comma("]")
        return value

    def _ends(self, bracket: str) -> bool:
        self._skip()
        if self.text[self.at : self.at + 1] == bracket:
            self.at += 1
            return True
        return False

    def _comma(self, bracket: str) -> None:
        self._skip()
        if self.text[self.at : self.at + 1] == ",":
            self.at += 1
        elif self.text[self.at : self.at + 1] != bracket:
            message = f"is not JSON: {self._found()} where `,` or `{bracket}` should be"
            done = self.at == len(self.text)
            self._fail(message, "is the file complete?" if done else "is a `,` missing before it?")

    def _string(self) -> str:
        quoted = self.text[self.at] == '"'
        match = (_STRING if quoted else _APOSTROPHES).match(self.text, self.at)
        if not match:
            self._fail("is not JSON: a text without an end", "is a closing quote missing?")
        text = match[0] if quoted else _with_quotes(match[0])
        try:
            value = str(json.loads(text, strict=False))
        except ValueError:
            self._fail("is not JSON: an unknown escape in a text", r"write a backslash as \\")
        if _SURROGATE.search(value):
            self._fail("a text holds half a character (a lone surrogate)", "correct the text")
        self.at = match.end()
        return value

    def _number_or_word(self) -> Any:
        word = _WORD.match(self.text, self.at)
        number = _NUMBER.match(self.text, self.at)
        if word:
            self.at = word.end()
            return _WORDS[word[0]]
        if not number:
            self._fail(f"is not JSON: {self._found()} where a value should be")
        digits = number[0]
        value = json.loads(digits) if len(digits) <= _LONGEST_NUMBER else math.inf
        if not math.isfinite(value):
            self._fail("the number is too large", "write it as a text")
        self.at = number.end()
        return value

    def _skip(self) -> None:
        match = _SPACE.match(self.text, self.at)
        if match:
            self.at = match.end()
        if self.text.startswith("/*", self.at):
            self._fail("is not JSON: a comment without an end", "end it with */")

    def _found(self) -> str:
        """What stands where something else should; a text may be a secret that lost its quotes."""
        if self.at == len(self.text):
            return "the end of the file"
        if _NUMBER.match(self.text, self.at):
            return "a number"
        word = _BARE.match(self.text, self.at)
        if word:
            return f"`{word[0]}`" if word[0] in _FOREIGN else "a text without quotes"
        return f"`{shown(self.text[self.at])}`"

    def _fail(self, message: str, hint: str = "", path: str = "") -> NoReturn:
        raise BadJson(Problem(_place(self.file, self.text, self.at), path, message, hint))
