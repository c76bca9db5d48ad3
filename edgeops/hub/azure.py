"""A hub with Azure's API: Azure IoT Hub or the local hub.

A large fleet has thousands of twins, so they are read and written over REST with aiohttp and
orjson, and devices are created so: Microsoft's SDK takes ten times the CPU for a read and twenty
times for a patch. Source: "Service - Devices", "Service - Modules" and "Service - Query" of the
Azure IoT Hub REST API, version 2021-04-12.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from edgeops.configuration import HubConfiguration, configuration_of
from edgeops.errors import EdgeOpsError
from edgeops.hub.control import Control
from edgeops.hub.credentials import Credential
from edgeops.hub.errors import Subject, odd_answer
from edgeops.hub.identity import changed, identity_fields, new_device
from edgeops.hub.queries import configurations_of, pages_of
from edgeops.hub.rates import Rates
from edgeops.hub.rest import Bounds, HubApi
from edgeops.hub.retry import Retry
from edgeops.hub.times import updated_of
from edgeops.jsonvalue import JsonObject
from edgeops.limits import Operation
from edgeops.stamp import FLEET
from edgeops.twin import Twin

_FLEET_NAME = re.compile(r"[A-Za-z0-9._-]+\Z")


class AzureHub(Control):
    """Implements `port.Hub`: twins and the identities of devices; `Control` has the other methods.

    Created inside an event loop. Raises `EdgeOpsError` when `ca_file` cannot be read.
    """

    def __init__(
        self,
        credential: Credential,
        *,
        ca_file: str | None,
        proxy: str | None,
        rates: Rates,
        concurrency: int,
        retry: Retry | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        retry = retry or Retry()
        super().__init__(credential, ca_file=ca_file, proxy=proxy, rates=rates, retry=retry)
        self._rest = HubApi(
            credential,
            ca_file=ca_file,
            proxy=proxy,
            concurrency=concurrency,
            rates=rates,
            retry=retry,
            bounds=bounds or Bounds(),
        )

    async def twin(self, device: str, module: str | None = None) -> Twin:
        """The twin as it is now. Raises `NotFound`."""
        return self._twin(*await self._read(device, module))

    async def timed_twin(self, device: str, module: str | None = None) -> Twin:
        """The twin as it is now, with the times of its values. Raises `NotFound`."""
        value, subject = await self._read(device, module)
        properties = value.get("properties") if isinstance(value, dict) else None
        updated = updated_of(properties)  # before the sections lose what the hub added
        return replace(self._twin(value, subject), updated=updated)

    async def _read(self, device: str, module: str | None) -> tuple[Any, Subject]:
        subject = Subject(self._hub, device, module)
        value, _ = await self._rest.send(Operation.TWIN_READ, "GET", _path(device, module), subject)
        return value, subject

    async def patch_twin(
        self, device: str, module: str | None, *, tags: JsonObject, desired: JsonObject, etag: str
    ) -> Twin:
        """The twin after a merge patch. Raises `EtagMismatch`, `NotFound`."""
        subject = Subject(self._hub, device, module)
        body: JsonObject = {}
        if tags:
            body["tags"] = tags
        if desired:
            body["properties"] = {"desired": desired}
        value, _ = await self._rest.send(
            Operation.TWIN_WRITE,
            "PATCH",
            _path(device, module),
            subject,
            headers={"If-Match": f'"{etag}"'},
            body=body,
        )
        return self._twin(value, subject)

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
        """Create an identity. Raises `AlreadyExists`."""
        body = new_device(
            device,
            edge=edge,
            authentication=authentication,
            thumbprints=thumbprints,
            status=status,
            parent_scope=parent_scope,
        )
        # Without If-Match, a device that exists is not replaced.
        path, subject = _identity_path(device), Subject(self._hub, device)
        await self._rest.send(Operation.REGISTRY, "PUT", path, subject, body=body)

    async def update_identity(
        self,
        device: str,
        *,
        authentication: str | None = None,
        thumbprints: Mapping[str, str] | None = None,
        status: str | None = None,
        parent_scope: str | None = None,
    ) -> None:
        """Read an identity and write it back changed. Raises `EtagMismatch`, `NotFound`."""
        subject, path = Subject(self._hub, device), _identity_path(device)
        document, _ = await self._rest.send(Operation.REGISTRY, "GET", path, subject)
        try:
            etag = document["etag"]
            body = changed(
                document,
                authentication=authentication,
                thumbprints=thumbprints,
                status=status,
                parent_scope=parent_scope,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise odd_answer(subject) from error
        headers = {"If-Match": f'"{etag}"'}
        await self._rest.send(Operation.REGISTRY, "PUT", path, subject, headers=headers, body=body)

    def device_twins(self, condition: str = "") -> AsyncIterator[Twin]:
        """The device twins that meet a condition, by query."""
        where = f" WHERE {condition}" if condition else ""
        query = f"SELECT * FROM devices{where}"  # noqa: S608 - the condition is the user's own
        return self._twins(query)

    def module_twins(self) -> AsyncIterator[Twin]:
        """All module twins, by query."""
        return self._twins("SELECT * FROM devices.modules")

    async def devices_of(self, fleet: str) -> list[str]:
        """The ids of the devices stamped by a fleet, by query, sorted."""
        if not _FLEET_NAME.match(fleet):  # the query language has no escapes
            raise EdgeOpsError(
                f"the fleet name {fleet!r} cannot be used in a query",
                "use letters, digits, '.', '_' and '-'",
            )
        query = f"SELECT deviceId FROM devices WHERE {FLEET} = '{fleet}'"  # noqa: S608
        pages = pages_of(self._rest, query)
        return sorted([item["deviceId"] async for page in pages for item in page])

    async def configurations(self) -> tuple[HubConfiguration, ...]:
        """All configurations and automatic deployments. Raises `Unauthorized`."""
        items = await configurations_of(self._rest)
        try:
            return tuple(map(configuration_of, items))
        except (KeyError, TypeError, AttributeError) as error:
            raise odd_answer(Subject(self._hub)) from error

    async def _twins(self, query: str) -> AsyncIterator[Twin]:
        subject = Subject(self._hub)
        async for page in pages_of(self._rest, query):
            for item in page:
                yield self._twin(item, subject)

    def _twin(self, value: Any, subject: Subject) -> Twin:
        try:
            return twin_of(value)
        except (KeyError, TypeError, AttributeError) as error:
            raise odd_answer(subject) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._rest.close()
        await super().close()


def _identity_path(device: str) -> str:
    return f"/devices/{quote(device, safe='')}"


def _path(device: str, module: str | None) -> str:
    path = f"/twins/{quote(device, safe='')}"
    return path if module is None else f"{path}/modules/{quote(module, safe='')}"


_NEVER = "0001-01-01T00:00:00"


def twin_of(value: Mapping[str, Any]) -> Twin:
    """The twin in its JSON form (Twin of the service REST API), whose sections it reuses.

    Raises `KeyError`, `TypeError` or `AttributeError` if the value is not a twin.
    """
    module = value.get("moduleId")
    properties = value.get("properties") or {}
    desired, version = _section(properties.get("desired"))
    reported, _ = _section(properties.get("reported"))
    activity = value.get("lastActivityTime") or _NEVER
    return Twin(
        device=value["deviceId"],
        module=module,
        etag=value.get("etag") or "",
        tags=value.get("tags") or {},
        desired=desired,
        reported=reported,
        desired_version=version,
        connected=value.get("connectionState") == "Connected",
        last_activity=None if activity.startswith(_NEVER) else activity,
        **identity_fields(value),
        configurations=tuple(sorted(value.get("configurations") or ())),
    )


def _section(value: JsonObject | None) -> tuple[JsonObject, int]:
    """A section without the members that the hub adds, and its version."""
    if value is None:
        return {}, 1
    value.pop("$metadata", None)
    return value, value.pop("$version", 1)
