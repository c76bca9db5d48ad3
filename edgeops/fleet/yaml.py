"""Parses YAML text to documents with the line and column of every value.

The parsers are imported on the first load only: a cached run never needs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from edgeops.fleet.marks import FilePlaces, LazyMarks, Places
from edgeops.fleet.model import Document, Place, Problem

if TYPE_CHECKING:
    from yaml import YAMLError

MAX_BYTES = 1024 * 1024  # of one file

# Compiled on the first load only: it takes longer than the rest of this module.
_CONTROL = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"

# Messages of libyaml, and hints for them.
_SAME_COLUMN = "check the indentation of this line and of those above"
# Newer libyaml looks ahead, and stops before our own limit is reached.
_TOO_DEEP = "exceeded maximum nesting depth"
_HINTS = {
    "mapping values are not allowed": "quote text that holds `: `; check the indentation",
    "could not find expected ':'": "is a `:` missing after a key?",
    "cannot start any token": "indent with spaces, not tabs; quote text that begins with @ ` %",
    "did not find expected key": _SAME_COLUMN,
    "did not find expected '-' indicator": _SAME_COLUMN,
    "did not find expected ',' or": "is a `,` or a closing bracket missing?",
    "found unexpected end of stream": "is a closing quote missing?",
}


def load(file: str, data: bytes) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """The documents of a YAML file without problems, and the problems of the file.

    `file` is the name to use in places. Documents before a syntax error are kept, empty documents
    skipped; a file without any is a warning. The types are those of YAML 1.2 core; values that JSON
    does not have are problems.
    """
    import yaml

    from edgeops.fleet.yaml_build import Broken, Builder

    unreadable = _unreadable(file, data)
    if unreadable:
        return (), (unreadable,)
    loader = getattr(yaml, "CLoader", yaml.Loader)  # not every PyYAML has the C extension
    builder = Builder(file)
    documents: list[Document] = []
    problems: list[Problem] = []
    try:
        documents.extend(builder.documents(yaml.parse(data, Loader=loader)))
    except Broken as broken:
        problems.append(broken.problem)
    except yaml.YAMLError as error:
        problems.append(_syntax_problem(file, error))
    found = [*builder.problems, *problems] or _nothing(file, documents)
    return tuple(documents), tuple(sorted(found))


def load_quick(file: str, data: bytes, read: Callable[[], bytes]) -> tuple[Document, ...] | None:
    """The documents of a YAML file, if it is simple: then `load` finds the same, and no problem.

    None if it is not. `read` gives the data again; it is parsed when a place is asked for.
    """
    from edgeops.fleet.yaml_quick import quick_load

    if len(data) > MAX_BYTES:
        return None
    try:
        text = data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None
    values = quick_load(text)
    return None if values is None else with_lazy_places(file, enumerate(values), read)


def with_lazy_places(
    file: str, values: Iterable[tuple[int, Any]], read: Callable[[], bytes]
) -> tuple[Document, ...]:
    """Documents of a file by their index in it; `read` gives its bytes if a place is asked for."""
    places = FilePlaces(partial(_places, file, read))
    return tuple(Document(file, value, LazyMarks(places, index)) for index, value in values)


def _places(file: str, read: Callable[[], bytes]) -> list[Places]:
    return [document.marks for document in load(file, read())[0]]


def _nothing(file: str, documents: Sequence[Document]) -> list[Problem]:
    """The warning about a file without documents."""
    if documents:
        return []
    hint = "delete the file, or write a manifest into it"
    return [Problem(Place(file), "", "defines nothing", hint, warning=True)]


def too_large(file: str, size: int) -> Problem:
    """The problem of a file of `size` bytes, more than `MAX_BYTES`; found without reading it."""
    message = f"is {size:,} bytes; a file can have at most {MAX_BYTES:,}"
    return Problem(Place(file), "", message, "split it into several files")


def _unreadable(file: str, data: bytes) -> Problem | None:
    """The problem of a file that is too large or not text that YAML allows."""
    if len(data) > MAX_BYTES:
        return too_large(file, len(data))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        place = _end_of(file, before)
        return Problem(place, "", "is not UTF-8 text", "save the file as UTF-8")
    control = re.search(_CONTROL, text)
    if control:
        message = f"holds the character U+{ord(control[0]):04X}, which YAML does not allow"
        place = _end_of(file, text[: control.start()])
        return Problem(place, "", message, "remove it")
    return None


def _end_of(file: str, text: str) -> Place:
    """The place after a text at the start of the file."""
    return Place(file, text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1)


def _syntax_problem(file: str, error: YAMLError) -> Problem:
    from yaml import MarkedYAMLError

    from edgeops.fleet.yaml_build import MAX_DEPTH

    if not isinstance(error, MarkedYAMLError):
        return Problem(Place(file), "", "is not YAML")
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
    text = error.problem or error.context or "syntax error"
    if text == _TOO_DEEP:
        return Problem(place, "", f"is nested deeper than {MAX_DEPTH} levels")
    hint = next((hint for words, hint in _HINTS.items() if words in text), "")
    return Problem(place, "", f"is not YAML: {text}", hint)
