"""The interface of a hub, and the errors that its implementations raise.

Implementations turn every exception of their libraries into one of these errors, retry where that
may help, and keep to the rates of the hub; nothing outside `hub/` uses an Azure or HTTP exception.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from edgeops.configuration import HubConfiguration
from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject
from edgeops.twin import Twin


class HubError(EdgeOpsError):
    """A request to the hub failed.

    `status` is that of HTTP (0: no response), `code` the hub's code for the error.
    """

    def __init__(self, message: str, hint: str = "", *, status: int = 0, code: str = "") -> None:
        super().__init__(message, hint)
        self.status = status
        self.code = code


class NotFound(HubError):
    """The device, module or twin does not exist (404)."""


class AlreadyExists(HubError):
    """A device or module of this name already exists (409)."""


class EtagMismatch(HubError):
    """The twin was written since its etag was read (412)."""


class Unauthorized(HubError):
    """The credentials are wrong, expired or lack a permission (401, 403)."""


class Unreachable(HubError):
    """No connection (DNS, refused, TLS), or no response in time."""


class Hub(Protocol):
    """A hub for the duration of one command. All calls may raise `HubError`."""

    async def twin(self, device: str, module: str | None = None) -> Twin:
        """The twin as it is now. Raises `NotFound`."""

    async def timed_twin(self, device: str, module: str | None = None) -> Twin:
        """As `twin`, with the times of its values in `updated`. Raises `NotFound`."""

    def device_twins(self, condition: str = "") -> AsyncIterator[Twin]:
        """The device twins that meet a condition of the query language, or all, by query.

        That is fast, but on Azure they can be minutes old.
        """

    def module_twins(self) -> AsyncIterator[Twin]:
        """All module twins by query, system modules included; they can be as old."""

    async def devices_of(self, fleet: str) -> list[str]:
        """The ids of the devices stamped by a fleet, by query, sorted."""

    async def configurations(self) -> tuple[HubConfiguration, ...]:
        """All automatic device configurations and IoT Edge deployments of the hub.

        Raises `Unauthorized` where the credentials may only read twins.
        """

    async def patch_twin(
        self, device: str, module: str | None, *, tags: JsonObject, desired: JsonObject, etag: str
    ) -> Twin:
        """Apply merge patches to tags and desired properties; returns the new twin.

        Raises `EtagMismatch` when the twin is not at `etag`, and `NotFound`.
        """

    async def create_device(
        self,
        device: str,
        *,
        edge: bool,
        authentication: str,
        thumbprints: Mapping[str, str] | None = None,
        status: str = "enabled",
        parent_scope: str = "",
    ) -> None:
        """Create an identity. Raises `AlreadyExists`.

        `authentication` is `sas` (with keys of the hub), `x509CA`, or `selfSigned` with
        `thumbprints` (`primary`, `secondary`); `parent_scope` is the scope of its parent.
        """

    async def update_identity(
        self,
        device: str,
        *,
        authentication: str | None = None,
        thumbprints: Mapping[str, str] | None = None,
        status: str | None = None,
        parent_scope: str | None = None,
    ) -> None:
        """Change these parts of an identity; all others stay, its keys too.

        Only another `authentication` removes keys and thumbprints, or lets the hub generate keys.
        An empty `parent_scope` detaches the device. Raises `EtagMismatch`, `NotFound`.
        """

    async def delete_device(self, device: str) -> None:
        """Delete an identity and its modules. Raises `NotFound`."""

    async def create_module(self, device: str, module: str) -> None:
        """Create a module identity. Raises `AlreadyExists`, `NotFound` (the device)."""

    async def delete_module(self, device: str, module: str) -> None:
        """Delete a module identity. Raises `NotFound`."""

    async def apply_content(self, device: str, content: Mapping[str, JsonObject]) -> None:
        """Replace the desired properties of `$edgeAgent` and `$edgeHub`.

        The hub deletes edge modules that the content does not list.
        """

    async def close(self) -> None:
        """Release connections."""
