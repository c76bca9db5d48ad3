"""Pages of query results, and their continuation tokens.

A token names the last twin that was returned, so that the next page starts at
the right twin whatever was created or deleted, and the hub keeps no state.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.query.ast import UNDEFINED, Query, QueryError
from edgeops.localhub.query.evaluate import passes, value
from edgeops.localhub.query.numbers import LARGEST_EXACT
from edgeops.localhub.steps import Steps

Key = tuple[str, str]
# The rows of a page, each as JSON, and the token of the next page (None after the last page).
Page = tuple[list[bytes], str | None]

# A page ends before it would be larger; 100 twins of ordinary size are far smaller.
MAX_PAGE_BYTES = 4 * 1024 * 1024


def after(query: Query, token: str | None) -> Key | None:
    """The (device, module) that a page starts after; None for the first page.

    Raises `QueryError` if the token does not belong to this query.
    """
    return _decode_token(query, token)[0] if token else None


def page(
    query: Query, twins: Iterable[JsonObject | None], size: int, token: str | None = None
) -> Steps[Page]:
    """Compute one page of at most `size` rows, in steps.

    The twins are in order of (deviceId, moduleId). Twins of earlier pages are
    skipped; the caller may leave them out. None is a step without a twin.
    Raises `QueryError` if the token does not belong to this query, or a row is
    too large.
    """
    if query.count is not None:
        return (yield from _counted(query, query.count, twins))
    before, returned = _decode_token(query, token) if token else (None, 0)
    limit = size if query.top is None else min(size, max(0, query.top - returned))
    rows: list[bytes] = []
    last: JsonObject = {}
    free_bytes = MAX_PAGE_BYTES
    for twin in _matching(query, twins):
        yield
        if twin is None or (before is not None and _key(twin) <= before):
            continue
        row = (yield from _row(query, twin)) if len(rows) < limit else b""
        if len(rows) == limit or (rows and len(row) > free_bytes):
            returned += len(rows)
            more = rows and returned != query.top
            return rows, _encode_token(query, _key(last), returned) if more else None
        rows.append(row)
        free_bytes -= len(row)
        last = twin
    return rows, None


def _matching(query: Query, twins: Iterable[JsonObject | None]) -> Iterator[JsonObject | None]:
    """The twins that match a query, and None for each other twin."""
    return (twin if twin is not None and passes(query.where, twin) else None for twin in twins)


def _counted(query: Query, name: str, twins: Iterable[JsonObject | None]) -> Steps[Page]:
    count = 0
    for twin in _matching(query, twins):
        yield
        count += twin is not None
    return [orjson.dumps({name: count})] if query.top != 0 else [], None


def _row(query: Query, twin: JsonObject) -> Steps[bytes]:
    """The JSON row that SELECT projects from a twin; undefined columns are left out."""
    if not query.columns:
        return orjson.dumps(twin)
    row: dict[str, orjson.Fragment] = {}
    size = 0
    for column in query.columns:
        projected = value(column.expression, twin)
        if projected is not UNDEFINED:
            encoded = orjson.dumps(projected)
            size += len(encoded)
            if size > MAX_PAGE_BYTES:  # a query can name the same properties many times
                raise QueryError(f"a row is larger than {MAX_PAGE_BYTES:,} bytes", 0)
            row[column.name] = orjson.Fragment(encoded)
        yield
    return orjson.dumps(row)


def _key(twin: JsonObject) -> Key:
    return twin["deviceId"], twin.get("moduleId") or ""


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
        case [digest, str(device), str(module), int(returned)] if (
            digest == _digest(query)
            and not isinstance(returned, bool)
            and 0 < returned <= LARGEST_EXACT
        ):
            return (device, module), returned
    raise QueryError("the continuation token is not one of this query", 0)
