"""What a route is: method, path, the right it needs, and the function that answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from edgeops.localhub.policies import Permission
from edgeops.localhub.service.hub import EmulatedHub

Handler = Callable[[EmulatedHub, web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the service API."""

    method: str
    path: str
    right: Permission
    handler: Handler
