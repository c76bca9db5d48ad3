"""A running local hub in the hands of a test: its devices, its events, and its bad days."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict, Unpack
from urllib.parse import quote

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import access
from edgeops.localhub.conditions import COUNTS
from edgeops.testing.connection import HubConnection
from edgeops.testing.device import HubDevice
from edgeops.testing.event import HubEvent, contains, what_arrived


class ConditionChanges(TypedDict, total=False):
    """What `RunningHub.conditions` can change; seconds, and the texts of faults."""

    sku: str | None
    units: int
    retry_after: float | None
    query_delay: float
    latency: float
    faults: Sequence[str]


class RunningHub(HubConnection):
    """A local IoT Hub, as the fixtures `edgeops_hub` and `edgeops_clean_hub` give it.

    `connection_string` is the one of services, with all rights; `ca_file` is the
    certificate (PEM) that clients must trust; `host` is where it listens. What is
    asked of this object is served at once, whatever the conditions are.
    """

    def __init__(self, state_dir: Path) -> None:
        super().__init__(state_dir)
        self.connection_string: str = access.connection_string(state_dir)
        self._given: set[int] = set()  # numbers of events that `wait_for` gave

    def policy_connection_string(self, policy: str) -> str:
        """The connection string of a policy, such as `service` or `registryRead`.

        Raises `EdgeOpsError` for a policy that IoT Hub does not have.
        """
        return access.connection_string(self._state_dir, policy)

    def device(
        self,
        name: str,
        *,
        modules: Sequence[str] = (),
        edge: bool = False,
        tags: Mapping[str, Any] | None = None,
        desired: Mapping[str, Any] | None = None,
    ) -> HubDevice:
        """Create a device, with keys, its modules, and what its twin says at first.

        Raises `EdgeOpsError` if the hub has it already, or the name cannot be one.
        """
        body: JsonObject = {"deviceId": name, "capabilities": {"iotEdge": edge}}
        identity = self.request("PUT", f"/devices/{quote(name, safe='')}", body)
        of_device = {}
        for module in modules:
            path = f"/devices/{quote(name, safe='')}/modules/{quote(module, safe='')}"
            created = self.request("PUT", path, {"deviceId": name, "moduleId": module})
            of_device[module] = self._identity(created)
        device = self._identity(identity, of_device)
        if tags or desired:
            device.patch(tags=tags, desired=desired)
        return device

    def events(self, device: str | HubDevice | None = None) -> list[HubEvent]:
        """All events since the hub began or was reset, in order; of one device if named.

        Those of a device are also those of its modules.
        """
        return [
            event for event in next(self.arriving(_id(device), timeout=0)) if _of(event, device)
        ]

    def wait_for(
        self,
        predicate: Callable[[HubEvent], bool] | None = None,
        *,
        telemetry: Mapping[str, Any] | None = None,
        device: str | HubDevice | None = None,
        timeout: float = 10,
    ) -> HubEvent:
        """The first event that is wanted; one that arrived before the call counts as well.

        `telemetry` wants a message whose body has these keys and values (`{}`: any
        message), `predicate` an event for which it is true, both of them both. An
        event is given once: the next call waits for another. Raises `AssertionError`
        after `timeout` seconds (in whole ones), which lists what did arrive.
        """
        __tracebackhide__ = True
        arrived: list[HubEvent] = []
        for events in self.arriving(_id(device), timeout=timeout):
            new = [event for event in events if _of(event, device)]
            arrived += new
            for event in new:
                if event.number not in self._given and _is_wanted(event, telemetry, predicate):
                    self._given.add(event.number)
                    return event
        wanted = "event" if telemetry is None else "telemetry"
        values = f" with {dict(telemetry)}" if telemetry else ""
        sender = f" of {_name(device)}" if device else ""
        expected = " as expected" if predicate else ""
        raise AssertionError(
            f"no {wanted}{values}{sender}{expected} in {timeout:g} seconds;"
            f" {what_arrived(arrived, self._given)}"
        )

    @contextmanager
    def conditions(self, **changed: Unpack[ConditionChanges]) -> Iterator[None]:
        """Let the hub be slow or unreliable during the block; afterwards it is as before.

        `sku` and `units` (throttles), `retry_after`, `query_delay` and `latency`
        (seconds), `faults` (texts such as `twin-write=500@10%`); what is not named
        stays. They begin anew: the throttles are rested, and `counts` is empty.
        Raises `EdgeOpsError` for those that cannot be.
        """
        before = self.request("GET", "/conditions")
        self.request("PUT", "/conditions", before | {_camel(k): v for k, v in changed.items()})
        try:
            yield
        finally:
            self.request("PUT", "/conditions", before)

    @contextmanager
    def faults(self, *faults: str) -> Iterator[None]:
        """Add faults during the block, such as `registry=slow:3` or `twin-write=500@10%`."""
        known = self.request("GET", "/conditions")["faults"]
        with self.conditions(faults=[*faults, *known]):
            yield

    def counts(self) -> dict[str, dict[str, int]]:
        """How many operations were `delayed`, `refused` or had `faults`, by their kind.

        They are those under the present conditions.
        """
        return dict(self.request("GET", "/conditions")[COUNTS])

    def reset(self) -> None:
        """Delete all devices, configurations, jobs and events, and end all conditions.

        Keys of policies and connection strings stay.
        """
        self.request("DELETE", "/conditions")
        self.request("POST", "/reset")
        self._given.clear()

    def _identity(
        self, identity: JsonObject, modules: Mapping[str, HubDevice] | None = None
    ) -> HubDevice:
        device, module = identity["deviceId"], identity.get("moduleId", "")
        key = identity["authentication"]["symmetricKey"]["primaryKey"]
        text = access.device_string(self._endpoint, device, module, key)
        return HubDevice(self, device, module, text, modules or {})


def _id(device: str | HubDevice | None) -> str | None:
    return device.id if isinstance(device, HubDevice) else device


def _name(device: str | HubDevice) -> str:
    return device.name if isinstance(device, HubDevice) else device


def _of(event: HubEvent, device: str | HubDevice | None) -> bool:
    """Whether an event of a device is of the module that is meant, if one is."""
    module = device.module_id if isinstance(device, HubDevice) else ""
    return module in ("", event.module)


def _is_wanted(
    event: HubEvent,
    telemetry: Mapping[str, Any] | None,
    predicate: Callable[[HubEvent], bool] | None,
) -> bool:
    if telemetry is not None and event.kind != "telemetry":
        return False
    if telemetry and not contains(event.body, telemetry):
        return False
    return predicate is None or predicate(event)


def _camel(name: str) -> str:
    """The name of a condition in the documents of the hub."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
