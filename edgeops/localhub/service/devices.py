"""What devices and modules do themselves: come, go, read their twin, send telemetry.

Reporting properties is in `twins.report`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import sas
from edgeops.localhub.service.hub import EmulatedHub, Writing
from edgeops.localhub.state import errors, events
from edgeops.localhub.state.entry import ConnectionState, RegistryEntry, Section


def authenticate(
    hub: EmulatedHub, host: str, device: str, module: str, token: str, policies: Mapping[str, str]
) -> int:
    """When the token of a device or module expires, in Unix seconds.

    `host` is what the client calls the hub, `policies` are the hub's keys.
    Raises `HubFault` 401, which does not say what is wrong.
    """
    owner, entry = hub.store.entry(device), hub.store.entry(device, module)
    if owner is None or entry is None or owner.identity.status != "enabled":
        raise errors.unauthorized()
    authentication = entry.identity.authentication
    keys = (authentication.primary_key, authentication.secondary_key)
    path = f"/devices/{device}" + (f"/modules/{module}" if module else "")
    return sas.device_expiry(
        token,
        host=host,
        path=path,
        keys=[key for key in keys if key],
        policies=policies,
        now=hub.clock().timestamp(),
    )


def set_connected(hub: EmulatedHub, device: str, module: str, connected: bool) -> None:
    """Note that a device or module has connected or gone. Raises `HubFault` 404."""
    with hub.writing() as writing:
        _connection(writing, hub.entry(device, module), connected)


def mark_all_disconnected(hub: EmulatedHub) -> None:
    """Note that nobody is connected: so it is when a hub starts."""
    with hub.writing() as writing:
        for entry in hub.store.connected():
            _connection(writing, entry, connected=False)


def twin_for_device(hub: EmulatedHub, device: str, module: str) -> JsonObject:
    """A twin as its device gets it: no tags, no metadata. Raises `HubFault` 404."""
    twin = hub.entry(device, module).twin
    return {"desired": _section(twin.desired), "reported": _section(twin.reported)}


def send_telemetry(
    hub: EmulatedHub, device: str, module: str, properties: Mapping[str, str], payload: bytes
) -> None:
    """Take in a device-to-cloud message. Raises `HubFault` 404."""
    with hub.writing() as writing:
        entry = hub.entry(device, module)
        heard = replace(entry.connection, last_activity=writing.moment.timestamp)
        writing.store.save(replace(entry, connection=heard))
        writing.events.append(events.telemetry(device, module, properties, payload, writing.moment))


def subscribe(hub: EmulatedHub, device: str, module: str, subscriptions: Mapping[str, int]) -> None:
    """Keep the topic filters of a device, for this connection and later ones."""
    with hub.store.transaction():
        hub.store.save_subscriptions(device, module, dict(subscriptions))


def end_session(hub: EmulatedHub, device: str, module: str) -> None:
    """Forget the topic filters of a device."""
    with hub.store.transaction():
        hub.store.forget_subscriptions(device, module)


def _connection(writing: Writing, entry: RegistryEntry, connected: bool) -> None:
    now = writing.moment.timestamp
    changed = replace(entry, connection=ConnectionState(connected, now, now))
    writing.store.save(changed)
    writing.events.append(events.connection(changed, writing.moment))


def _section(section: Section) -> JsonObject:
    return section.values | {"$version": section.version}
