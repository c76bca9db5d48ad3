"""The parsed content of a file, and its form in the cache."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import orjson

from edgeops.fleet.model import Document, Place, Problem


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
        [
            [document.value, list(document.marks), list(document.marks.values())]
            for document in parsed.documents
        ],
        [
            [*astuple(p.place), p.pointer, p.message, p.hint, p.warning, p.spoils]
            for p in parsed.problems
        ],
    ]
    try:
        return orjson.dumps(record)
    except orjson.JSONEncodeError:
        return None


def decode(file: str, record: bytes) -> ParsedFile | None:
    """The inverse of `encode`; None for bytes that are not a record."""
    try:
        documents, problems = orjson.loads(record)
        return ParsedFile(
            tuple(
                Document(file, value, dict(zip(paths, map(tuple, places), strict=True)))
                for value, paths, places in documents
            ),
            tuple(
                Problem(Place(at, line, column), pointer, message, hint, warning, tuple(spoils))
                for at, line, column, pointer, message, hint, warning, spoils in problems
            ),
        )
    except (ValueError, TypeError):
        return None
