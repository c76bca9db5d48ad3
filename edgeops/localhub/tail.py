"""Reads the events of a running local hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.client import client

_PAGE = 1000
_SECONDS_TO_WAIT = 30
_SECONDS_TO_ANSWER = 10


def tail(state_dir: Path, *, last: int, device: str | None, follow: bool) -> Iterator[JsonObject]:
    """The newest `last` events; with `follow`, then new events as they arrive.

    `device` selects the events of one device and its modules. Raises
    `EdgeOpsError` when no hub runs on the state directory, or it stops.
    """
    send = client(state_dir, "service", seconds=_SECONDS_TO_WAIT + _SECONDS_TO_ANSWER)
    selected: dict[str, str | int] = {"device": device} if device else {}
    cursor, wait = {"last": last}, 0
    while True:
        query = urlencode({**selected, **cursor, "max": _PAGE, "wait": wait})
        page = send("GET", f"/events?{query}", None)
        yield from page["events"]
        cursor = {"after": page["next"]}
        if not page["events"]:
            if not follow:
                return
            wait = _SECONDS_TO_WAIT
