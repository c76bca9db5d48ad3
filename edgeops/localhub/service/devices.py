"""The operations of devices and modules: connecting, reading their twin, sending telemetry.

`twins.report` updates reported properties.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import sas
from edgeops.localhub.client_certificate import (
    X509_TYPES,
    ClientCertificate,
    check_certificate,
)
from edgeops.localhub.routing import RoutedMessage
from edgeops.localhub.service import gateways
from edgeops.localhub.service.hub import EmulatedHub, Transaction
from edgeops.localhub.service.links import Name
from edgeops.localhub.state import errors, events
from edgeops.localhub.state.entry import ConnectionState, RegistryEntry, with_activity
from edgeops.localhub.steps import Steps

# The properties of a device-to-cloud message, named as in MQTT topics, and its payload.
Message = tuple[Mapping[str, str], bytes]


def authenticate(
    hub: EmulatedHub,
    host: str,
    name: Name,
    token: str,
    certificate: ClientCertificate | None,
    policies: Mapping[str, str],
) -> float:
    """Check the token, or the certificate, of a device or module.

    Gives when the token expires, in Unix seconds; infinite for identities that have a
    certificate. `host` is the hub's name as the client says it, `policies` are the keys
    of the policies. Raises `InvalidToken`, which says why for the log.
    """
    device, module = name
    owner, entry = hub.store.entry(device), hub.store.entry(device, module)
    if owner is None or entry is None:
        raise errors.unauthorized("the hub does not have this " + ("module" if owner else "device"))
    if owner.identity.status != "enabled":
        raise errors.unauthorized("the device is disabled")
    authentication = entry.identity.authentication
    if authentication.type in X509_TYPES:
        check_certificate(authentication, "/".join(filter(None, name)), certificate)
        return math.inf
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


def set_connected(
    hub: EmulatedHub, device: str, module: str, connected: bool, model: str = ""
) -> None:
    """Record that a device or module has connected or disconnected.

    `model` is the id of the model that it named, if any. Raises `HubFault` 404.
    """
    with hub.transaction() as transaction:
        _set_connected(transaction, hub.entry(device, module), connected, model)


def mark_all_disconnected(hub: EmulatedHub) -> None:
    """Record that no device is connected, as is the case when a hub starts."""
    with hub.transaction() as transaction:
        for entry in hub.store.connected():
            _set_connected(transaction, entry, connected=False)


def twin_for_device(hub: EmulatedHub, device: str, module: str) -> JsonObject:
    """A twin as its device reads it: without tags and metadata. Raises `HubFault` 404."""
    twin = hub.entry(device, module).twin
    return {
        name: section.values | {"$version": section.version}
        for name, section in (("desired", twin.desired), ("reported", twin.reported))
    }


def send_telemetry(
    hub: EmulatedHub, device: str, module: str, properties: Mapping[str, str], payload: bytes
) -> None:
    """Take in a message: the routes of its gateway decide whether the hub records it as an event.

    Raises `HubFault` 404.
    """
    sender = hub.entry(device, module)
    routes = gateways.routes_of(hub, sender)
    if routes is not None:
        if not gateways.routed(hub, RoutedMessage(device, module, properties, payload), routes):
            return
        sender = hub.entry(device, module)  # a delivery can end a connection, even its own
    with hub.transaction() as transaction:
        moment = transaction.moment
        transaction.save(with_activity(sender, moment))
        transaction.events.append(events.telemetry(device, module, properties, payload, moment))


def send_batch(
    hub: EmulatedHub, device: str, module: str, messages: Iterable[Message]
) -> Steps[None]:
    """Take in several messages. Raises `HubFault` 404."""
    for properties, payload in messages:
        send_telemetry(hub, device, module, properties, payload)
        yield


def _set_connected(
    transaction: Transaction, entry: RegistryEntry, connected: bool, model: str = ""
) -> None:
    now = transaction.moment.timestamp
    known = model or entry.connection.model
    changed = replace(entry, connection=ConnectionState(connected, now, now, known))
    transaction.save(changed)
    transaction.events.append(events.connection(changed, transaction.moment))
