"""The identity of a new device, and changes to one as the registry of a hub returned it.

Source: "Understand the identity registry in your IoT hub" and "Service - Devices" of the Azure IoT
Hub REST API, version 2021-04-12. A write replaces the whole identity, so it is written back as it
was read, with its keys and with what later versions of the service may add.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeops.jsonvalue import JsonObject

_TYPES = {"x509CA": "certificateAuthority"}
_NAMES = {value: key for key, value in _TYPES.items()}
_SCOPE = "ms-azure-iot-edge://"


def new_device(
    device: str,
    *,
    edge: bool,
    authentication: str,
    thumbprints: Mapping[str, str] | None = None,
    status: str = "enabled",
    parent_scope: str = "",
) -> JsonObject:
    """The identity of a new device; without keys in it the hub generates those of `sas`."""
    credentials: JsonObject = {"type": _TYPES.get(authentication, authentication)}
    if authentication == "sas":
        credentials["symmetricKey"] = {}
    elif authentication == "selfSigned":
        credentials["x509Thumbprint"] = _written_thumbprints(thumbprints or {})
    new: JsonObject = {
        "deviceId": device,
        "status": status,
        "authentication": credentials,
        "capabilities": {"iotEdge": edge},
    }
    if parent_scope and edge:  # an edge device gets a scope of its own
        new["parentScopes"] = [parent_scope]
    elif parent_scope:
        new["deviceScope"] = parent_scope
    return new


def changed(
    document: JsonObject,
    *,
    authentication: str | None = None,
    thumbprints: Mapping[str, str] | None = None,
    status: str | None = None,
    parent_scope: str | None = None,
) -> JsonObject:
    """The identity with these changes; None changes nothing, an empty `parent_scope` detaches.

    Another type of authentication starts without keys and thumbprints: a hub generates the keys of
    `sas`. Raises `KeyError`, `TypeError` or `AttributeError` if the document is not an identity.
    """
    new = dict(document)
    if authentication:
        new["authentication"] = {"type": _TYPES.get(authentication, authentication)}
    if thumbprints:
        known = new["authentication"].get("x509Thumbprint") or {}
        written = _written_thumbprints(thumbprints)
        new["authentication"] = {**new["authentication"], "x509Thumbprint": {**known, **written}}
    if status:
        new["status"] = status
    if parent_scope is not None:
        new["parentScopes"] = [parent_scope] if parent_scope else []
        if not new["capabilities"]["iotEdge"]:  # an edge device has a scope of its own
            new["deviceScope"] = parent_scope
    return new


def _written_thumbprints(thumbprints: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}Thumbprint": value for name, value in thumbprints.items()}


def identity_fields(twin: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `edgeops.twin.Twin` that the JSON form of a twin shows of the identity.

    Raises `TypeError` or `AttributeError` if it is not a twin.
    """
    kind = twin.get("authenticationType") or "none"
    edge = bool((twin.get("capabilities") or {}).get("iotEdge"))
    scope, above = twin.get("deviceScope") or "", twin.get("parentScopes") or ()
    known = (twin.get("x509Thumbprint") or {}) if kind == "selfSigned" else {}
    thumbprints = {name: known.get(f"{name}Thumbprint") for name in ("primary", "secondary")}
    return {
        "edge": edge,
        "authentication": _NAMES.get(kind, kind),
        "thumbprints": {name: value for name, value in thumbprints.items() if value},
        "status": (twin.get("status") or "enabled").lower(),
        "scope": scope,
        # Older clients write only the `deviceScope` of a device that is not an edge device.
        "parent": device_of(above[0] if above else "" if edge else scope),
    }


def device_of(scope: str) -> str:
    """The id in the scope of an edge device (`ms-azure-iot-edge://ID-GENERATION`), or empty."""
    return scope.removeprefix(_SCOPE).rpartition("-")[0] if scope.startswith(_SCOPE) else ""
