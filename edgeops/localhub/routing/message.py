"""A message on a gateway, as the conditions of routes see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.json_text import parse_json

TWIN_CHANGES = "/twinchangenotifications/"
_MESSAGES = "/messages/"
_SYSTEM_PROPERTIES = {
    "$.mid": "messageId",
    "$.cid": "correlationId",
    "$.uid": "userId",
    "$.to": "to",
    "$.ct": "contentType",
    "$.ce": "contentEncoding",
    "$.on": "outputName",
    "$.exp": "absolute-expiry-time",
    "$.ctime": "creationTime",
    "$.schema": "messageSchema",
    "$.ifid": "iothub-interface-id",
    "$.sub": "dt-subject",
}
# The body of any other message cannot be used in conditions.
_JSON = "application/json"
_ENCODINGS = ("utf-8", "utf-16", "utf-32")
_OVERHEAD_BYTES = 512  # of a message in memory


@dataclass(frozen=True, slots=True)
class RoutedMessage:
    """A message of a module, or of a device below the gateway (module empty).

    `properties` are those of the MQTT topic, system properties by their names on
    the wire (`$.on` is the output). `twin_change` marks a change of reported
    properties instead of telemetry.
    """

    device: str
    module: str
    properties: Mapping[str, str]
    payload: bytes
    twin_change: bool = False

    @property
    def size(self) -> int:
        """How many bytes a condition can look at."""
        return len(self.payload) + _size(self.properties)

    @property
    def source(self) -> str:
        """The path that the FROM of a route selects, in lower case, with a slash at its end."""
        if self.twin_change:
            return TWIN_CHANGES
        if not self.module:
            return _MESSAGES
        output = self.properties.get("$.on")
        path = f"{_MESSAGES}modules/{self.module}/"
        return (f"{path}outputs/{output}/" if output else path).lower()

    def document(self) -> JsonObject:
        """The properties, system properties and body that conditions can name."""
        properties, system = {}, {"connectionDeviceId": self.device}
        for name, value in self.properties.items():
            if name in _SYSTEM_PROPERTIES:
                system[_SYSTEM_PROPERTIES[name]] = value
            else:
                properties[name] = value
        if self.module:
            system["connectionModuleId"] = self.module
        document: JsonObject = {"properties": properties, "system": system}
        body = _body(self.payload, system)
        return document if body is None else document | {"body": body}


def twin_change(device: str, module: str, reported: JsonObject) -> RoutedMessage:
    """The message of a gateway on a patch of reported properties."""
    properties = {
        "$.ct": "application/json",
        "$.ce": "utf-8",
        "$.schema": "twinChangeNotification",
    }
    return RoutedMessage(device, module, properties, orjson.dumps(reported), twin_change=True)


@dataclass(frozen=True, slots=True)
class InputMessage:
    """A message for an input of a module; `properties` are named as on the wire."""

    input: str
    properties: Mapping[str, str]
    payload: bytes

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return _OVERHEAD_BYTES + len(self.input) + len(self.payload) + _size(self.properties)


def _size(properties: Mapping[str, str]) -> int:
    return sum(len(key) + len(value) for key, value in properties.items())


def _body(payload: bytes, system: Mapping[str, str]) -> Any:
    """The body, None unless the message says that it is JSON, and in which encoding."""
    kind = system.get("contentType", "").partition(";")[0].strip().lower()
    encoding = system.get("contentEncoding", "").strip().lower()
    if kind != _JSON or encoding not in _ENCODINGS:
        return None
    try:
        return parse_json(payload.decode(encoding).encode())
    except (HubFault, UnicodeDecodeError):
        return None
