"""Routes of the service API: method, path, required permission, and handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from edgeops.localhub.policies import Permission
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.throttles import OperationKind

Handler = Callable[[EmulatedHub, web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the service API.

    `kind` is what it counts as for throttles and faults, None for neither.
    """

    method: str
    path: str
    permission: Permission
    handler: Handler
    kind: OperationKind | None
