"""Pages of query results, and their continuation tokens.

A token names the last twin (job, group) that was returned, so that the next page
starts at the right one whatever was created or deleted, and the hub keeps no state.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.query.ast import UNDEFINED, Grouping, Query, QueryError
from edgeops.localhub.query.evaluate import passes, value
from edgeops.localhub.query.grouping import Groups
from edgeops.localhub.query.numbers import LARGEST_EXACT
from edgeops.localhub.steps import Steps

Key = tuple[str, ...]
# The rows of a page, each as JSON, and the token of the next page (None after the last page).
Page = tuple[list[bytes], str | None]

# A page ends before it would be larger; 100 twins of ordinary size are far smaller.
MAX_PAGE_BYTES = 4 * 1024 * 1024


def after(query: Query, token: str | None) -> Key | None:
    """The key of the document that a page starts after.

    None for the first page, and for each page of groups, which needs all twins.
    Raises `QueryError` if the token does not belong to this query.
    """
    key = _decode_token(query, token)[0] if token else None
    return None if query.grouping else key


def page(
    query: Query, documents: Iterable[JsonObject | None], size: int, token: str | None = None
) -> Steps[Page]:
    """Compute one page of at most `size` rows, in steps.

    The documents are twins in order of (deviceId, moduleId), or those of
    `devices.jobs` in order of (deviceId, moduleId, jobId). Documents of earlier pages are
    skipped; the caller may leave them out, after those that `after` says. None is
    a step without a document. Raises `QueryError` if the token does not belong to
    this query, a row is too large, or there are too many groups.
    """
    before, returned = _decode_token(query, token) if token else (None, 0)
    limit = size if query.top is None else min(size, max(0, query.top - returned))
    matching = _matching(query, documents)
    candidates: Iterable[tuple[Key, JsonObject] | None]
    if query.grouping:
        groups = yield from _grouped(query.grouping, matching)
        first_rows = yield from groups.first_rows(before[0] if before else None, limit + 1)
        candidates = (((key,), row) for key, row in first_rows)
    else:
        key_of = _job_key if query.source == "devices.jobs" else _twin_key
        candidates = (
            None if document is None else (key_of(document), document) for document in matching
        )
    rows: list[bytes] = []
    last: Key = ()
    free_bytes = MAX_PAGE_BYTES
    for candidate in candidates:
        yield
        if candidate is None or (before is not None and candidate[0] <= before):
            continue
        row = (yield from _row(query, candidate[1])) if len(rows) < limit else b""
        if len(rows) == limit or (rows and len(row) > free_bytes):
            returned += len(rows)
            more = rows and returned != query.top
            return rows, _encode_token(query, last, returned) if more else None
        rows.append(row)
        free_bytes -= len(row)
        last = candidate[0]
    return rows, None


def _matching(query: Query, twins: Iterable[JsonObject | None]) -> Iterator[JsonObject | None]:
    """The twins (or jobs) that match a query, and None for each other one."""
    return (twin if twin is not None and passes(query.where, twin) else None for twin in twins)


def _grouped(grouping: Grouping, matching: Iterable[JsonObject | None]) -> Steps[Groups]:
    groups = Groups(grouping)
    for twin in matching:
        yield
        if twin is not None:
            groups.add(twin)
    return groups


def _row(query: Query, document: JsonObject) -> Steps[bytes]:
    """The JSON row that SELECT projects from a document; undefined columns are left out."""
    columns: Iterable[tuple[str, Any]]
    if query.grouping:
        columns = document.items()
    elif query.columns:
        columns = ((column.name, value(column.expression, document)) for column in query.columns)
    else:
        return orjson.dumps(document)
    row: dict[str, orjson.Fragment] = {}
    size = 0
    for name, projected in columns:
        if projected is not UNDEFINED:
            encoded = orjson.dumps(projected)
            size += len(encoded)
            if size > MAX_PAGE_BYTES:  # a query can name the same properties many times
                raise QueryError(f"a row is larger than {MAX_PAGE_BYTES:,} bytes", 0)
            row[name] = orjson.Fragment(encoded)
        yield
    return orjson.dumps(row)


def _twin_key(twin: JsonObject) -> Key:
    return twin["deviceId"], twin.get("moduleId") or ""


def _job_key(job: JsonObject) -> Key:
    return *_twin_key(job), job["jobId"]


def _key_length(query: Query) -> int:
    if query.grouping:
        return 1
    return 3 if query.source == "devices.jobs" else 2


def _digest(query: Query) -> str:
    return hashlib.sha256(query.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _encode_token(query: Query, key: Key, returned: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([_digest(query), *key, returned])).decode()


def _decode_token(query: Query, token: str) -> tuple[Key, int]:
    try:
        content = orjson.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except ValueError:
        content = None
    match content:
        case [digest, *key, int(returned)] if (
            digest == _digest(query)
            and len(key) == _key_length(query)
            and all(isinstance(part, str) for part in key)
            and not isinstance(returned, bool)
            and 0 < returned <= LARGEST_EXACT
        ):
            return tuple(key), returned
    raise QueryError("the continuation token is not one of this query", 0)
