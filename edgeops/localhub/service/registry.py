"""Device and module identities."""

from __future__ import annotations

from itertools import islice

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service.hub import EmulatedHub, Transaction
from edgeops.localhub.state import errors, etags, identities
from edgeops.localhub.state.documents import device_document, module_document
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.steps import Steps
from edgeops.localhub.store import HubStore


def list_devices(hub: EmulatedHub, limit: int) -> Steps[list[JsonObject]]:
    """The first device identities in order of their id, at most `limit`."""
    documents = []
    for entry in islice(hub.store.devices(), limit):
        documents.append(device_document(entry))
        yield
    return documents


def get_device(hub: EmulatedHub, device: str) -> JsonObject:
    """A device identity. Raises `HubFault` 404."""
    return device_document(hub.device(device))


def put_device(hub: EmulatedHub, device: str, body: JsonObject, if_match: str | None) -> JsonObject:
    """Create a device (no `if_match`) or update it; gives the identity. Raises `HubFault`."""
    _check_name(body, "deviceId", device)
    with hub.transaction() as transaction:
        if if_match is None:
            return device_document(create_device(transaction, device, body))
        return device_document(update_device(transaction, device, body, if_match))


def delete_device(hub: EmulatedHub, device: str, if_match: str | None) -> None:
    """Delete a device and its modules. Raises `HubFault` 404, 412."""
    with hub.transaction() as transaction:
        remove_device(transaction, device, if_match)


def list_modules(hub: EmulatedHub, device: str) -> Steps[list[JsonObject]]:
    """The module identities of a device, system modules included. Raises `HubFault` 404."""
    hub.device(device)
    documents = []
    for entry in hub.store.all_modules(after=(device, "")):
        if entry.identity.device != device:
            break
        documents.append(module_document(entry))
        yield
    return documents


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
    with hub.transaction() as transaction:
        if if_match is None:
            return module_document(create_module(transaction, device, module, body)), True
        return module_document(update_module(transaction, device, module, body, if_match)), False


def delete_module(hub: EmulatedHub, device: str, module: str, if_match: str | None) -> None:
    """Delete a module. Raises `HubFault` 401 for a system module, 404, 412."""
    with hub.transaction() as transaction:
        remove_module(transaction, device, module, if_match)


def device_statistics(hub: EmulatedHub) -> Steps[JsonObject]:
    """How many devices exist, and how many are enabled and disabled."""
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


# --- inside a transaction, shared with bulk operations -------------------------------


def create_device(transaction: Transaction, device: str, body: JsonObject) -> RegistryEntry:
    """Create a device; gives its entry."""
    store = transaction.hub.store
    if store.entry(device):
        raise errors.device_exists(device)
    scopes = _known_scopes(store, body)
    write = identities.device_created(device, body, transaction.moment, scopes)
    for entry in write.save:
        transaction.create(entry)
    return write.save[0]


def update_device(
    transaction: Transaction, device: str, body: JsonObject, if_match: str | None
) -> RegistryEntry:
    """Update a device; gives its entry."""
    entry = transaction.hub.device(device)
    etags.require(if_match, etags.identity_etag(entry.identity))
    scopes = _known_scopes(transaction.hub.store, body)
    write = identities.device_updated(entry, body, transaction.moment, scopes)
    updated, *system_modules = write.save
    transaction.update(updated)
    for module in system_modules:
        transaction.create(module)
    for name in write.delete:
        transaction.delete(device, name)
    if updated.identity.status == "disabled":
        transaction.disconnects.append(((device, ""), "disabled"))
    return updated


def remove_device(transaction: Transaction, device: str, if_match: str | None) -> None:
    """Delete a device and its modules."""
    etags.require(if_match, etags.identity_etag(transaction.hub.device(device).identity))
    transaction.delete(device, "")


def create_module(
    transaction: Transaction, device: str, module: str, body: JsonObject
) -> RegistryEntry:
    """Create a module; gives its entry."""
    transaction.hub.device(device)
    existing = transaction.hub.store.modules(device).keys()
    entry = identities.module_created(device, module, body, transaction.moment, existing)
    transaction.create(entry)
    return entry


def update_module(
    transaction: Transaction, device: str, module: str, body: JsonObject, if_match: str | None
) -> RegistryEntry:
    """Update a module; gives its entry."""
    entry = transaction.hub.entry(device, module)
    etags.require(if_match, etags.identity_etag(entry.identity))
    updated = identities.module_updated(entry, body, transaction.moment)
    transaction.update(updated)
    return updated


def remove_module(transaction: Transaction, device: str, module: str, if_match: str | None) -> None:
    """Delete a module."""
    entry = transaction.hub.entry(device, module)
    identities.check_module_id(module)
    etags.require(if_match, etags.identity_etag(entry.identity))
    transaction.delete(device, module)


def _known_scopes(store: HubStore, body: JsonObject) -> set[str]:
    """The scopes named in a request that are the scope of an edge device."""
    known = set()
    for scope in identities.scopes_named(body):
        device = store.entry(identities.device_of_scope(scope))
        if device and device.identity.scope == scope and device.identity.edge:
            known.add(scope)
    return known


def _check_name(body: JsonObject, key: str, name: str) -> None:
    if body.get(key) != name:
        raise errors.invalid(f"'{key}' in the body must match the URL.")
