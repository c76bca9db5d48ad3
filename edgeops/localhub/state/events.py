"""What happens on a hub, as events: telemetry, changed twins, lifecycle, connections.

Shaped after the messages that Azure routes to endpoints. Source: "Azure IoT
Hub non-telemetry event schemas", Microsoft Learn.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.documents import twin_document
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.json_text import parse_json
from edgeops.localhub.state.moment import Moment

_SYSTEM_PROPERTIES = {
    "$.mid": "message-id",
    "$.cid": "correlation-id",
    "$.uid": "user-id",
    "$.ct": "content-type",
    "$.ce": "content-encoding",
    "$.on": "output-name",
    "$.exp": "expiry-time",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `module` is empty for the device itself, `document` what readers get."""

    device: str
    module: str
    document: JsonObject


def telemetry(
    device: str, module: str, properties: Mapping[str, str], payload: bytes, moment: Moment
) -> Event:
    """A device-to-cloud message. Its body is JSON where the payload is, else base64."""
    content: JsonObject
    try:
        content = {"body": parse_json(payload)}
    except HubFault:
        content = {"bodyBase64": base64.b64encode(payload).decode()}
    system = {_SYSTEM_PROPERTIES[k]: v for k, v in properties.items() if k in _SYSTEM_PROPERTIES}
    own = {k: v for k, v in properties.items() if k not in _SYSTEM_PROPERTIES}
    told = {"systemProperties": system, "properties": own, **content}
    return _event("Telemetry", device, module, told, moment)


def twin_changed(
    entry: RegistryEntry, sections: Mapping[str, JsonObject | None], operation: str, moment: Moment
) -> Event:
    """A twin after a write of these sections; `operation` is updateTwin or replaceTwin."""
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
    told = {"opType": operation, "body": body}
    return _event("twinChangeEvents", entry.identity.device, entry.identity.module, told, moment)


def created(entry: RegistryEntry, moment: Moment) -> Event:
    """A new device or module."""
    return _lifecycle("create", entry.identity.device, entry.identity.module, entry, moment)


def deleted(device: str, module: str, moment: Moment) -> Event:
    """A device (with its modules) or module that is gone."""
    return _lifecycle("delete", device, module, None, moment)


def connection(entry: RegistryEntry, moment: Moment) -> Event:
    """A device or module that has come or gone."""
    who = "module" if entry.identity.module else "device"
    what = "Connected" if entry.connection.connected else "Disconnected"
    told = {"opType": f"{who}{what}"}
    return _event(
        "deviceConnectionStateEvents", entry.identity.device, entry.identity.module, told, moment
    )


def _lifecycle(
    verb: str, device: str, module: str, entry: RegistryEntry | None, moment: Moment
) -> Event:
    told: JsonObject = {"opType": f"{verb}{'Module' if module else 'Device'}Identity"}
    if entry is not None:
        told["body"] = twin_document(entry)
    return _event("deviceLifecycleEvents", device, module, told, moment)


def _event(source: str, device: str, module: str, told: Mapping[str, Any], moment: Moment) -> Event:
    named = {"deviceId": device, "moduleId": module} if module else {"deviceId": device}
    return Event(
        device, module, {"source": source, **named, "enqueuedTime": moment.timestamp, **told}
    )
