"""Devices and modules of the local hub, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeops.report.documents import dump_json, json_line
from edgeops.report.inert import line

if TYPE_CHECKING:
    from edgeops.api.hub_devices import HubIdentity


def text(found: Sequence[HubIdentity], *, color: bool = False) -> str:
    """One line per device, and one for each of its modules below it; no newline at its end."""
    del color  # nothing is coloured
    if not found:
        return "no devices"
    rows = [(f"  {one.module}" if one.module else one.device, _states(one)) for one in found]
    width = max(len(name) for name, _ in rows)
    return "\n".join(line(f"{name.ljust(width)}  {states}".rstrip()) for name, states in rows)


def as_json(found: Sequence[HubIdentity]) -> str:
    """A JSON array with one object per device and module; ends with a newline."""
    return dump_json(
        [
            {
                "deviceId": one.device,
                "moduleId": one.module or None,
                "status": one.status,
                "edge": one.edge,
                "connected": one.connected,
            }
            for one in found
        ]
    )


def created_json(device: str, module: str | None, connection_string: str) -> str:
    """A new device or module on one line, with its connection string: a secret."""
    return json_line(
        {"deviceId": device, "moduleId": module, "connectionString": connection_string}
    )


def _states(one: HubIdentity) -> str:
    states = ["connected" if one.connected else "disconnected"]
    if not one.module:
        states += ["disabled"] * (one.status == "disabled") + ["edge"] * one.edge
    return ", ".join(states)
