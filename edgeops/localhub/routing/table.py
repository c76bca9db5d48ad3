"""The routes of one gateway, and the destinations of a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from edgeops.localhub.query.evaluate import passes
from edgeops.localhub.routing.grammar import MessageRoute, parse_route
from edgeops.localhub.routing.message import RoutedMessage
from edgeops.localhub.routing.tokens import RouteError

LOWEST_PRIORITY = 10  # of a route that gives none; the others are 0 (the first) to 9
DEFAULT_TIME_TO_LIVE = 7200  # seconds
# What all functions in the conditions may read of one message, as if each read all of it: a
# limit of the local hub only, where nobody may wait while they do.
MAX_READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a message goes: the input of a module, or with `module` None to the hub.

    `time_to_live` is how many seconds it waits for a module that is not connected.
    """

    module: str | None = None
    input: str | None = None
    priority: int = LOWEST_PRIORITY
    time_to_live: int = DEFAULT_TIME_TO_LIVE

    @property
    def endpoint(self) -> tuple[str | None, str | None]:
        """What makes two destinations the same, whichever routes lead to them."""
        return self.module, self.input


UPSTREAM = Destination()


@dataclass(frozen=True, slots=True)
class RouteTable:
    """The routes of a gateway, and what is wrong with those that cannot be used, by name."""

    routes: tuple[tuple[MessageRoute, Destination], ...]
    problems: Mapping[str, str]

    def destinations(self, message: RoutedMessage) -> list[Destination]:
        """Where a message goes, those of the highest priority first.

        Several routes to an endpoint deliver a message once, with the highest
        priority of them. Routes that call too many functions for a message of its
        size do not take it: `too_costly` says so.
        """
        source, document = message.source, None
        calls_left = MAX_READ_BYTES // max(message.size, 1)
        chosen: dict[tuple[str | None, str | None], Destination] = {}
        for route, destination in self.routes:
            if not source.startswith(route.source):
                continue
            if route.condition is not None:
                calls_left -= route.calls
                if route.calls and calls_left < 0:
                    continue
                document = message.document() if document is None else document
                if not passes(route.condition, document):
                    continue
            known = chosen.get(destination.endpoint)
            if known is None or destination.priority < known.priority:
                chosen[destination.endpoint] = destination
        return sorted(chosen.values(), key=attrgetter("priority"))

    def too_costly(self, message: RoutedMessage) -> bool:
        """Whether some routes may not take a message that is so large."""
        return sum(route.calls for route, _ in self.routes) * message.size > MAX_READ_BYTES


@dataclass(slots=True)
class GatewayRoutes:
    """The routes of a gateway (its device), and the version of `$edgeHub` that they are of.

    `table` is None where none were ever deployed; `warned` are the senders whose
    messages no route takes, `too_costly` whether the log says that functions are left out.
    """

    gateway: str
    version: tuple[str, int]
    table: RouteTable | None
    too_costly: bool = False
    warned: set[str] = field(default_factory=set)

    @property
    def size(self) -> int:
        """How many characters its routes have."""
        return sum(route.size for route, _ in self.table.routes) if self.table else 0


def route_table(desired: Any) -> RouteTable | None:
    """The routes in the desired properties of `$edgeHub`; None where none were ever deployed."""
    routes = desired.get("routes") if isinstance(desired, dict) else None
    if not isinstance(routes, dict):
        return None
    store = desired.get("storeAndForwardConfiguration")
    default = store.get("timeToLiveSecs") if isinstance(store, dict) else None
    usable, problems = [], {}
    for name, value in routes.items():
        try:
            usable.append(_entry(value, _whole(default, DEFAULT_TIME_TO_LIVE)))
        except RouteError as error:
            problems[name] = f"{error.message} (character {error.position + 1})"
    return RouteTable(tuple(usable), problems)


def _entry(value: Any, default_time_to_live: int) -> tuple[MessageRoute, Destination]:
    options = value if isinstance(value, dict) else {"route": value}
    text = options.get("route")
    if not isinstance(text, str):
        raise RouteError("expected a text such as FROM /messages/* INTO $upstream", 0)
    route = parse_route(text)
    priority = _whole(options.get("priority"), LOWEST_PRIORITY)
    if not 0 <= priority <= LOWEST_PRIORITY:
        raise RouteError("the priority must be from 0 to 9", 0)
    # 0 seconds are those of the gateway, as for IoT Edge
    lifetime = _whole(options.get("timeToLiveSecs"), 0) or default_time_to_live
    return route, Destination(route.module, route.input, priority, lifetime)


def _whole(value: Any, default: int) -> int:
    usable = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if usable else default
