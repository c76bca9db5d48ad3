"""What manifests say of the identity of a device: its authentication, status and parent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgeops.fleet.kinds import Device
from edgeops.fleet.model import EdgeKind, Named, Problem
from edgeops.jsonvalue import JsonObject

NO_PARENT = ""

_THUMBPRINTS = {"primaryThumbprint": "primary", "secondaryThumbprint": "secondary"}


def read_identity(spec: JsonObject) -> dict[str, Any]:
    """The fields `authentication`, `thumbprints`, `status` and `parent` of a `DesiredDevice`.

    A thumbprint is a number, written in upper or lower case: here it is in upper case.
    """
    said: Any = spec.get("authentication")
    details = said if isinstance(said, dict) else {"type": said}
    return {
        "authentication": details["type"],
        "thumbprints": {
            name: details[key].upper() for key, name in _THUMBPRINTS.items() if key in details
        },
        "status": spec.get("status"),
        "parent": (spec["parent"] or NO_PARENT) if "parent" in spec else None,
    }


def shown_identity(identity: JsonObject) -> JsonObject:
    """An identity (`DesiredDevice.identity`) as a manifest says it."""
    shown = dict(identity)
    if thumbprints := shown.pop("thumbprints", None):
        named = {
            key: thumbprints[name] for key, name in _THUMBPRINTS.items() if name in thumbprints
        }
        shown["authentication"] = {"type": identity["authentication"], **named}
    if shown.get("parent") == NO_PARENT:
        shown["parent"] = None
    return shown


def parent_problems(devices: Mapping[str, Named[Device]]) -> Iterator[Problem]:
    """Parents that are not edge devices, and devices that are above themselves.

    A parent that is not in git may well be on the hub.
    """
    for name, device in devices.items():
        parent = parent_of(device)
        if parent is None or parent not in devices:
            continue
        if devices[parent].spec.edge is EdgeKind.NONE:
            yield _problem(
                device,
                f"the parent `{parent}` is not an IoT Edge device",
                f"set `edge: true` in `{parent}`, or name another device",
            )
        elif name in (chain := _above(devices, parent)):
            circle = " -> ".join((name, *chain[: chain.index(name) + 1]))
            yield _problem(
                device,
                f"`{name}` would be above itself: {circle}"
                if parent != name
                else f"`{name}` is its own parent",
                "remove the `parent` of one of them",
            )


def _above(devices: Mapping[str, Named[Device]], name: str | None) -> tuple[str, ...]:
    """The device and those above it, in order, once around if they are a circle."""
    seen: dict[str, None] = {}
    while name is not None and name in devices and name not in seen:
        seen[name] = None
        name = parent_of(devices[name])
    return tuple(seen)


def parent_of(device: Named[Device]) -> str | None:
    """The parent that the manifest of a device names, None if it names none."""
    parent = device.spec.layer.value.get("parent")
    return parent if isinstance(parent, str) else None


def _problem(device: Named[Device], message: str, hint: str) -> Problem:
    layer = device.spec.layer
    return layer.document.problem(f"{layer.pointer}/parent", message, hint)
