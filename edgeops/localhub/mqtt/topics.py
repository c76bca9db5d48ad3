"""The topics of IoT Hub: what a device asks by a topic, and the topics that it is told on.

Source: "Communicate with an IoT hub using the MQTT protocol", Microsoft Learn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote

_REPORT = "$iothub/twin/PATCH/properties/reported/"
_GET = "$iothub/twin/GET/"
_ANSWER = "$iothub/methods/res/"
# Percent-encoded, as the topic of the answer repeats it; a topic has at most 65,535 bytes.
MAX_REQUEST_BYTES = 32 * 1024
# Filters are kept for devices that are away; the longest that means anything is half of this.
MAX_FILTER_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class TwinGet:
    """The device wants its twin."""

    request: str


@dataclass(frozen=True, slots=True)
class TwinReport:
    """The device patches its reported properties."""

    request: str


@dataclass(frozen=True, slots=True)
class MethodResponse:
    """The device answers a direct method."""

    request: str
    status: int


@dataclass(frozen=True, slots=True)
class Telemetry:
    """A device-to-cloud message with the properties in its topic."""

    properties: dict[str, str]


DeviceRequest = TwinGet | TwinReport | MethodResponse | Telemetry


def root(device: str, module: str) -> str:
    """What the topics of a device (module empty) or module begin with; ids are not encoded."""
    return f"devices/{device}/modules/{module}/" if module else f"devices/{device}/"


def parse_topic(topic: str, device: str, module: str) -> DeviceRequest | None:
    """What a message of this device or module on a topic means; None for what it may not send."""
    path, mark, query = topic.partition("?")
    events = root(device, module) + "messages/events"
    if topic == events or topic.startswith(events + "/"):
        return Telemetry(_pairs(topic.removeprefix(events).removeprefix("/")))
    request = _pairs(query).get("$rid") if mark else None
    if request is None or len(_quoted(request)) > MAX_REQUEST_BYTES:
        return None
    if path == _GET:
        return TwinGet(request)
    if path == _REPORT:
        return TwinReport(request)
    status = path.removeprefix(_ANSWER).rstrip("/")
    if path.startswith(_ANSWER) and status.isascii() and status.isdecimal() and len(status) < 10:
        return MethodResponse(request, int(status))
    return None


def twin_answer(status: int, request: str, version: int | None = None) -> str:
    """The topic of the answer to a `TwinGet` or `TwinReport`."""
    told = "" if version is None else f"&$version={version}"
    return f"$iothub/twin/res/{status}/?$rid={_quoted(request)}{told}"


def desired_change(version: int) -> str:
    """The topic of a patch of the desired properties."""
    return f"$iothub/twin/PATCH/properties/desired/?$version={version}"


def method(name: str, request: str) -> str:
    """The topic of a direct method."""
    return f"$iothub/methods/POST/{_quoted(name)}/?$rid={_quoted(request)}"


def may_subscribe(topic_filter: str, device: str, module: str) -> bool:
    """Whether a device or module may subscribe to this: its own topics, and `$iothub`."""
    own = root(device, module)
    return (
        len(topic_filter) <= MAX_FILTER_CHARACTERS
        and topic_filter.startswith(("$iothub/twin/", "$iothub/methods/", own))
        and _well_formed(topic_filter)
    )


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic is one that a filter asks for."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for index, part in enumerate(wanted):
        if part == "#":
            return True
        if index >= len(levels) or part not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)


def _well_formed(topic_filter: str) -> bool:
    """Whether wildcards stand alone in their level, and `#` at the end only."""
    parts = topic_filter.split("/")
    return (
        all(part in ("+", "#") or not ({"+", "#"} & set(part)) for part in parts)
        and "#" not in parts[:-1]
    )


def _pairs(text: str) -> dict[str, str]:
    """`a=1&b=%20`; a key without a value has an empty one. `+` is no space here."""
    return dict(_pair(part) for part in _nonempty(text.removeprefix("?").split("&")))


def _nonempty(parts: Iterable[str]) -> Iterable[str]:
    return (part for part in parts if part)


def _pair(part: str) -> tuple[str, str]:
    key, _, value = part.partition("=")
    return unquote(key), unquote(value)


def _quoted(text: str) -> str:
    return quote(text, safe="")
