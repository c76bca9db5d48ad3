"""The MQTT topics of IoT Hub: those that devices publish to, and those they subscribe to.

Source: "Communicate with an IoT hub using the MQTT protocol", Microsoft Learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote, unquote

from edgeops.localhub.routing.message import InputMessage

_TWIN_GET = "$iothub/twin/GET/"
_REPORTED_PATCH = "$iothub/twin/PATCH/properties/reported/"
_METHOD_RESPONSE = "$iothub/methods/res/"
# Percent-encoded, as the topic of the response repeats it.
MAX_REQUEST_BYTES = 32 * 1024
# Filters are kept for disconnected devices; the longest useful filter has half of this.
MAX_FILTER_CHARACTERS = 1024
MAX_TOPIC_BYTES = 65_535


@dataclass(frozen=True, slots=True)
class TwinGet:
    """The device requests its twin."""

    request: str


@dataclass(frozen=True, slots=True)
class TwinReport:
    """The device patches its reported properties."""

    request: str


@dataclass(frozen=True, slots=True)
class MethodResponse:
    """The device responds to a direct method."""

    request: str
    status: int


@dataclass(frozen=True, slots=True)
class Telemetry:
    """A device-to-cloud message with the properties in its topic."""

    properties: dict[str, str]


DeviceRequest = TwinGet | TwinReport | MethodResponse | Telemetry


def root(device: str, module: str) -> str:
    """The prefix of the topics of a device (module empty) or module; ids are not encoded."""
    return f"devices/{device}/modules/{module}/" if module else f"devices/{device}/"


def parse_topic(topic: str, device: str, module: str) -> DeviceRequest | None:
    """The request that a device or module makes by publishing to a topic.

    None for a topic that it may not publish to.
    """
    path, _, query = topic.partition("?")
    events = root(device, module) + "messages/events"
    if topic == events or topic.startswith(events + "/"):
        # Microsoft's SDK for Node ends the properties with a slash.
        properties = topic.removeprefix(events).removeprefix("/").removesuffix("/")
        return Telemetry(_properties(properties))
    request = _properties(query).get("$rid")
    if request is None or len(_quoted(request)) > MAX_REQUEST_BYTES:
        return None
    if path == _TWIN_GET:
        return TwinGet(request)
    if path == _REPORTED_PATCH:
        return TwinReport(request)
    status = path.removeprefix(_METHOD_RESPONSE).rstrip("/")
    if path.startswith(_METHOD_RESPONSE) and _is_status(status):
        return MethodResponse(request, int(status))
    return None


def twin_response(status: int, request: str, version: int | None = None) -> str:
    """The topic of the response to a `TwinGet` or `TwinReport`."""
    suffix = "" if version is None else f"&$version={version}"
    return f"$iothub/twin/res/{status}/?$rid={_quoted(request)}{suffix}"


def desired_change(version: int) -> str:
    """The topic of a patch of the desired properties."""
    return f"$iothub/twin/PATCH/properties/desired/?$version={version}"


def method(name: str, request: str) -> str:
    """The topic of a direct method."""
    return f"$iothub/methods/POST/{_quoted(name)}/?$rid={_quoted(request)}"


def module_input(device: str, module: str, message: InputMessage) -> str:
    """The topic of a message for an input of a module."""
    return f"{root(device, module)}inputs/{_quoted(message.input)}/{_bag(message.properties)}"


def cloud_messages(device: str, properties: Mapping[str, str] = MappingProxyType({})) -> str:
    """The topic of a cloud-to-device message with these properties."""
    return f"{root(device, '')}messages/devicebound/{_bag(properties)}"


def may_subscribe(topic_filter: str, device: str, module: str) -> bool:
    """Whether a device or module may subscribe to a filter: its own topics, and `$iothub`."""
    allowed = ("$iothub/twin/", "$iothub/methods/", root(device, module))
    return (
        len(topic_filter) <= MAX_FILTER_CHARACTERS
        and topic_filter.startswith(allowed)
        and _well_formed(topic_filter)
    )


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic matches a filter."""
    patterns, levels = topic_filter.split("/"), topic.split("/")
    for index, pattern in enumerate(patterns):
        if pattern == "#":
            return True
        if index >= len(levels) or pattern not in ("+", levels[index]):
            return False
    return len(patterns) == len(levels)


def _well_formed(topic_filter: str) -> bool:
    """Whether each wildcard is a level of its own, and `#` is the last level."""
    levels = topic_filter.split("/")
    return (
        all(level in ("+", "#") or not ({"+", "#"} & set(level)) for level in levels)
        and "#" not in levels[:-1]
    )


def _is_status(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _properties(text: str) -> dict[str, str]:
    """Decodes `a=1&b=%20`; a key without a value has an empty one, and `+` is not a space."""
    pairs = (pair.partition("=") for pair in text.removeprefix("?").split("&") if pair)
    return {unquote(key): unquote(value) for key, _, value in pairs}


def _bag(properties: Mapping[str, str]) -> str:
    return "&".join(f"{_quoted(key)}={_quoted(value)}" for key, value in properties.items())


def _quoted(text: str) -> str:
    return quote(text, safe="")
