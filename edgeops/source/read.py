"""Files -> Snapshot; parses only files that are not in the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from edgeops import __version__
from edgeops.fleet.attempt import attempt
from edgeops.fleet.manifest import KindSchemas, parse
from edgeops.fleet.memo import Memo
from edgeops.fleet.model import Document, Place, Problem, Snapshot, split
from edgeops.fleet.outline import ANY
from edgeops.fleet.user_schema import parse_schema
from edgeops.source.layout import Role
from edgeops.source.record import ParsedFile, decode, encode

# Increase it whenever a change within one release makes the same bytes parse differently.
PARSER_VERSION = 6

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that edgeops reads; `sha` is its object id in git."""

    path: str
    role: Role
    sha: str
    read: Callable[[], bytes]


def read_snapshot(
    commit: str | None,
    files: Iterable[SourceFile | Problem],
    schemas: KindSchemas,
    memo: Memo | None,
) -> Snapshot:
    """The snapshot of the files, in their order; a problem stands for a file that is refused."""
    documents: list[Document] = []
    problems: list[Problem] = []
    user_schemas = {}
    for file in files:
        if isinstance(file, Problem):
            lost = () if file.place.file.startswith("schemas/") else (ANY,)
            problems.append(replace(file, spoils=lost))
            continue
        parsed = _remembered(file, schemas, memo)
        problems += parsed.problems
        if file.role is Role.SCHEMA:
            user_schemas.update({schema.file: schema.value for schema in parsed.documents})
        else:
            documents += parsed.documents
    wrong, warnings = split(problems)
    return Snapshot(commit, tuple(documents), wrong, user_schemas, warnings)


def _remembered(file: SourceFile, schemas: KindSchemas, memo: Memo | None) -> ParsedFile:
    if memo is None:
        return _parse(file, schemas)
    key = f"file/{__version__}/{PARSER_VERSION}/{schemas.digest}/{file.sha}/{file.path}"
    stored = memo.get(key)
    parsed = decode(file.path, stored) if stored else None
    if parsed is None:
        parsed = _parse(file, schemas)
        record = encode(parsed)
        if record is not None:
            memo.put(key, record)
    return parsed


def _parse(file: SourceFile, schemas: KindSchemas) -> ParsedFile:
    data = file.read()
    if data.startswith(_LFS_POINTER):
        message = "is a pointer of Git LFS, not the file itself"
        hint = "keep manifests and schemas out of LFS (git lfs untrack): commits have only pointers"
        return ParsedFile((), (Problem(Place(file.path), "", message, hint, spoils=(ANY,)),))
    if file.role is Role.SCHEMA:
        work = partial(parse_schema, file.path, data)
    else:
        work = partial(parse, file.path, data, schemas)
    parsed, failed = attempt(work, Place(file.path))
    return ParsedFile(*(parsed or ((), failed)))
