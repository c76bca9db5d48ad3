"""Entries and configurations made of the documents of another hub, which they are clones of.

Tags, properties, their versions and times, status, scopes and etags are those of the document; keys
are new. Source: `Twin` and `Configuration` of the service REST API, version 2021-04-12.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import limits
from edgeops.localhub.state import configurations, errors
from edgeops.localhub.state.authentication import authentication_of, of_the_runtime
from edgeops.localhub.state.configurations import Configuration
from edgeops.localhub.state.deployment import listed_modules
from edgeops.localhub.state.entry import (
    Configured,
    ConnectionState,
    RegistryEntry,
    RegistryIdentity,
    Section,
    TwinState,
)
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.identities import IOT_EDGE, SYSTEM_MODULES
from edgeops.localhub.state.json_text import require_object
from edgeops.localhub.state.moment import NEVER, Moment
from edgeops.twin import EDGE_AGENT

_MOST_REVISIONS = 2**62


def cloned_entry(document: Mapping[str, Any], moment: Moment) -> RegistryEntry:
    """The device or module that has this twin, with new keys. Raises `HubFault` 400."""
    device, module = _id(document, "deviceId"), ""
    if document.get("moduleId") is not None:
        module = _id(document, "moduleId")
    properties = _object(document, "properties")
    tags = _object(document, "tags")
    twin = TwinState(
        tags,
        _section(properties, "desired"),
        _section(properties, "reported"),
        _revision(document.get("etag")),
    )
    activity = _text(document, "lastActivityTime") or NEVER
    identity = _identity(device, module, document, moment)
    targeted = {
        name: str(value.get("status") or "Targeted") if isinstance(value, dict) else "Targeted"
        for name, value in _object(document, "configurations").items()
    }
    return RegistryEntry(
        identity,
        twin,
        ConnectionState(last_activity=activity, model=_text(document, "modelId")),
        Configured(targeted) if targeted else None,
    )


def of_the_deployment(modules: Iterable[RegistryEntry]) -> list[RegistryEntry]:
    """Those modules of an edge device that its deployment lists, as managed by IoT Edge.

    A twin does not say who manages a module, and a deployment without it would not delete it.
    """
    by_name = {entry.identity.module: entry for entry in modules}
    agent = by_name.get(EDGE_AGENT)
    try:
        listed = listed_modules(agent.twin.desired.values.get("modules", {})) if agent else ()
    except HubFault:
        return []
    return [
        replace(by_name[name], identity=replace(by_name[name].identity, managed_by=IOT_EDGE))
        for name in listed
        if name in by_name and name not in SYSTEM_MODULES
    ]


def cloned_configuration(document: Mapping[str, Any], moment: Moment) -> Configuration:
    """The configuration with its times, which rank it. Raises `HubFault` if a hub refuses it."""
    content = {
        name: value for name, value in _object(document, "content").items() if value not in ({}, [])
    }
    metrics = document.get("metrics")
    queries = metrics.get("queries") if isinstance(metrics, dict) else None
    body = {**document, "content": content, "metrics": {"queries": queries} if queries else None}
    made = configurations.created(_text(document, "id"), body, moment, ())
    created = _text(document, "createdTimeUtc") or made.created
    updated = _text(document, "lastUpdatedTimeUtc") or created
    return replace(made, created=created, updated=updated)


def _identity(
    device: str, module: str, document: Mapping[str, Any], moment: Moment
) -> RegistryIdentity:
    kind = document.get("authenticationType") or "none"
    named = {"type": kind, "x509Thumbprint": document.get("x509Thumbprint")}
    if kind != "selfSigned":
        named.pop("x509Thumbprint")
    system = module in SYSTEM_MODULES
    authentication = authentication_of(named, moment)
    if system and authentication.type == "none":
        authentication = of_the_runtime(moment)
    edge = not module and _object(document, "capabilities").get("iotEdge") is True
    scope = _text(document, "deviceScope")
    parents = document.get("parentScopes") or []
    if not isinstance(parents, list) or not all(isinstance(parent, str) for parent in parents):
        raise errors.invalid("'parentScopes' must be a list of strings.")
    # The scope of an edge device ends with its generation, and its children name it by that.
    generation = scope.rpartition("-")[2] if edge else ""
    return RegistryIdentity(
        device,
        module,
        generation if generation.isdecimal() else moment.generation,
        authentication,
        status="disabled" if _text(document, "status").lower() == "disabled" else "enabled",
        status_reason=_text(document, "statusReason") or None,
        status_updated=_text(document, "statusUpdateTime") or NEVER,
        edge=edge,
        scope=scope or None,
        parents=tuple(parents),
        managed_by=IOT_EDGE if system else None,
    )


def _section(properties: Mapping[str, Any], name: str) -> Section:
    values = dict(_object(properties, name))
    metadata, version = values.pop("$metadata", None), values.pop("$version", None)
    return Section(
        values,
        metadata if isinstance(metadata, dict) else {},
        version if isinstance(version, int) and 0 < version < _MOST_REVISIONS else 1,
    )


def _revision(etag: Any) -> int:
    """The number that an etag is the base64 of, so that the clone has the same; else 1."""
    try:
        data = base64.b64decode(etag, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return 1
    number = int.from_bytes(data, "big")
    return number if len(data) == 8 and 0 < number < _MOST_REVISIONS else 1


def _id(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not limits.valid_id(value):
        raise errors.invalid(f"'{name}' is not an id.")
    return value


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _object(document: Mapping[str, Any], name: str) -> JsonObject:
    value = document.get(name)
    return {} if value is None else require_object(value, f"'{name}'")
