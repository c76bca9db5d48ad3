"""The list of devices in short: a row for each, with what its IoT Edge runtime reports.

Source: "Properties of the IoT Edge agent and hub module twins", Microsoft Learn.
Devices write reported properties, so any of them can have an unexpected type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.moment import NEVER
from edgeops.localhub.steps import Steps
from edgeops.twin import EDGE_AGENT

COLUMNS = ("id", "edge", "enabled", "connected", "modules", "active", "state", "reason")
_BAD = ("backoff", "failed", "unhealthy")
_MAX_REASON = 160


def overview(hub: EmulatedHub, masked: Callable[[Any], Any]) -> Steps[JsonObject]:
    """All devices: `{columns, rows}`, without secrets in what they report."""
    return _table(hub, hub.store.devices(), masked)


def rows_of(
    hub: EmulatedHub, devices: Iterable[str], masked: Callable[[Any], Any]
) -> Steps[JsonObject]:
    """Some devices, like `overview`; those that do not exist are left out."""
    return _table(hub, filter(None, map(hub.store.entry, devices)), masked)


def _table(
    hub: EmulatedHub, devices: Iterable[RegistryEntry], masked: Callable[[Any], Any]
) -> Steps[JsonObject]:
    rows = []
    for device in devices:
        modules = hub.store.module_entries(device.identity.device)
        rows.append(row(device, modules, masked))
        yield
    return {"columns": COLUMNS, "rows": rows}


def row(
    device: RegistryEntry, modules: list[RegistryEntry], masked: Callable[[Any], Any]
) -> list[str | int]:
    """The row of a device, in the order of `COLUMNS`; it is connected if any of its modules is."""
    twins = [device, *modules]
    agent = next((module for module in modules if module.identity.module == EDGE_AGENT), None)
    state, reason = said(agent) if agent else ("", "")
    active = max(twin.connection.last_activity for twin in twins)
    return [
        device.identity.device,
        int(device.identity.edge),
        int(device.identity.status == "enabled"),
        int(any(twin.connection.connected for twin in twins)),
        sum(not module.identity.module.startswith("$") for module in modules),
        "" if active == NEVER else active,
        state,
        masked(reason)[:_MAX_REASON],
    ]


def said(agent: RegistryEntry) -> tuple[str, str]:
    """What an `$edgeAgent` reports: refused, failing, pending, running, or "" for nothing; and why.

    It can be `pending` for a deployment that it has not seen.
    """
    reported, wanted = agent.twin.reported.values, agent.twin.desired
    status = _object(reported.get("lastDesiredStatus"))
    code, seen = status.get("code"), reported.get("lastDesiredVersion")
    if code not in (None, 200):
        return "refused", f"{code} {status.get('description') or ''}".strip()
    bad = sorted(f"{name} {state}" for name, state in _states(reported) if state in _BAD)
    if bad:
        return "failing", ", ".join(bad)
    if seen is None:
        return ("pending", "") if wanted.values else ("", "")
    if seen != wanted.version:
        return "pending", f"at version {seen} of {wanted.version}"
    return "running", ""


def _states(reported: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for section in ("systemModules", "modules"):
        for name, module in _object(reported.get(section)).items():
            yield name, str(_object(module).get("runtimeStatus"))


def _object(value: Any) -> JsonObject:
    return value if isinstance(value, dict) else {}
