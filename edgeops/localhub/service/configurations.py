"""Configurations, and applying content to an edge device."""

from __future__ import annotations

from typing import Any

from edgeops.localhub import query
from edgeops.localhub.service.hub import Hub
from edgeops.localhub.service.twins import device_twins, keep, module_twins
from edgeops.localhub.state import configurations, deployment, errors, etags
from edgeops.localhub.state.configurations import Configuration
from edgeops.localhub.state.twins import Written
from edgeops.twin import JsonObject


def list_configurations(hub: Hub, most: int) -> list[JsonObject]:
    """At most so many configurations, by id."""
    return [_document(hub, found) for found in hub.store.configurations()[:most]]


def get_configuration(hub: Hub, configuration: str) -> JsonObject:
    """A configuration. Raises `HubFault` 404."""
    return _document(hub, _find(hub, configuration))


def put_configuration(
    hub: Hub, configuration: str, body: Any, if_match: str | None
) -> tuple[JsonObject, bool]:
    """Create a configuration (no `if_match`) or update it; gives it, and whether it is new.

    Raises `HubFault`.
    """
    if not isinstance(body, dict) or body.get("id") != configuration:
        raise errors.invalid("'id' in the body must be the one in the address.")
    with hub.writing() as writing:
        if if_match is None:
            if hub.store.configuration(configuration):
                raise errors.configuration_exists(configuration)
            others = hub.store.configurations()
            kept = configurations.created(configuration, body, writing.moment, others)
        else:
            found = _find(hub, configuration)
            etags.require(if_match, found.etag)
            kept = configurations.updated(found, body, writing.moment)
        hub.store.save_configuration(kept)
    return _document(hub, kept), if_match is None


def delete_configuration(hub: Hub, configuration: str, if_match: str | None) -> None:
    """Delete a configuration. Raises `HubFault` 404, 412."""
    with hub.writing():
        etags.require(if_match, _find(hub, configuration).etag)
        hub.store.delete_configuration(configuration)


def apply_content(hub: Hub, device: str, body: Any) -> None:
    """Apply deployment content to one edge device. Raises `HubFault`."""
    with hub.writing() as writing:
        before = hub.store.modules(device)
        deployed = deployment.content_applied(hub.device(device), before, body, writing.moment)
        for entry in deployed.save:
            if entry.identity.module not in before:
                writing.create(entry)
        for module in deployed.delete:
            writing.delete(device, module)
        saved = {entry.identity.module: entry for entry in deployed.save}
        for change in deployed.changes:
            written, told = Written(saved[change.module], change), {"desired": change.patch}
            keep(writing, written, told, "updateTwin")


def _find(hub: Hub, configuration: str) -> Configuration:
    found = hub.store.configuration(configuration)
    if found is None:
        raise errors.configuration_not_found(configuration)
    return found


def _document(hub: Hub, configuration: Configuration) -> JsonObject:
    condition = configurations.target(configuration)
    twins = device_twins(hub) if condition.source == "devices" else module_twins(hub)
    targeted = sum(
        query.matches(condition, twin)
        for twin in twins
        if not configuration.edge or twin["capabilities"]["iotEdge"]
    )
    return configurations.document(configuration, targeted)
