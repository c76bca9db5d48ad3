"""What a route is: method, path, the right it needs, and the function that answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from edgeops.localhub.policies import Right
from edgeops.localhub.service.hub import Hub

Handler = Callable[[Hub, web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the service API."""

    method: str
    path: str
    right: Right
    handler: Handler
