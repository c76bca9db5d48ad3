"""What modules that use models, or any others, say of themselves, and whether it counts.

A module that git gives a health check can veto the health of its device. Reported properties
outlive a module that crashed and a model that was replaced, so its word counts only while it runs,
and for the model that the device should have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgeops.fleet.model import DesiredDevice, DesiredModule, HealthCheck
from edgeops.health.reported import as_text, error_text, value_at
from edgeops.jsonvalue import same
from edgeops.twin import EDGE_AGENT, LiveDevice

_RUNNING = "running"
_REASONS = ("error", "reason", "message")  # what is reported beside a value, the first that is


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a module does not agree that its device has converged; `fault`: it is Degraded."""

    text: str
    fault: bool = False


def objections(device: DesiredDevice, live: LiveDevice) -> Iterator[Objection]:
    """The objections of the modules of a device that have a health check, by name."""
    for _, module in sorted(device.modules.items()):
        check = module.health
        if check is None or module.spec.get("status") == "stopped":
            continue
        wanted = _wanted(device, check)
        if wanted or not (check.digests or check.slot):
            objection = _objection(device, live, module, check, wanted)
            if objection is not None:
                yield objection


def _wanted(device: DesiredDevice, check: HealthCheck) -> Mapping[str, str]:
    """The models that the module may speak of: digest to `name@version`."""
    slots = device.models if check.slot is None else device.models.keys() & {check.slot}
    return {device.models[slot].sha256: device.models[slot].reference for slot in slots}


def _objection(
    device: DesiredDevice,
    live: LiveDevice,
    module: DesiredModule,
    check: HealthCheck,
    wanted: Mapping[str, str],
) -> Objection | None:
    name = module.name
    if why := _why_silent(device, live, module):
        return Objection(f"{name} {why}")
    reported = live.modules[name].reported
    value = value_at(reported, *check.path)
    if check.digests and _digest(reported, check) not in wanted:
        models = " or ".join(sorted(set(wanted.values())))
        state = as_text(value)
        return Objection(f"{name} does not use {models} yet" + (f" ({state})" if state else ""))
    if value is None:
        return Objection(f"{name} has not reported {'/'.join(check.path)} yet")
    if any(same(value, good) for good in check.good):
        return None
    reason = _reason(reported, check)
    return Objection(f"{name}: {as_text(value)}" + (f": {reason}" if reason else ""), fault=True)


def _why_silent(device: DesiredDevice, live: LiveDevice, module: DesiredModule) -> str:
    """Why the word of a module does not count; "" if it does.

    Whether a container runs is known from `$edgeAgent`; for other modules, from their connection.
    """
    twin, agent = live.modules.get(module.name), live.modules.get(EDGE_AGENT)
    if twin is None:
        return "is not on the hub"
    if not (device.edge and module.spec.get("deployed", True)):
        return "" if twin.connected else "is not connected"
    status = value_at(agent.reported, "modules", module.name, "runtimeStatus") if agent else None
    text = as_text(status).lower()
    return "" if text == _RUNNING else f"is not running ({text or 'not reported'})"


def _digest(reported: Any, check: HealthCheck) -> str | None:
    values = (value_at(reported, *path) for path in check.digests)
    digest = next((value for value in values if value is not None), None)
    return digest.lower() if isinstance(digest, str) else None


def _reason(reported: Any, check: HealthCheck) -> str:
    beside = value_at(reported, *check.path[:-1])
    values = (value_at(beside, key) for key in _REASONS if key != check.path[-1])
    return next((error_text(value) for value in values if value), "")
