"""The routes of an edge gateway: which messages of its modules go where. No I/O.

Source: "Learn how to deploy modules and establish routes in IoT Edge" and "IoT
Hub message routing query syntax", Microsoft Learn.
"""

from edgeops.localhub.routing.grammar import MessageRoute, parse_route
from edgeops.localhub.routing.message import InputMessage, RoutedMessage, twin_change
from edgeops.localhub.routing.table import (
    UPSTREAM,
    Destination,
    GatewayRoutes,
    RouteTable,
    route_table,
)
from edgeops.localhub.routing.tokens import RouteError

__all__ = [
    "UPSTREAM",
    "Destination",
    "GatewayRoutes",
    "InputMessage",
    "MessageRoute",
    "RouteError",
    "RouteTable",
    "RoutedMessage",
    "parse_route",
    "route_table",
    "twin_change",
]
