"""The events of a hub: telemetry, twin changes, device lifecycle and connection state.

They are shaped like the messages that Azure routes to endpoints. Source: "Azure
IoT Hub non-telemetry event schemas", Microsoft Learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.documents import twin_document
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.message_body import shown_body
from edgeops.localhub.state.moment import Moment

# What people call the sources of events.
KINDS = {
    "Telemetry": "telemetry",
    "twinChangeEvents": "twin",
    "deviceLifecycleEvents": "lifecycle",
    "deviceConnectionStateEvents": "connection",
}
_SYSTEM_PROPERTIES = {
    "$.mid": "message-id",
    "$.cid": "correlation-id",
    "$.uid": "user-id",
    "$.ct": "content-type",
    "$.ce": "content-encoding",
    "$.on": "output-name",
    "$.exp": "expiry-time",
    "$.ctime": "iothub-creation-time-utc",
    "$.ifid": "iothub-interface-id",
    "$.sub": "dt-subject",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `module` is empty for the device itself, `document` is its JSON."""

    device: str
    module: str
    document: JsonObject


def telemetry(
    device: str, module: str, properties: Mapping[str, str], payload: bytes, moment: Moment
) -> Event:
    """A device-to-cloud message: its properties, and its body as JSON, text or base64."""
    content = shown_body(payload, properties.get("$.ct", ""), properties.get("$.ce", ""))
    system = {_SYSTEM_PROPERTIES[k]: v for k, v in properties.items() if k in _SYSTEM_PROPERTIES}
    own = {k: v for k, v in properties.items() if k not in _SYSTEM_PROPERTIES}
    message = {"systemProperties": system, "properties": own, **content}
    return _event("Telemetry", device, module, message, moment)


def twin_changed(
    entry: RegistryEntry, sections: Mapping[str, JsonObject | None], operation: str, moment: Moment
) -> Event:
    """A write of these sections of a twin; `operation` is updateTwin or replaceTwin."""
    versions = {
        "desired": entry.twin.desired.version,
        "reported": entry.twin.reported.version,
    }
    body: JsonObject = {"version": entry.twin.revision + entry.twin.reported.version}
    if "tags" in sections:
        body["tags"] = sections["tags"]
    body["properties"] = {
        name: {**(sections[name] or {}), "$version": version}
        for name, version in versions.items()
        if name in sections
    }
    content = {"opType": operation, "body": body}
    return _event("twinChangeEvents", entry.identity.device, entry.identity.module, content, moment)


def created(entry: RegistryEntry, moment: Moment) -> Event:
    """The creation of a device or module."""
    device, module = entry.identity.device, entry.identity.module
    operation = "createModuleIdentity" if module else "createDeviceIdentity"
    content = {"opType": operation, "body": twin_document(entry)}
    return _event("deviceLifecycleEvents", device, module, content, moment)


def deleted(device: str, module: str, moment: Moment) -> Event:
    """The deletion of a device (with its modules) or module."""
    operation = "deleteModuleIdentity" if module else "deleteDeviceIdentity"
    return _event("deviceLifecycleEvents", device, module, {"opType": operation}, moment)


def connection(entry: RegistryEntry, moment: Moment) -> Event:
    """The connection or disconnection of a device or module."""
    device, module = entry.identity.device, entry.identity.module
    state = "Connected" if entry.connection.connected else "Disconnected"
    content = {"opType": f"{'module' if module else 'device'}{state}"}
    return _event("deviceConnectionStateEvents", device, module, content, moment)


def _event(
    source: str, device: str, module: str, content: Mapping[str, Any], moment: Moment
) -> Event:
    names = {"deviceId": device, "moduleId": module} if module else {"deviceId": device}
    return Event(
        device, module, {"source": source, **names, "enqueuedTime": moment.timestamp, **content}
    )
