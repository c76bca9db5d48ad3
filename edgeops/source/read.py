"""Files -> Snapshot; parses only files that are not in the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from edgeops import __version__
from edgeops.fleet.attempt import attempt
from edgeops.fleet.kind_schemas import KindSchemas
from edgeops.fleet.kinds import key_paths
from edgeops.fleet.memo import Memo
from edgeops.fleet.model import Document, KeyFile, Place, Problem, Snapshot, split
from edgeops.fleet.outline import ANY
from edgeops.plain_file import is_absent
from edgeops.source.layout import Role, role
from edgeops.source.record import ParsedFile, decode, encode
from edgeops.source.schemas import model_schemas

# Increase it whenever a change within one release makes the same bytes parse differently.
PARSER_VERSION = 9

MAX_KEY_BYTES = 4096  # of a key file: the public key in PEM has 113

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
    read_key: Callable[[str], bytes] | None = None,
) -> Snapshot:
    """The snapshot of the files, in their order; a problem stands for a file that is refused.

    `read_key` reads the key files that a Fleet names, by their paths; it raises `OSError`.
    """
    of_models: list[Problem] = []
    documents: list[Document] = []
    problems: list[Problem] = []
    user_schemas = {}
    for file in files:
        if isinstance(file, Problem):
            if role(file.place.file) is Role.MODEL:
                of_models.append(file)
                continue
            lost = () if file.place.file.startswith("schemas/") else (ANY,)
            problems.append(replace(file, spoils=lost))
            continue
        if file.role is Role.MODEL:
            of_models += _remembered(file, model_schemas(), memo).problems
            continue
        parsed = _remembered(file, schemas, memo)
        problems += parsed.problems
        if file.role is Role.SCHEMA:
            user_schemas.update({schema.file: schema.value for schema in parsed.documents})
        else:
            documents += parsed.documents
    wrong, warnings = split(problems)
    return Snapshot(
        commit,
        tuple(documents),
        wrong,
        user_schemas,
        warnings,
        split(of_models)[0],
        _keys(documents, read_key) if read_key else {},
    )


def _keys(documents: Iterable[Document], read: Callable[[str], bytes]) -> dict[str, KeyFile]:
    keys: dict[str, KeyFile] = {}
    for document in documents:
        for path in (key_paths(document) or ()) if document.value["kind"] == "Fleet" else ():
            try:
                keys[path] = KeyFile(read(path))
            except OSError as error:
                absent = is_absent(error)
                fault = "does not exist" if absent else f"cannot be read: {error.strerror}"
                keys[path] = KeyFile(fault=fault)
    return keys


def record_key(file: SourceFile, schemas: KindSchemas) -> str:
    """The key in a memo of what a file says, by the schemas of all kinds or of models."""
    return f"file/{__version__}/{PARSER_VERSION}/{schemas.digest}/{file.sha}/{file.path}"


def _remembered(file: SourceFile, schemas: KindSchemas, memo: Memo | None) -> ParsedFile:
    if memo is None:
        return _parse(file, schemas)
    key = record_key(file, schemas)
    stored = memo.get(key)
    parsed = decode(file.path, stored, file.read) if stored else None
    if parsed is None:
        parsed = _parse(file, schemas)
        record = encode(parsed)
        if record is not None:
            memo.put(key, record)
    return parsed


def _parse(file: SourceFile, schemas: KindSchemas) -> ParsedFile:
    # Imported here: a cached run needs none of these, nor what they import.
    from edgeops.fleet.manifest import parse
    from edgeops.fleet.user_schema import parse_schema

    data = file.read()
    if data.startswith(_LFS_POINTER):
        message = "is a pointer of Git LFS, not the file itself"
        hint = "keep manifests and schemas out of LFS (git lfs untrack): commits have only pointers"
        return ParsedFile((), (Problem(Place(file.path), "", message, hint, spoils=(ANY,)),))
    if file.role is Role.SCHEMA:
        work = partial(parse_schema, file.path, data)
    elif file.role is Role.MODEL:
        work = partial(_parse_model, file.path, data, schemas)
    else:
        work = partial(parse, file.path, data, schemas, file.read)
    parsed, failed = attempt(work, partial(Place, file.path))
    return ParsedFile(*(parsed or ((), failed)))


def _parse_model(
    file: str, data: bytes, schemas: KindSchemas
) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    from edgeops.fleet.model_manifest import model_file_problems

    return (), model_file_problems(file, data, schemas)
