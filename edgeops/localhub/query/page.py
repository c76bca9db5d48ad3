"""Pages of a query, and the continuation tokens between them.

A token names the last twin that was returned, so a page goes on at the right
place whatever was created or deleted meanwhile, and the hub keeps no state.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from itertools import islice

from edgeops.localhub.query.ast import Query, QueryError
from edgeops.localhub.query.evaluate import passes, row, run
from edgeops.twin import JsonObject

Key = tuple[str, str]


def after(query: Query, token: str | None) -> Key | None:
    """The (device, module) that a page begins after, for a store that can seek; None: the first.

    Raises:
        QueryError: the token is not one of this query.
    """
    return _decode(query, token)[0] if token else None


def page(
    query: Query, twins: Iterable[JsonObject], size: int, token: str | None = None
) -> tuple[list[JsonObject], str | None]:
    """At most `size` rows, and the token of the next page (None: these were the last).

    The twins come in order of (deviceId, moduleId); those that an earlier page
    had are passed over, so it is right to give all, and faster to seek.

    Raises:
        QueryError: the token is not one of this query.
    """
    if query.count is not None:
        return list(run(query, twins)), None
    last, returned = _decode(query, token) if token else (None, 0)
    wanted = size if query.top is None else min(size, max(0, query.top - returned))
    fresh = (twin for twin in twins if last is None or _key(twin) > last)
    found = (twin for twin in fresh if passes(query.where, twin))
    chosen = list(islice(found, wanted))
    returned += len(chosen)
    following = None
    if chosen and returned != query.top and next(found, None) is not None:
        following = _encode(query, _key(chosen[-1]), returned)
    return [row(query, twin) for twin in chosen], following


def _key(twin: JsonObject) -> Key:
    return twin["deviceId"], twin.get("moduleId") or ""


def _digest(query: Query) -> str:
    return hashlib.sha256(query.text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _encode(query: Query, key: Key, returned: int) -> str:
    content = json.dumps([_digest(query), *key, returned])
    return base64.urlsafe_b64encode(content.encode()).decode()


def _decode(query: Query, token: str) -> tuple[Key, int]:
    try:
        content = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        content = None
    match content:
        case [digest, str(device), str(module), int(returned)] if digest == _digest(query):
            return (device, module), returned
    raise QueryError("the continuation token is not one of this query", 0)
