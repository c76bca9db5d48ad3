"""What the IoT Edge hub does on a gateway: messages of its modules take its routes.

The modules of an edge device, and the devices below it (by their device scope),
are connected to this hub as they would be to their gateway. Where a deployment
has set routes, they decide; all other messages go upstream.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from edgeops.localhub.routing import (
    UPSTREAM,
    Destination,
    GatewayRoutes,
    InputMessage,
    RoutedMessage,
    route_table,
)
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.identities import device_of_scope
from edgeops.twin import EDGE_HUB

# What is kept of the routes that were used last; a character takes about 40 bytes when parsed.
_MAX_GATEWAYS = 1000
_MAX_CHARACTERS = 1_000_000
_MAX_WARNINGS = 100  # of one gateway, until its routes change
# Routes take these out: the input has a name of its own, and the sender cannot name itself.
_NOT_FORWARDED = ("$.on", "$.cdid", "$.cmid")

_log = logging.getLogger(__name__)


def routes_of(hub: EmulatedHub, sender: RegistryEntry) -> GatewayRoutes | None:
    """The routes that the messages of a device or module take; None when all go upstream."""
    gateway = _gateway(hub, sender)
    routes = _routes(hub, gateway) if gateway else None
    return routes if routes is not None and routes.table is not None else None


def routed(hub: EmulatedHub, message: RoutedMessage, routes: GatewayRoutes) -> bool:
    """Deliver a message to the modules that routes name; gives whether it also goes upstream."""
    table, gateway = routes.table, routes.gateway
    assert table is not None
    destinations = table.destinations(message)
    if not routes.too_costly and table.too_costly(message):
        routes.too_costly = True
        _log.warning(
            "device %s: its routes call too many functions for a message of %d bytes:"
            " some of them do not take it",
            gateway,
            message.size,
        )
    if not destinations:
        _warn_once(routes, message)
    for destination in destinations:
        if destination.module is not None:
            _deliver(hub, gateway, destination, message)
    return any(destination.endpoint == UPSTREAM.endpoint for destination in destinations)


def deliver_waiting(hub: EmulatedHub, device: str, module: str) -> None:
    """Send a module what waits for it, as far as it takes it."""
    name = (device, module)
    if hub.mailboxes.waits(name):
        link = hub.links.get(name)
        if link is not None:
            hub.mailboxes.deliver(name, link.deliver, hub.clock().timestamp())


def _gateway(hub: EmulatedHub, sender: RegistryEntry) -> str:
    """The edge device whose routes the messages of a sender take; empty when there is none."""
    module = sender.identity.module
    owner = hub.device(sender.identity.device).identity if module else sender.identity
    if owner.edge:
        return owner.device if module else ""
    if not owner.scope:
        return ""
    parent = hub.store.entry(device_of_scope(owner.scope))
    if parent is None or not parent.identity.edge or parent.identity.scope != owner.scope:
        return ""
    return parent.identity.device


def _routes(hub: EmulatedHub, gateway: str) -> GatewayRoutes | None:
    entry = hub.store.entry(gateway, EDGE_HUB)
    if entry is None:
        return None
    version = (entry.identity.generation, entry.twin.desired.version)
    known = hub.routes.get(gateway)
    if known is not None and known.version == version:
        return known
    routes = GatewayRoutes(gateway, version, route_table(entry.twin.desired.values))
    for name, problem in routes.table.problems.items() if routes.table else ():
        _log.warning("device %s: the route %s is not used: %s", gateway, name, problem)
    hub.routes.pop(gateway, None)
    hub.routes[gateway] = routes
    size = sum(kept.size for kept in hub.routes.values())
    while len(hub.routes) > 1 and (len(hub.routes) > _MAX_GATEWAYS or size > _MAX_CHARACTERS):
        size -= hub.routes.pop(next(iter(hub.routes))).size
    return routes


def _warn_once(routes: GatewayRoutes, message: RoutedMessage) -> None:
    """A message that no route takes is lost, as on a device: the log says it once a sender."""
    sender = message.module or message.device
    if message.twin_change or sender in routes.warned or len(routes.warned) >= _MAX_WARNINGS:
        return
    routes.warned.add(sender)
    _log.warning("device %s: no route takes the messages of %s: dropped", routes.gateway, sender)


def _deliver(
    hub: EmulatedHub, gateway: str, destination: Destination, message: RoutedMessage
) -> None:
    name = (gateway, str(destination.module))
    if hub.store.entry(*name) is None:
        return
    sender = {"$.cdid": message.device} | ({"$.cmid": message.module} if message.module else {})
    copied = InputMessage(
        str(destination.input), _forwarded(message.properties) | sender, message.payload
    )
    now = hub.clock().timestamp()
    expires = now + destination.time_to_live
    link = hub.links.get(name)
    if link is not None and not hub.mailboxes.waits(name) and link.deliver(copied):
        return
    kept = hub.mailboxes.keep(name, copied, destination.priority, expires, now)
    if not kept and hub.mailboxes.first_overflow(name):
        _log.warning("messages for module %s/%s are dropped: too many are waiting", *name)


def _forwarded(properties: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in properties.items() if key not in _NOT_FORWARDED}
