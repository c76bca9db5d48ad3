"""Reads the YAML that most manifests are written in, line by line, and leaves the rest to `yaml`.

That is: mappings and lists by indentation, flow mappings and lists within one line, quoted text
without escapes, and no comment behind quotes. What `yaml` could refuse, or warn about, is not read
here: so a text is read as `yaml` reads it, or not at all. A parser gives an event for each value;
here equal lines, of which a fleet has many, cost one look-up.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from edgeops.fleet.written import prints_as_written
from edgeops.fleet.yaml_scalar import NotJson, plain_value
from edgeops.jsonvalue import JsonObject

# Under these limits none of those in `yaml_build` can be reached.
_MAX_VALUES = 20_000  # in one file
_MAX_DEPTH = 12  # of what is indented, and again of what is in brackets
_MAX_LINE = 512  # characters
_MAX_KEY = 64

_KNOWN_LINES = 8192

# Without tabs, line breaks of any kind but \n, surrogates, and the byte order mark.
_OTHER = re.compile(
    "[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)

_KEY = rf"[A-Za-z_][A-Za-z0-9_.-]{{0,{_MAX_KEY - 1}}}"
_QUOTED_KEY = rf"\"[A-Za-z0-9_. -]{{0,{_MAX_KEY}}}\"|'[A-Za-z0-9_. -]{{0,{_MAX_KEY}}}'"
_QUOTED = r"\"[^\"\\]*\"|'[^']*'"
# A colon inside must not be followed by a space; comments are cut off before.
_PLAIN = r"(?:[A-Za-z0-9_/.$+(~<=;^\\\u00a0-\U0010ffff]|-(?=[0-9]))[^:]*+(?::(?=[^ ])[^:]*+)*+"
_HEAD = re.compile(rf"( *+)(- ++)?({_KEY}|{_QUOTED_KEY})")  # of a line, before `: `
_BARE = re.compile(rf"( *+)(?:(- ++)?({_KEY}|{_QUOTED_KEY}):|- ++({_QUOTED}|[{{\[].*|{_PLAIN}))")
_VALUE = re.compile(rf"{_QUOTED}|[{{\[].*|{_PLAIN}")
# Nothing but text: the values that most lines have.
_TEXT = re.compile("(?!(?i:null|true|false)\\Z)[A-Za-z_/](?: ?[A-Za-z0-9_./+@-])*+")
_QUOTED_TEXT = re.compile(r"\"[^\"\\#]*+\"")
_FLOW_KEY = re.compile(rf"({_KEY}|{_QUOTED_KEY}): ++")
_FLOW_SCALAR = re.compile(
    rf"{_QUOTED}"
    r"|(?:[A-Za-z0-9_/.$+]|-(?=[0-9]))(?:[A-Za-z0-9_/.$+@-]| ++(?=[A-Za-z0-9_/.$+@-]))*+"
)
_SPACES = re.compile(" *+")

_NESTED = object()  # the value is on the lines below, if there is one


# A line with content: its indentation, the column of its key, whether it is an item (`- `), its key
# (None in an item without one), and its value.
_Line = tuple[int, int, bool, str | None, Any]
_Begin = tuple[int, int, bool, str | None]


class _NotRead(Exception):
    """This YAML is not read here."""


def quick_load(text: str) -> list[Any] | None:
    """The documents in a text of YAML without any problem; None for what is not read here.

    Equal parts of documents may be the same objects, as they are where YAML has aliases.
    """
    at_most = 2 * text.count("\n") + sum(map(text.count, ",[{"))
    if at_most >= _MAX_VALUES or _OTHER.search(text):
        return None
    documents: list[Any] = []
    try:
        for lines in _documents(text):
            document = _mapping(lines)
            if document is not None:
                documents.append(document)
    except _NotRead:
        return None
    return documents or None


def _documents(text: str) -> list[list[str]]:
    lines = text.split("\n")
    if "---" not in lines:
        return [lines]
    documents: list[list[str]] = [[]]
    for line in lines:
        if line == "---":
            documents.append([])
        else:
            documents[-1].append(line)
    return documents


def _mapping(lines: list[str]) -> JsonObject | None:
    """The mapping in the lines of a document; None for no content. Raises `_NotRead`."""
    root: JsonObject = {}
    holder: Any = root  # the mapping or list that the line before is in
    at = 0  # its column
    below: list[tuple[int, Any]] = []  # those around it
    open_key: str | None = None  # the key in `holder` whose value may be on the next line
    if max(map(len, lines), default=0) > _MAX_LINE:
        raise _NotRead
    for line in map(_line, lines):
        if line is None:
            continue
        indent, column, item, key, value = line
        if open_key is not None and (indent > at or (item and indent == at)):
            below.append((at, holder))
            if len(below) > _MAX_DEPTH:
                raise _NotRead
            inner: Any = [] if item else {}
            holder[open_key] = inner
            holder, at = inner, indent
        else:
            while at > indent or (at == indent and item is (holder.__class__ is dict)):
                at, holder = below.pop() if below else (-1, None)
            if at != indent:
                raise _NotRead
        open_key = None
        if item:
            if key is None:
                holder.append(value)
                continue
            below.append((at, holder))
            inner = {}
            holder.append(inner)
            holder, at = inner, column
        if key in holder:
            raise _NotRead
        if value is _NESTED:
            holder[key] = None
            open_key = key
        else:
            holder[key] = value
    return root or None


@lru_cache(_KNOWN_LINES)
def _line(text: str) -> _Line | None:
    """What a line says; None without content. Raises `_NotRead`."""
    head, colon, written = text.partition(": ")
    begin = _head(head) if colon else None
    if begin is None:
        return _bare(text)
    return *begin, written if _TEXT.fullmatch(written) else _value(written)


@lru_cache(_KNOWN_LINES)
def _head(text: str) -> _Begin | None:
    """What a line says before its value; None if this is no key."""
    match = _HEAD.fullmatch(text)
    if match is None:
        return None
    spaces, item, key = match.groups()
    indent = len(spaces)
    return indent, indent + len(item or ""), item is not None, _key(key)


def _bare(text: str) -> _Line | None:
    """A line with only a key or only a value; None without content. Raises `_NotRead`."""
    text = _without_comment(text)
    if not text:
        return None
    match = _BARE.fullmatch(text)
    if match is None:
        raise _NotRead
    spaces, item, key, written = match.groups()
    indent = len(spaces)
    if key is None:
        return indent, indent, True, None, _value(written)
    return indent, indent + len(item or ""), item is not None, _key(key), _NESTED


def _value(written: str) -> Any:
    """The value that ends with its line. Raises `_NotRead`."""
    return written[1:-1] if _QUOTED_TEXT.fullmatch(written) else _any_value(written)


@lru_cache(_KNOWN_LINES)
def _any_value(written: str) -> Any:
    written = _without_comment(f" {written}").lstrip(" ")
    if not written:
        return _NESTED
    if _VALUE.fullmatch(written) is None:
        raise _NotRead
    return _flow(written) if written[0] in "{[" else _scalar(written)


def _without_comment(text: str) -> str:
    if text[:1] == "#":
        return ""
    text, comment, _ = text.partition(" #")
    if comment and ('"' in text or "'" in text):  # it may be in quotes
        raise _NotRead
    return text.rstrip(" ")


def _key(written: str) -> str:
    if written[0] in "\"'":
        return written[1:-1]
    if plain_value(written).__class__ is not str:
        raise _NotRead
    return written


def _scalar(written: str) -> Any:
    """The value of a scalar, quoted or not."""
    if written[0] in "\"'":
        return written[1:-1]
    try:
        value = plain_value(written)
    except NotJson:
        raise _NotRead from None
    if value.__class__ is not str and value is not None and not prints_as_written(written):
        raise _NotRead
    return value


def _flow(written: str) -> Any:
    """The value of a flow mapping or list that ends with its line."""
    value, end = _collection(written, 0, 1)
    if end < len(written):
        raise _NotRead
    return value


def _collection(text: str, at: int, depth: int) -> tuple[Any, int]:
    """The flow mapping or list that begins at an index, and the index behind it."""
    if depth > _MAX_DEPTH:
        raise _NotRead
    holder: Any = {} if text[at] == "{" else []
    close = "}" if text[at] == "{" else "]"
    at = _behind(_SPACES, text, at + 1)
    if text[at : at + 1] == close:
        return holder, at + 1
    while True:
        if close == "}":
            begin, at = at, _behind(_FLOW_KEY, text, at)
            key = _key(text[begin:at].rstrip(" ")[:-1])
            if key in holder:
                raise _NotRead
            holder[key], at = _member(text, at, depth)
        else:
            value, at = _member(text, at, depth)
            holder.append(value)
        at = _behind(_SPACES, text, at)
        if text[at : at + 1] == close:
            return holder, at + 1
        if text[at : at + 1] != ",":
            raise _NotRead
        at = _behind(_SPACES, text, at + 1)


def _member(text: str, at: int, depth: int) -> tuple[Any, int]:
    if text[at : at + 1] in ("{", "["):
        return _collection(text, at, depth + 1)
    end = _behind(_FLOW_SCALAR, text, at)
    return _scalar(text[at:end]), end


def _behind(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    if match is None:
        raise _NotRead
    return match.end()
