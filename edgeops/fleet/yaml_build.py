"""Builds values from the events of a YAML parser, with the place of each.

PyYAML's own constructor reads YAML 1.1 (where `NO` is false and `1:30` is 90), ignores duplicate
keys, and recurses without a limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from edgeops.fleet.model import Document, Place, Problem
from edgeops.fleet.shown import shown
from edgeops.fleet.yaml_scalar import NotJson, plain_value
from edgeops.jsonvalue import pointer

MAX_VALUES = 100_000  # in one document, aliases expanded
MAX_DEPTH = 64
MAX_TEXT = 4 * 1024 * 1024  # characters of keys and values in one document, aliases expanded
MAX_KEY = 1024  # characters
MAX_PATHS = 32 * 1024 * 1024  # characters of the pointers of all values in one document

_STR_TAG = "tag:yaml.org,2002:str"

Position = tuple[int, int]  # line and column, from 1


class Broken(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class _Frame:
    """An object or list that is being read; `key` is the member whose value comes next."""

    value: dict[str, Any] | list[Any]
    path: str
    anchor: str | None
    key: str | None = None
    key_path: str = ""
    key_at: Position = (1, 1)

    def expects_key(self) -> bool:
        return self.key is None and isinstance(self.value, dict)


@dataclass(slots=True)
class _Anchor:
    """An anchored value; `order[start:end]` are the paths in it, `end` is None while it is read.

    `text` is the number of characters in it, or before it while it is read.
    """

    value: Any
    path: str
    start: int
    text: int
    end: int | None = None


@dataclass(slots=True)
class Builder:
    """Builds the documents of one file, with a stack of its own instead of recursion."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    _stack: list[_Frame] = field(default_factory=list)
    _anchors: dict[str, _Anchor] = field(default_factory=dict)
    _marks: dict[str, Position] = field(default_factory=dict)
    _written: dict[str, str] = field(default_factory=dict)
    _order: list[str] = field(default_factory=list)
    _paths: int = 0
    _text: int = 0
    _root: Any = None

    def documents(self, events: Iterable[Event]) -> Iterator[Document]:
        """The documents without problems; the others add to `problems`. Raises `Broken`."""
        known = 0
        for event in events:
            if isinstance(event, ScalarEvent):
                self._scalar(event)
            elif isinstance(event, CollectionStartEvent):
                self._open(event)
            elif isinstance(event, CollectionEndEvent):
                self._close()
            elif isinstance(event, AliasEvent):
                self._alias(event)
            elif isinstance(event, DocumentStartEvent):
                self._anchors, self._marks, self._order, self._root = {}, {}, [], None
                self._written = {}
                self._paths = self._text = 0
                known = len(self.problems)
            elif (
                isinstance(event, DocumentEndEvent)
                and self._root is not None
                and len(self.problems) == known
            ):
                yield Document(self.file, self._root, self._marks, self._written)

    # --- events ---------------------------------------------------------------

    def _scalar(self, event: ScalarEvent) -> None:
        if self._stack and self._stack[-1].expects_key():
            self._key(self._stack[-1], event)
            return
        path = self._mark(_position(event))
        self._text += len(event.value)
        value = self._value_of(event, path)
        if value.__class__ is not str and value is not None:
            self._written[path] = event.value
        self._attach(value)
        if event.anchor:
            end = len(self._order)
            self._anchors[event.anchor] = _Anchor(value, path, end - 1, len(event.value), end)

    def _key(self, frame: _Frame, event: ScalarEvent) -> None:
        key, at = event.value, _position(event)
        if len(key) > MAX_KEY:
            raise self._broken(
                at, f"a key has {len(key):,} characters; it can have at most {MAX_KEY:,}"
            )
        path = frame.path + pointer(key)
        self._text += len(key)
        if key == "<<" and event.implicit[0]:
            hint = "write the members out, or use a Group"
            self._problem(at, path, "merge keys (`<<`) are not YAML 1.2", hint)
        elif not isinstance(self._value_of(event, path, quiet=True), str):
            self._problem(
                at, path, f"the key `{shown(key)}` is not text", f'quote it: "{shown(key)}"'
            )
        if key in frame.value:
            first = self._marks[path][0]
            hint = f"the first is on line {first}; keep one of them"
            self._problem(at, path, f"duplicate key `{shown(key)}`", hint)
        frame.key, frame.key_path, frame.key_at = key, path, at

    def _open(self, event: CollectionStartEvent) -> None:
        at = _position(event)
        if self._stack and self._stack[-1].expects_key():
            raise self._broken(at, "a key must be text, not an object or a list")
        if len(self._stack) >= MAX_DEPTH:
            raise self._broken(at, f"is nested deeper than {MAX_DEPTH} levels")
        path = self._mark(at)
        if event.tag not in (None, "!"):
            self._refuse_tag(event, path)
        value: dict[str, Any] | list[Any] = {} if isinstance(event, MappingStartEvent) else []
        self._attach(value)
        self._stack.append(_Frame(value, path, event.anchor))
        if event.anchor:
            self._anchors[event.anchor] = _Anchor(value, path, len(self._order) - 1, self._text)

    def _close(self) -> None:
        frame = self._stack.pop()
        anchor = self._anchors[frame.anchor] if frame.anchor else None
        if anchor and anchor.value is frame.value:
            anchor.end = len(self._order)
            anchor.text = self._text - anchor.text

    def _alias(self, event: AliasEvent) -> None:
        at, name = _position(event), str(event.anchor)
        known_as = shown(name)
        if self._stack and self._stack[-1].expects_key():
            raise self._broken(at, f"a key must be text, not the alias `*{known_as}`")
        anchor = self._anchors.get(name)
        if anchor is None:
            raise self._broken(at, f"the alias `*{known_as}` has no anchor `&{known_as}` above it")
        if anchor.end is None:
            raise self._broken(at, f"the alias `*{known_as}` is inside its own anchor")
        path = self._mark(at)
        inside = self._order[anchor.start + 1 : anchor.end]
        if anchor.path in self._written:
            self._written[path] = self._written[anchor.path]
        self._check_room(at, len(inside))
        self._text += anchor.text
        if self._text > MAX_TEXT:
            message = f"the document has more than {MAX_TEXT:,} characters, aliases expanded"
            raise self._broken(at, message, "write less text, or repeat it less")
        for original in inside:
            copy = path + original[len(anchor.path) :]
            if copy.count("/") > MAX_DEPTH:
                raise self._broken(at, f"is nested deeper than {MAX_DEPTH} levels")
            self._note(copy, self._marks[original])
            if original in self._written:
                self._written[copy] = self._written[original]
        self._attach(anchor.value)

    # --- values and places ------------------------------------------------------

    def _value_of(self, event: ScalarEvent, path: str, *, quiet: bool = False) -> Any:
        """The value of a scalar; if it has none, None and (unless `quiet`) a problem."""
        if event.tag not in (None, "!", _STR_TAG):
            self._refuse_tag(event, path)
        if event.tag is not None or not event.implicit[0]:  # tagged, quoted, or a block of text
            return event.value
        try:
            return plain_value(event.value)
        except NotJson as error:
            if not quiet:
                self._problem(_position(event), path, str(error), error.hint)
            return None

    def _mark(self, at: Position) -> str:
        """Record the place of the next value (of a member: its key), and return its path."""
        self._check_room(at, 1)
        if not self._stack:
            path = ""
        elif (frame := self._stack[-1]).key is None:
            path = f"{frame.path}/{len(frame.value)}"
        else:
            path, at = frame.key_path, frame.key_at
        self._note(path, at)
        return path

    def _note(self, path: str, at: Position) -> None:
        self._paths += len(path)
        if self._paths > MAX_PATHS:
            raise self._broken(at, "the keys above many values are too long", "use shorter keys")
        self._marks[path] = at
        self._order.append(path)

    def _attach(self, value: Any) -> None:
        if not self._stack:
            self._root = value
            return
        frame = self._stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif frame.key is not None:
            frame.value[frame.key] = value
            frame.key = None

    # --- problems ---------------------------------------------------------------

    def _check_room(self, at: Position, more: int) -> None:
        if len(self._order) + more > MAX_VALUES:
            message = f"the document has more than {MAX_VALUES:,} values, aliases expanded"
            raise self._broken(at, message, "split it into several documents")

    def _refuse_tag(self, event: ScalarEvent | CollectionStartEvent, path: str) -> None:
        tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
        self._problem(
            _position(event), path, f"the tag `{shown(tag)}` is not supported", "remove it"
        )

    def _problem(self, at: Position, path: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(Place(self.file, *at), path, message, hint))

    def _broken(self, at: Position, message: str, hint: str = "") -> Broken:
        return Broken(Problem(Place(self.file, *at), "", message, hint))


def _position(event: Event) -> Position:
    mark = event.start_mark
    assert mark is not None
    return mark.line + 1, mark.column + 1
