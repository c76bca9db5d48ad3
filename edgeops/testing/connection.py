"""The requests of a test to its hub, and the events of the hub as they arrive."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject
from edgeops.localhub import access, client
from edgeops.localhub.conditions import OUTSIDE
from edgeops.testing.event import HubEvent, event_of

_SECONDS = 30
_PAGE = 1000  # events
_LONGEST_WAIT = 60  # seconds, of one request for events


class HubConnection:
    """What a test asks the hub that runs on a folder; the conditions of the hub do not hold for it.

    `host` is where it listens, `ca_file` the certificate (PEM) that clients must trust.
    """

    def __init__(self, state_dir: Path) -> None:
        """Raises `EdgeOpsError` when no hub runs."""
        endpoint = access.running(state_dir)
        if endpoint is None:
            raise EdgeOpsError("the local hub is not running", "start it with `running_hub`")
        self._state_dir = state_dir
        self._endpoint = endpoint
        self.host: str = endpoint.name
        self.ca_file: Path = endpoint.ca_file

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = _SECONDS,
    ) -> Any:
        """The JSON that the hub answers to a request of its REST API, with all rights.

        Raises `EdgeOpsError` for any other answer, or none in so many seconds.
        """
        __tracebackhide__ = True
        if access.running(self._state_dir) is None:
            raise EdgeOpsError("the hub of these tests has ended; its stderr may say why")
        send = client.raw_client(self._state_dir, "iothubowner", seconds=seconds)
        content = None if body is None else json.dumps(body).encode()
        answer = send(method, path, {OUTSIDE: "yes", **(headers or {})}, content)
        return client.json_of(f"{method} {path}", *answer)

    def arriving(self, device: str | None = None, *, timeout: float) -> Iterator[list[HubEvent]]:
        """First all events since the hub began or was reset, then those that arrive, as lists.

        It ends after `timeout` seconds. The hub answers when there is something:
        nothing sleeps.
        """
        end = time.monotonic() + timeout
        page, events = self._page(device, 0, 0), []
        while page["events"]:
            events += page["events"]
            page = self._page(device, page["next"], 0)
        yield [event_of(event) for event in events]
        while (seconds := math.ceil(end - time.monotonic())) > 0:
            page = self._page(device, page["next"], min(seconds, _LONGEST_WAIT))
            if page["events"]:
                yield [event_of(event) for event in page["events"]]

    def _page(self, device: str | None, after: int, wait: int) -> JsonObject:
        query: dict[str, str | int] = {"after": after, "max": _PAGE, "wait": wait}
        if device is not None:
            query["device"] = device
        page: JsonObject = self.request(
            "GET", f"/events?{urlencode(query)}", seconds=wait + _SECONDS
        )
        return page
