"""The health of a device, and since when it has had the value at a path of the manifests.

Sources: "Understand and use device twins" (Microsoft Learn) for `$metadata`; "Properties of the IoT
Edge agent and hub module twins" for `$edgeAgent`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edgeops.fleet.edge import AS_WRITTEN, RUNTIME_SETTINGS, SYSTEM_MODULES
from edgeops.fleet.layers import Path
from edgeops.fleet.model import DesiredDevice
from edgeops.health.device import Health, health
from edgeops.health.quality import SlotQuality, is_scored, slot_qualities
from edgeops.health.reported import moment, reported_slot, value_at
from edgeops.twin import EDGE_AGENT, EDGE_HUB, LiveDevice

_NO_TIME = ("tags", "variables")  # parts of which the hub tells no time
_BY_NAME = ("env", *AS_WRITTEN)


@dataclass(frozen=True, slots=True)
class ValueHealth:
    """The health of a device; `since` is when it got the value, None if nobody tells.

    `quality` is how good the model is whose release the value is, None if the device has not said
    it; `scored`: some module of the device says it, or should.
    """

    health: Health
    since: datetime | None = None
    quality: SlotQuality | None = None
    scored: bool = False


def has_time(path: Path) -> bool:
    """Whether a hub tells since when a device has the value at this path."""
    return path[0] not in _NO_TIME


def value_health(
    device: DesiredDevice,
    live: LiveDevice | None,
    path: Path,
    in_sync: bool,
    *,
    has_wape: bool = False,
) -> ValueHealth:
    """The health of a device, as in `edgeops status`, with what is known of a value.

    `has_wape` says that the value is a release with a WAPE: how good it is must be reported.
    """
    said = slot_qualities(device, live) if path[0] == "models" else {}
    return ValueHealth(
        health(device, live, in_sync),
        _since(device, live, path) if live else None,
        said.get(path[1]),
        path[0] == "models" and (has_wape or is_scored(device, path[1], said)),
    )


def _since(device: DesiredDevice, live: LiveDevice, path: Path) -> datetime | None:
    """When the device got the value.

    Of a model, what `model_loader` says. Of an image, the start of the container that `$edgeAgent`
    reports to have it. Of others, the later of the time when the hub wrote the value and the last
    start of the module that it is for: a module that was not started since may not have it.
    """
    part, *below = path
    if part == "models":
        return moment(value_at(reported_slot(live, below[0]), "since"))
    if not has_time(path):
        return None
    section, module = _module(device, path)
    started = moment(value_at(_agent(live), section, module, "lastStartTimeUtc"))
    if module and path[2:] == ("image",):
        running = value_at(_agent(live), section, module, "settings", "image")
        wanted = value_at(live.desired(EDGE_AGENT), section, module, "settings", "image")
        return started if running == wanted else None
    times = [_written(live, *_place(path)), *([started] if module else [])]
    return None if None in times else max(filter(None, times))


def _agent(live: LiveDevice) -> Any:
    agent = live.modules.get(EDGE_AGENT)
    return agent.reported if agent else None


def _module(device: DesiredDevice, path: Path) -> tuple[str, str]:
    """The section of `$edgeAgent` and the module whose container has the value; or empty."""
    if not device.edge or path[2:3] == ("routes",):  # routes are for edgeHub
        return "", ""
    if path[0] == "modules":
        module = device.modules.get(path[1])
        return ("modules", path[1]) if module and module.spec.get("deployed", True) else ("", "")
    if path[0] == "edge" and path[1] in SYSTEM_MODULES:
        return "systemModules", SYSTEM_MODULES[path[1]]
    return "", ""


def _place(path: Path) -> tuple[str | None, Path]:
    """The twin (None: that of the device) and the path in its desired properties of a value."""
    match path:
        case ("desired", *keys):
            return None, tuple(keys)
        case ("modules", module, "desired", *keys):
            return module, tuple(keys)
        case ("modules", _, "routes", *keys) | ("edge", "routes", *keys):
            return EDGE_HUB, ("routes", *keys)
        case ("modules", module, *keys):
            return EDGE_AGENT, ("modules", module, *_in_container(keys))
        case ("edge", key, *keys) if key in SYSTEM_MODULES:
            return EDGE_AGENT, ("systemModules", SYSTEM_MODULES[key], *_in_container(keys))
        case ("edge", key, *_) if key in RUNTIME_SETTINGS:
            return EDGE_AGENT, ("runtime", "settings", key)
    return EDGE_HUB, ("storeAndForwardConfiguration",)


def _in_container(keys: list[str]) -> Path:
    """The path of a value in a module; the module itself, which is as new, for other values."""
    return tuple(keys[:2]) if keys and keys[0] in _BY_NAME else ()


def _written(live: LiveDevice, module: str | None, path: Path) -> datetime | None:
    """When the value was written last, or the nearest that has a time: an object is as new."""
    twin = live.modules.get(module) if module else live.twin
    times = twin.updated if twin else {}
    place = ("desired", *path)
    while place and place not in times:
        place = place[:-1]
    inside = (moment(time) for at, time in times.items() if at[: len(place)] == place)
    return max(filter(None, inside), default=None) if place else None
