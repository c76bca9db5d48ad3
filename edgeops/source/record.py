"""The parsed content of a file, and its form in the cache."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import orjson

from edgeops.fleet.marks import LazyMarks
from edgeops.fleet.model import Document, Place, Problem
from edgeops.fleet.yaml import with_lazy_places


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """The documents and problems of one file."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]


def encode(parsed: ParsedFile) -> bytes | None:
    """The record as JSON; `decode` is the inverse for the file of the same path.

    None for the rare values that the encoder does not support (integers beyond 64 bits, lone
    surrogates, hundreds of levels), and where edgeops itself failed, which the next version may
    not.
    """
    if any(problem.error for problem in parsed.problems):
        return None
    record = [
        [[document.value, *_marks(document)] for document in parsed.documents],
        [
            [*astuple(p.place), p.pointer, p.message, p.hint, p.warning, p.spoils]
            for p in parsed.problems
        ],
    ]
    try:
        return orjson.dumps(record)
    except orjson.JSONEncodeError:
        return None


def _marks(document: Document) -> Sequence[Any]:
    """The pointers and the places, or the index in the file where they are looked up."""
    if isinstance(document.marks, LazyMarks):
        return (document.marks.index,)
    return list(document.marks), list(document.marks.values())


def decode(file: str, record: bytes, read: Callable[[], bytes]) -> ParsedFile | None:
    """The inverse of `encode`; None for bytes that are not a record.

    `read` gives the bytes of the file, for places that are not in the record.
    """
    try:
        documents, problems = orjson.loads(record)
        if documents and len(documents[0]) == 2:  # all of a file are read in one way
            decoded = with_lazy_places(file, ((at, value) for value, at in documents), read)
        else:
            decoded = tuple(
                Document(file, value, dict(zip(paths, map(tuple, places), strict=True)))
                for value, paths, places in documents
            )
        return ParsedFile(
            decoded,
            tuple(
                Problem(Place(at, line, column), pointer, message, hint, warning, tuple(spoils))
                for at, line, column, pointer, message, hint, warning, spoils in problems
            ),
        )
    except (ValueError, TypeError):
        return None
