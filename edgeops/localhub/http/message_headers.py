"""The headers that carry the properties of a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import web

from edgeops.localhub.state import errors

# The headers of system properties, and what they are called in MQTT topics.
SYSTEM = {
    "iothub-messageid": "$.mid",
    "iothub-correlationid": "$.cid",
    "iothub-userid": "$.uid",
    "iothub-contenttype": "$.ct",
    "iothub-contentencoding": "$.ce",
    "iothub-expiry": "$.exp",
}
_APPLICATION = "iothub-app-"


def properties_of(
    request: web.Request, system: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The system and the other properties in the headers of a request.

    `system` says what a header becomes. Raises `HubFault` 400 when the headers are not
    UTF-8, which aiohttp lets pass.
    """
    try:
        named = [(name, value.encode().decode()) for name, value in request.headers.items()]
    except UnicodeEncodeError as error:
        raise errors.unreadable("The headers of a message must be UTF-8.") from error
    return sorted_properties(named, system)


def sorted_properties(
    named: Iterable[tuple[str, str]], system: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The system and the other properties among fields that are named as headers are."""
    found: dict[str, str] = {}
    properties = {}
    for name, value in named:
        lower = name.lower()
        if lower.startswith(_APPLICATION):
            properties[name[len(_APPLICATION) :]] = value
        elif lower in system:
            found[system[lower]] = value
    return found, properties
