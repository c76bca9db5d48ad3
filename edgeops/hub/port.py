"""What edgeops needs of a hub: the port, and the errors its adapters raise.

Adapters turn every exception of their libraries into one of these, retry what
is worth retrying, and keep within the hub's rates; nothing above `hub/` names
an Azure or HTTP exception.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject
from edgeops.twin import Twin


class HubError(EdgeOpsError):
    """The hub refused or failed a request.

    `status` is that of HTTP (0: no answer), `code` the hub's own name for the error.
    """

    def __init__(self, message: str, hint: str = "", *, status: int = 0, code: str = "") -> None:
        super().__init__(message, hint)
        self.status = status
        self.code = code


class NotFound(HubError):
    """No such device, module or twin (404)."""


class AlreadyExists(HubError):
    """A device or module of this name is there already (409)."""


class EtagMismatch(HubError):
    """Somebody wrote since the etag was read (412)."""


class Unauthorized(HubError):
    """The credentials are wrong, expired or lack a permission (401, 403)."""


class Unreachable(HubError):
    """No connection: DNS, refused, TLS, or no answer in time."""


class Hub(Protocol):
    """A hub for the length of one command. All calls may raise `HubError`."""

    async def twin(self, device: str, module: str | None = None) -> Twin:
        """The twin as it is now (a strong read). Raises `NotFound`."""

    def device_twins(self) -> AsyncIterator[Twin]:
        """All device twins by query: fast, but on Azure it can be minutes old."""

    def module_twins(self) -> AsyncIterator[Twin]:
        """All module twins by query, system modules included; as old as `device_twins`."""

    async def devices_of(self, fleet: str) -> list[str]:
        """The ids of the devices stamped by a fleet, by query, sorted."""

    async def patch_twin(
        self, device: str, module: str | None, *, tags: JsonObject, desired: JsonObject, etag: str
    ) -> Twin:
        """Apply merge patches to tags and desired properties; gives the new twin.

        Raises `EtagMismatch` when the twin is not at `etag`, and `NotFound`.
        """

    async def create_device(self, device: str, *, edge: bool, authentication: str) -> None:
        """Create an identity (`sas`: the hub makes the keys; `x509CA`). Raises `AlreadyExists`."""

    async def delete_device(self, device: str) -> None:
        """Delete an identity and its modules. Raises `NotFound`."""

    async def create_module(self, device: str, module: str) -> None:
        """Create a module identity. Raises `AlreadyExists`, `NotFound` (the device)."""

    async def delete_module(self, device: str, module: str) -> None:
        """Delete a module identity. Raises `NotFound`."""

    async def apply_content(self, device: str, content: Mapping[str, JsonObject]) -> None:
        """Replace the desired properties of `$edgeAgent` and `$edgeHub`.

        Edge modules that the content does not list are deleted by the hub.
        """

    async def close(self) -> None:
        """Release connections."""
