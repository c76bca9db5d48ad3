"""The health of a device, from its reported properties.

What is wrong makes it Degraded, what is not there yet Progressing.

Sources: "Properties of the IoT Edge agent and hub module twins" (Microsoft
Learn) for `$edgeAgent`; schemas/modules for the slots of `model_loader`.
Devices write reported properties, so any of them can have an unexpected type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from edgeops.fleet.model import DesiredDevice
from edgeops.health.consumer import Objection, objections
from edgeops.health.reported import as_text, error_text, holds, reported_slot, value_at
from edgeops.twin import EDGE_AGENT, LiveDevice, Twin

_BAD_RUNTIME = {"failed", "backoff", "unhealthy"}
_SYSTEM_MODULES = ("edgeAgent", "edgeHub")


class HealthState(StrEnum):
    """Whether a device runs its desired state."""

    CONVERGED = "Converged"
    PROGRESSING = "Progressing"
    DEGRADED = "Degraded"
    OFFLINE = "Offline"
    UNKNOWN = "Unknown"
    WAITING = "Waiting"  # not on the hub yet, and created by others
    PAUSED = "Paused"  # git says to write nothing, and it differs from git


@dataclass(frozen=True, slots=True)
class Health:
    """The health state of a device, and the reason."""

    state: HealthState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeviceStatus:
    """Whether the twins of a device agree with git, whether it is connected, and its health."""

    device: str
    in_sync: bool
    connected: bool
    health: Health

    @property
    def is_converged(self) -> bool:
        """Whether the device reports that it runs its desired state."""
        return self.health.state is HealthState.CONVERGED

    @property
    def is_left_alone(self) -> bool:
        """Whether no sync changes the device: it is Waiting for others, or Paused."""
        return self.health.state in (HealthState.WAITING, HealthState.PAUSED)


def device_status(device: DesiredDevice, live: LiveDevice | None, in_sync: bool) -> DeviceStatus:
    """The status of a device; `in_sync`: its twins agree with git."""
    state = health(device, live, in_sync)
    return DeviceStatus(device.name, in_sync, live is not None and _is_connected(live), state)


def waiting_status(device: str) -> DeviceStatus:
    """The status of a device that others have yet to create on the hub."""
    return DeviceStatus(device, False, False, Health(HealthState.WAITING, "not on the hub yet"))


def health(device: DesiredDevice, live: LiveDevice | None, in_sync: bool) -> Health:
    """The health of a device; `in_sync`: its twins agree with git.

    A device can be Converged by its last report without being connected; a device
    that has nothing to report must be connected. What a paused device reports does not
    count while it differs from git.
    """
    if device.paused and not in_sync:
        return Health(HealthState.PAUSED, "not on the hub" if live is None else "differs from git")
    if live is None:
        return Health(HealthState.UNKNOWN, "not on the hub")
    said = list(objections(device, live))
    faults = [*_faults(device, live), *_texts(said, fault=True)]
    if faults:
        return Health(HealthState.DEGRADED, "; ".join(faults))
    connected = _is_connected(live)
    missing = [*_missing(device, live, in_sync), *_texts(said, fault=False)]
    if not missing and (connected or device.edge or device.models):
        return Health(HealthState.CONVERGED)
    if connected:
        return Health(HealthState.PROGRESSING, "; ".join(missing))
    last = max(filter(None, map(_active, _twins(live))), default=None)
    if last is None and not any(twin.reported for twin in _twins(live)):
        return Health(HealthState.UNKNOWN, "never connected")
    return Health(HealthState.OFFLINE, f"last active {last}" if last else "not connected")


def _texts(said: Iterable[Objection], *, fault: bool) -> Iterator[str]:
    return (objection.text for objection in said if objection.fault is fault)


def _is_connected(live: LiveDevice) -> bool:
    return any(twin.connected for twin in _twins(live))


def _twins(live: LiveDevice) -> tuple[Twin, ...]:
    return live.twin, *live.modules.values()


def _active(twin: Twin) -> str | None:
    # The hub reports year 1 for "never".
    never = twin.last_activity is None or twin.last_activity.startswith("0001-")
    return None if never else twin.last_activity


def _faults(device: DesiredDevice, live: LiveDevice) -> Iterator[str]:
    agent = live.modules.get(EDGE_AGENT)
    if device.edge and agent is not None:
        code = value_at(agent.reported, "lastDesiredStatus", "code")
        if _has_seen(agent) and code is not None and code != 200:
            why = as_text(value_at(agent.reported, "lastDesiredStatus", "description"))
            yield f"$edgeAgent refused its deployment ({as_text(code)})" + (
                f": {why}" if why else ""
            )
        for group, names in (
            ("modules", sorted(device.modules)),
            ("systemModules", _SYSTEM_MODULES),
        ):
            for name in names:
                status = value_at(agent.reported, group, name, "runtimeStatus")
                if isinstance(status, str) and status.lower() in _BAD_RUNTIME:
                    yield f"module {name} is {status.lower()}"
    for slot in sorted(device.models):
        reported = reported_slot(live, slot)
        error = value_at(reported, "error")
        if error or value_at(reported, "state") == "error":
            yield f"model {slot}: {error_text(error) or 'error'}"


def _missing(device: DesiredDevice, live: LiveDevice, in_sync: bool) -> Iterator[str]:
    if not in_sync:
        yield "not in sync with git"
    if device.edge:
        agent = live.modules.get(EDGE_AGENT)
        if agent is None or not _has_seen(agent):
            yield "$edgeAgent has not seen its deployment yet"
        elif value_at(agent.reported, "lastDesiredStatus", "code") != 200:
            yield "$edgeAgent has not confirmed its deployment yet"
    for slot, release in sorted(device.models.items()):
        if not holds(reported_slot(live, slot), release):
            state = as_text(value_at(reported_slot(live, slot), "state"))
            yield f"model {slot}: {release.reference} not there yet" + (
                f" ({state})" if state else ""
            )


def _has_seen(agent: Twin) -> bool:
    return bool(value_at(agent.reported, "lastDesiredVersion") == agent.desired_version)
