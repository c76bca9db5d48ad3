"""Device and module identities."""

from __future__ import annotations

from itertools import islice

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service.hub import EmulatedHub, Writing
from edgeops.localhub.state import errors, etags, identities
from edgeops.localhub.state.documents import device_document, module_document
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.steps import Steps
from edgeops.localhub.store import HubStore


def list_devices(hub: EmulatedHub, most: int) -> Steps[list[JsonObject]]:
    """At most so many device identities, by id."""
    found = []
    for entry in islice(hub.store.devices(), most):
        found.append(device_document(entry))
        yield
    return found


def get_device(hub: EmulatedHub, device: str) -> JsonObject:
    """A device identity. Raises `HubFault` 404."""
    return device_document(hub.device(device))


def put_device(hub: EmulatedHub, device: str, body: JsonObject, if_match: str | None) -> JsonObject:
    """Create a device (no `if_match`) or update it; gives the identity. Raises `HubFault`."""
    _check_name(body, "deviceId", device)
    with hub.writing() as writing:
        if if_match is None:
            return device_document(create_device(writing, device, body))
        return device_document(update_device(hub, writing, device, body, if_match))


def delete_device(hub: EmulatedHub, device: str, if_match: str | None) -> None:
    """Delete a device and its modules. Raises `HubFault` 404, 412."""
    with hub.writing() as writing:
        remove_device(hub, writing, device, if_match)


def list_modules(hub: EmulatedHub, device: str) -> Steps[list[JsonObject]]:
    """The module identities of a device, the system's included. Raises `HubFault` 404."""
    hub.device(device)
    found = []
    for entry in hub.store.all_modules(after=(device, "")):
        if entry.identity.device != device:
            break
        found.append(module_document(entry))
        yield
    return found


def get_module(hub: EmulatedHub, device: str, module: str) -> JsonObject:
    """A module identity. Raises `HubFault` 404."""
    return module_document(hub.entry(device, module))


def put_module(
    hub: EmulatedHub, device: str, module: str, body: JsonObject, if_match: str | None
) -> tuple[JsonObject, bool]:
    """Create a module (no `if_match`) or update it; gives the identity, and whether it is new.

    Raises `HubFault`.
    """
    _check_name(body, "deviceId", device)
    _check_name(body, "moduleId", module)
    with hub.writing() as writing:
        if if_match is None:
            return module_document(create_module(hub, writing, device, module, body)), True
        return module_document(update_module(hub, writing, device, module, body, if_match)), False


def delete_module(hub: EmulatedHub, device: str, module: str, if_match: str | None) -> None:
    """Delete a module. Raises `HubFault` 401 for a system module, 404, 412."""
    with hub.writing() as writing:
        remove_module(hub, writing, device, module, if_match)


def device_statistics(hub: EmulatedHub) -> Steps[JsonObject]:
    """How many devices there are."""
    statuses = []
    for entry in hub.store.devices():
        statuses.append(entry.identity.status)
        yield
    return {
        "totalDeviceCount": len(statuses),
        "enabledDeviceCount": statuses.count("enabled"),
        "disabledDeviceCount": statuses.count("disabled"),
    }


def service_statistics(hub: EmulatedHub) -> Steps[JsonObject]:
    """How many devices are connected."""
    connected = 0
    for entry in hub.store.devices():
        connected += entry.connection.connected
        yield
    return {"connectedDeviceCount": connected}


# --- inside a transaction, shared with bulk ------------------------------------------


def create_device(writing: Writing, device: str, body: JsonObject) -> RegistryEntry:
    """Create a device; gives its entry."""
    if writing.store.entry(device):
        raise errors.device_exists(device)
    scopes = _known_scopes(writing.store, body)
    write = identities.device_created(device, body, writing.moment, scopes)
    for entry in write.save:
        writing.create(entry)
    return write.save[0]


def update_device(
    hub: EmulatedHub, writing: Writing, device: str, body: JsonObject, if_match: str | None
) -> RegistryEntry:
    """Update a device; gives its entry."""
    entry = hub.device(device)
    etags.require(if_match, etags.identity_etag(entry.identity))
    scopes = _known_scopes(writing.store, body)
    write = identities.device_updated(entry, body, writing.moment, scopes)
    updated, *system_modules = write.save
    writing.store.save(updated)
    for module in system_modules:
        writing.create(module)
    for name in write.delete:
        writing.delete(device, name)
    if updated.identity.status == "disabled":
        writing.cut.append(((device, ""), "disabled"))
    return updated


def remove_device(hub: EmulatedHub, writing: Writing, device: str, if_match: str | None) -> None:
    """Delete a device and its modules."""
    etags.require(if_match, etags.identity_etag(hub.device(device).identity))
    writing.delete(device, "")


def create_module(
    hub: EmulatedHub, writing: Writing, device: str, module: str, body: JsonObject
) -> RegistryEntry:
    """Create a module; gives its entry."""
    hub.device(device)
    there = writing.store.modules(device).keys()
    entry = identities.module_created(device, module, body, writing.moment, there)
    writing.create(entry)
    return entry


def update_module(
    hub: EmulatedHub,
    writing: Writing,
    device: str,
    module: str,
    body: JsonObject,
    if_match: str | None,
) -> RegistryEntry:
    """Update a module; gives its entry."""
    entry = hub.entry(device, module)
    etags.require(if_match, etags.identity_etag(entry.identity))
    updated = identities.module_updated(entry, body, writing.moment)
    writing.store.save(updated)
    return updated


def remove_module(
    hub: EmulatedHub, writing: Writing, device: str, module: str, if_match: str | None
) -> None:
    """Delete a module."""
    entry = hub.entry(device, module)
    identities.check_module_id(module)
    etags.require(if_match, etags.identity_etag(entry.identity))
    writing.delete(device, module)


def _known_scopes(store: HubStore, body: JsonObject) -> set[str]:
    """Those of the scopes that a request names which edge devices really have."""
    known = set()
    for scope in identities.scopes_named(body):
        edge_device = store.entry(identities.device_of_scope(scope))
        if edge_device and edge_device.identity.scope == scope and edge_device.identity.edge:
            known.add(scope)
    return known


def _check_name(body: JsonObject, key: str, name: str) -> None:
    if body.get(key) != name:
        raise errors.invalid(f"'{key}' in the body must be the one in the address.")
