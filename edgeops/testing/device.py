"""A device or module of the hub, seen by a test: its twin, its methods, its messages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from edgeops.jsonvalue import JsonObject
from edgeops.testing.connection import HubConnection
from edgeops.testing.event import HubEvent, what_arrived


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What a device answered to a direct method: its status, and a JSON value."""

    status: int
    payload: Any


@dataclass(frozen=True, slots=True)
class HubDevice:
    """A device (`module_id` empty) or module that `RunningHub.device` has created.

    `connection_string` is what Microsoft's device SDKs connect with. Everything
    else is for the test, and served whatever the conditions of the hub are.
    """

    hub: HubConnection = field(repr=False)
    id: str
    module_id: str
    connection_string: str = field(repr=False)
    modules: Mapping[str, HubDevice] = field(repr=False)

    def module(self, name: str) -> HubDevice:
        """One of the modules that the device was created with. Raises `KeyError`."""
        return self.modules[name]

    def twin(self) -> JsonObject:
        """The whole twin as services read it, with `properties`, `tags` and `connectionState`."""
        twin: JsonObject = self.hub.request("GET", f"/twins/{self._path}")
        return twin

    def tags(self) -> JsonObject:
        """The tags of the twin."""
        tags: JsonObject = self.twin().get("tags", {})
        return tags

    def desired(self) -> JsonObject:
        """The desired properties, without `$version` and `$metadata`."""
        return _own(self.twin()["properties"]["desired"])

    def reported(self) -> JsonObject:
        """The reported properties, without `$version` and `$metadata`."""
        return _own(self.twin()["properties"]["reported"])

    def patch(
        self,
        *,
        desired: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        """Merge into the desired properties and tags; a None deletes. A connected device is told.

        Raises `EdgeOpsError` where the hub refuses the change, as for what is too large.
        """
        patch: JsonObject = {}
        if desired is not None:
            patch["properties"] = {"desired": desired}
        if tags is not None:
            patch["tags"] = tags
        self.hub.request("PATCH", f"/twins/{self._path}", patch)

    def invoke(self, method: str, payload: Any = None, *, timeout: int = 10) -> MethodResult:
        """Call a direct method, once the device is connected and takes methods.

        `timeout` (seconds, 5 to 300) is for both, one after the other. Raises
        `EdgeOpsError` when the device does not connect or does not answer in time.
        """
        call = {
            "methodName": method,
            "payload": payload,
            "connectTimeoutInSeconds": timeout,
            "responseTimeoutInSeconds": timeout,
        }
        answer = self.hub.request(
            "POST", f"/twins/{self._path}/methods", call, seconds=2 * timeout + 10
        )
        return MethodResult(answer["status"], answer["payload"])

    def send(self, body: Any, properties: Mapping[str, str] | None = None) -> None:
        """Send a message (a JSON value) as the device would, over HTTPS: it needs no connection."""
        headers = {
            "iothub-contenttype": "application/json",
            "iothub-contentencoding": "utf-8",
            **{f"iothub-app-{name}": value for name, value in (properties or {}).items()},
        }
        path = f"/devices/{self._path}/messages/events"
        self.hub.request("POST", path, body, headers=headers)

    def wait_until(
        self, condition: Callable[[JsonObject], bool], *, timeout: float = 10
    ) -> JsonObject:
        """The twin as soon as it fulfils a condition: connected, or with what the device reports.

        It is read again after each event of the device. Raises `AssertionError`
        after `timeout` seconds (in whole ones), with the last twin and the events.
        """
        __tracebackhide__ = True
        twin: JsonObject = {}
        arrived: list[HubEvent] = []
        for events in self.hub.arriving(self.id, timeout=timeout):
            arrived += events
            if condition(twin := self.twin()):
                return twin
        raise AssertionError(
            f"the twin of {self.name} did not become as expected in {timeout:g} seconds;"
            f" it is\n  {_shown(twin)}\n{what_arrived(arrived)}"
        )

    @property
    def name(self) -> str:
        """How people name it: the device, and the module after a slash."""
        return f"{self.id}/{self.module_id}" if self.module_id else self.id

    @property
    def _path(self) -> str:
        device = quote(self.id, safe="")
        return f"{device}/modules/{quote(self.module_id, safe='')}" if self.module_id else device


def _shown(twin: JsonObject) -> str:
    """What of a twin matters to who reads that a test failed."""
    sections = {name: _own(section) for name, section in twin["properties"].items()}
    named = {"connectionState": twin["connectionState"], "tags": twin.get("tags", {}), **sections}
    return "\n  ".join(f"{name}: {json.dumps(value)}" for name, value in named.items())


def _own(properties: JsonObject) -> JsonObject:
    return {name: value for name, value in properties.items() if not name.startswith("$")}
