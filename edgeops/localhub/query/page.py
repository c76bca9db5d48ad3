"""Pages of a query, and the continuation tokens between them.

A token names the last twin that was returned, so a page goes on at the right
place whatever was created or deleted meanwhile, and the hub keeps no state.
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
# The rows of a page, each as JSON, and the token of the next page (None: these were the last).
Page = tuple[list[bytes], str | None]

# A page ends before it would be larger; 100 twins of ordinary size are far below.
MAX_PAGE_BYTES = 4 * 1024 * 1024


def after(query: Query, token: str | None) -> Key | None:
    """The (device, module) that a page begins after, for a store that can seek; None: the first.

    Raises:
        QueryError: the token is not one of this query.
    """
    return _decode(query, token)[0] if token else None


def page(
    query: Query, twins: Iterable[JsonObject | None], size: int, token: str | None = None
) -> Steps[Page]:
    """At most `size` rows, in steps.

    The twins come in order of (deviceId, moduleId); those that an earlier page
    had are passed over, so it is right to give all, and faster to seek. None
    in between is a step of work without a twin.

    Raises:
        QueryError: the token is not one of this query, or a row is too large.
    """
    if query.count is not None:
        return (yield from _counted(query, query.count, twins))
    before, returned = _decode(query, token) if token else (None, 0)
    wanted = size if query.top is None else min(size, max(0, query.top - returned))
    rows: list[bytes] = []
    last: JsonObject = {}
    room = MAX_PAGE_BYTES
    for twin in _passing(query, twins):
        yield
        if twin is None or (before is not None and _key(twin) <= before):
            continue
        row = (yield from _encoded(query, twin)) if len(rows) < wanted else b""
        if len(rows) == wanted or (rows and len(row) > room):
            returned += len(rows)
            more = rows and returned != query.top
            return rows, _encode(query, _key(last), returned) if more else None
        rows.append(row)
        room -= len(row)
        last = twin
    return rows, None


def _passing(query: Query, twins: Iterable[JsonObject | None]) -> Iterator[JsonObject | None]:
    """The twins that a query lets through, None instead of each other one."""
    return (twin if twin is not None and passes(query.where, twin) else None for twin in twins)


def _counted(query: Query, name: str, twins: Iterable[JsonObject | None]) -> Steps[Page]:
    count = 0
    for twin in _passing(query, twins):
        yield
        count += twin is not None
    return [orjson.dumps({name: count})] if query.top != 0 else [], None


def _encoded(query: Query, twin: JsonObject) -> Steps[bytes]:
    """What SELECT takes of a twin; columns that are undefined are left out."""
    if not query.columns:
        return orjson.dumps(twin)
    row: dict[str, orjson.Fragment] = {}
    room = MAX_PAGE_BYTES
    for column in query.columns:
        found = value(column.expression, twin)
        if found is not UNDEFINED:
            encoded = orjson.dumps(found)
            room -= len(encoded)
            if room < 0:  # a query can name the same properties over and over
                raise QueryError(f"a row is larger than {MAX_PAGE_BYTES:,} bytes", 0)
            row[column.name] = orjson.Fragment(encoded)
        yield
    return orjson.dumps(row)


def _key(twin: JsonObject) -> Key:
    return twin["deviceId"], twin.get("moduleId") or ""


def _digest(query: Query) -> str:
    return hashlib.sha256(query.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _encode(query: Query, key: Key, returned: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([_digest(query), *key, returned])).decode()


def _decode(query: Query, token: str) -> tuple[Key, int]:
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
