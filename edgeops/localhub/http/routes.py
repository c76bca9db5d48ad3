"""Routes of the service API: method, path, required permission, and handler."""

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
    permission: Permission
    handler: Handler
