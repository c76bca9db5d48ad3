"""Twins and identities as the az tool prints them.

`az iot hub device-twin show`, `module-twin show` and `query` print twins, `device-identity list`
and `module-identity list` identities.
"""

from __future__ import annotations

import re
from typing import Any

from edgeops.adopt.found import FoundDevice
from edgeops.adopt.reading import Path, Reading
from edgeops.jsonvalue import JsonObject
from edgeops.twin import EDGE_AGENT, EDGE_HUB

_AUTHENTICATION = {"certificateAuthority": "x509CA"}
_SCOPE = re.compile(r"ms-azure-iot-edge://(.+)-\d+\Z")  # the id, and when it was created
_THUMBPRINTS = ("primaryThumbprint", "secondaryThumbprint")
_MARKS = (
    "properties",
    "tags",
    "authenticationType",
    "authentication",
    "capabilities",
    "status",
    "moduleId",
    "connectionState",
)


def is_twin(value: Any) -> bool:
    """Whether a value is a twin or an identity of a device or module."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("deviceId"), str)
        and any(key in value for key in _MARKS)
    )


def read_twin(reading: Reading, value: JsonObject, path: Path = ()) -> None:
    """Add one device, or one module of it."""
    device, module = value["deviceId"], reading.text(value.get("moduleId"), (*path, "moduleId"))
    if module is None:
        reading.devices.append(device_of(reading, device, value, path))
        return
    properties = reading.object(value.get("properties"), (*path, "properties"))
    at = (*path, "properties", "desired")
    desired = reading.section(properties.get("desired"), at, module)
    tags = reading.section(value.get("tags"), (*path, "tags"))
    automatic = value.get("configurations") if module == EDGE_AGENT else None
    reading.devices.append(
        FoundDevice(
            device,
            reading.place(path),
            edge=True if module in (EDGE_AGENT, EDGE_HUB) else None,
            modules={module: desired},
            module_tags={module: tags} if tags else {},
            automatic=tuple(sorted(automatic)) if isinstance(automatic, dict) else (),
        )
    )


def device_of(reading: Reading, device: str, value: JsonObject, path: Path) -> FoundDevice:
    """A device from its twin, its identity, or both in one object; without its modules."""
    properties = reading.object(value.get("properties"), (*path, "properties"))
    capabilities = reading.object(value.get("capabilities"), (*path, "capabilities"))
    at = (*path, "properties", "desired")
    edge = capabilities.get("iotEdge")
    authentication, thumbprints = _authentication(reading, value, path)
    return FoundDevice(
        device,
        reading.place(path),
        edge=edge if isinstance(edge, bool) else None,
        tags=reading.section(value["tags"], (*path, "tags")) if "tags" in value else None,
        desired=reading.section(properties["desired"], at) if "desired" in properties else None,
        authentication=authentication,
        thumbprints=thumbprints,
        status=reading.text(value.get("status"), (*path, "status")),
        parents=_parents(value, edge is True),
    )


def _authentication(
    reading: Reading, value: JsonObject, path: Path
) -> tuple[str | None, tuple[str, ...]]:
    """How a device shows who it is; its keys are not read."""
    identity = reading.object(value.get("authentication"), (*path, "authentication"))
    kind = value.get("authenticationType") or identity.get("type")
    prints = value.get("x509Thumbprint") or identity.get("x509Thumbprint")
    prints = prints if isinstance(prints, dict) else {}
    known = (prints.get(name) for name in _THUMBPRINTS)
    return (
        _AUTHENTICATION.get(kind, kind) if isinstance(kind, str) else None,
        tuple(text for text in known if isinstance(text, str) and text),
    )


def _parents(value: JsonObject, edge: bool) -> tuple[str, ...]:
    """The ids of the devices above one; the scope of an edge device is its own."""
    scopes = value.get("parentScopes")
    scopes = scopes if isinstance(scopes, list) else []
    if not scopes and not edge:
        scopes = [value.get("deviceScope")]
    found = (_SCOPE.match(scope) for scope in scopes if isinstance(scope, str))
    return tuple(scope[1] for scope in found if scope)
