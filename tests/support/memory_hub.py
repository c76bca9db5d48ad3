"""A hub in memory, for tests: the same rules and errors as a real one, and no network."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from edgeops.configuration import HubConfiguration
from edgeops.hub.errors import Answer, Subject, refusal
from edgeops.hub.identity import device_of
from edgeops.hub.port import HubError
from edgeops.hub.retry import Transient
from edgeops.jsonvalue import JsonObject, merge_patch
from edgeops.limits import DESIRED_BYTES, TAGS_BYTES, check_section
from edgeops.stamp import decode
from edgeops.twin import EDGE_AGENT, EDGE_HUB, Twin

_HUB = "memory"
_START = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Device:
    twin: Twin
    modules: dict[str, Twin] = field(default_factory=dict)
    deployed: set[str] = field(default_factory=set)  # modules that the edge deployment made
    times: dict[str | None, dict[tuple[str, ...], str]] = field(default_factory=dict)


class MemoryHub:
    """`port.Hub` without a network; queries are up to date."""

    def __init__(self) -> None:
        self.may_read_configurations = True
        self._devices: dict[str, _Device] = {}
        self._configurations: dict[str, HubConfiguration] = {}
        self._writes = 0

    async def twin(self, device: str, module: str | None = None) -> Twin:
        """See `Hub.twin`."""
        return self._find(device, module)

    async def timed_twin(self, device: str, module: str | None = None) -> Twin:
        """See `Hub.timed_twin`."""
        twin = self._find(device, module)
        return replace(twin, updated=dict(self._devices[device].times.get(module, {})))

    async def device_twins(self) -> AsyncIterator[Twin]:
        """See `Hub.device_twins`."""
        for device in list(self._devices.values()):
            yield device.twin

    async def module_twins(self) -> AsyncIterator[Twin]:
        """See `Hub.module_twins`."""
        for device in list(self._devices.values()):
            for module in list(device.modules.values()):
                yield module

    async def devices_of(self, fleet: str) -> list[str]:
        """See `Hub.devices_of`."""
        stamps = {name: decode(device.twin.tags) for name, device in self._devices.items()}
        return sorted(name for name, stamp in stamps.items() if stamp and stamp.fleet == fleet)

    async def configurations(self) -> tuple[HubConfiguration, ...]:
        """See `Hub.configurations`."""
        if not self.may_read_configurations:
            raise refusal(Answer(403, {}, b"{}"), Subject(_HUB))
        return tuple(self._configurations.values())

    async def patch_twin(
        self, device: str, module: str | None, *, tags: JsonObject, desired: JsonObject, etag: str
    ) -> Twin:
        """See `Hub.patch_twin`."""
        before = self._find(device, module)
        if module in (EDGE_AGENT, EDGE_HUB):
            raise _error(401, "SystemModuleModifyUnauthorizedAccess", device, module)
        if etag not in (before.etag, "*"):
            raise _error(412, "PreconditionFailed", device, module)
        after = replace(
            before,
            etag=self._new_etag(),
            tags=merge_patch(before.tags, tags),
            desired=merge_patch(before.desired, desired),
            desired_version=before.desired_version + bool(desired),
        )
        _check_limits(after)
        self._put(after)
        if desired:
            self._touch(after, "desired", desired)
        return after

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
        """See `Hub.create_device`."""
        if device in self._devices:
            raise _error(409, "DeviceAlreadyExists", device)
        twin = Twin(
            device,
            etag=self._new_etag(),
            edge=edge,
            authentication=authentication,
            thumbprints=thumbprints or {},
            status=status,
            scope=f"ms-azure-iot-edge://{device}-1" if edge else parent_scope,
            parent=device_of(parent_scope),
        )
        self._devices[device] = _Device(twin)
        if edge:
            self._put(self._new_module(device, EDGE_AGENT))
            self._put(self._new_module(device, EDGE_HUB))

    async def update_identity(
        self,
        device: str,
        *,
        authentication: str | None = None,
        thumbprints: Mapping[str, str] | None = None,
        status: str | None = None,
        parent_scope: str | None = None,
    ) -> None:
        """See `Hub.update_identity`."""
        twin = self._find(device)
        if authentication:
            twin = replace(twin, authentication=authentication, thumbprints={})
        if thumbprints:
            twin = replace(twin, thumbprints={**twin.thumbprints, **thumbprints})
        if parent_scope is not None:
            twin = replace(twin, parent=device_of(parent_scope))
            twin = twin if twin.edge else replace(twin, scope=parent_scope)
        self._put(replace(twin, status=status or twin.status))

    async def delete_device(self, device: str) -> None:
        """See `Hub.delete_device`."""
        self._find(device)
        del self._devices[device]

    async def create_module(self, device: str, module: str) -> None:
        """See `Hub.create_module`."""
        self._find(device)
        if module in self._devices[device].modules:
            raise _error(409, "ModuleAlreadyExistsOnDevice", device, module)
        self._put(self._new_module(device, module))

    async def delete_module(self, device: str, module: str) -> None:
        """See `Hub.delete_module`."""
        self._find(device, module)
        del self._devices[device].modules[module]
        self._devices[device].deployed.discard(module)

    async def apply_content(self, device: str, content: Mapping[str, JsonObject]) -> None:
        """See `Hub.apply_content`."""
        if not self._find(device).edge:
            raise _error(400, "InvalidConfigurationContent", device)
        on_hub = self._devices[device]
        for name, desired in content.items():
            before = self._find(device, name)
            self._put(
                replace(
                    before,
                    etag=self._new_etag(),
                    desired=desired,
                    desired_version=before.desired_version + 1,
                )
            )
            on_hub.times.get(name, {}).clear()
            self._touch(before, "desired", desired)
        listed = on_hub.modules[EDGE_AGENT].desired.get("modules", {}).keys()
        for name in sorted(listed - on_hub.modules.keys()):
            self._put(self._new_module(device, name))
            on_hub.deployed.add(name)
        for name in sorted(on_hub.deployed - listed):
            await self.delete_module(device, name)

    async def close(self) -> None:
        """See `Hub.close`."""

    def configure(
        self, configuration: HubConfiguration, device: str, module: str | None = None
    ) -> None:
        """Let a twin show that a configuration targets it."""
        self._configurations[configuration.id] = configuration
        before = self._find(device, module)
        ids = tuple(sorted({*before.configurations, configuration.id}))
        self._put(replace(before, configurations=ids))

    def report(
        self, device: str, module: str | None, reported: JsonObject, *, connected: bool = True
    ) -> None:
        """What a device does: merge into its reported properties. The etag changes, as it may."""
        before = self._find(device, module)
        self._put(
            replace(
                before,
                etag=self._new_etag(),
                reported=merge_patch(before.reported, reported),
                connected=connected,
            )
        )
        self._touch(before, "reported", reported)

    def _find(self, device: str, module: str | None = None) -> Twin:
        on_hub = self._devices.get(device)
        if on_hub is None:
            raise _error(404, "DeviceNotFound", device, module)
        if module is None:
            return on_hub.twin
        if module not in on_hub.modules:
            raise _error(404, "ModuleNotFound", device, module)
        return on_hub.modules[module]

    def _put(self, twin: Twin) -> None:
        on_hub = self._devices[twin.device]
        if twin.module is None:
            on_hub.twin = twin
        else:
            on_hub.modules[twin.module] = twin

    def _touch(self, twin: Twin, section: str, patch: JsonObject) -> None:
        """Give what a patch names the time of now, which is later at each write."""
        times = self._devices[twin.device].times.setdefault(twin.module, {})
        now = f"{_START + timedelta(seconds=self._writes):%Y-%m-%dT%H:%M:%S}.0000000Z"
        waiting: list[tuple[tuple[str, ...], Any]] = [((section,), patch)]
        while waiting:
            path, value = waiting.pop()
            for old in [old for old in times if value is None and old[: len(path)] == path]:
                del times[old]
            if value is not None:
                times[path] = now
            if isinstance(value, dict):
                waiting += [((*path, key), below) for key, below in value.items()]

    def _new_module(self, device: str, module: str) -> Twin:
        return Twin(device, module, etag=self._new_etag())

    def _new_etag(self) -> str:
        self._writes += 1
        return base64.b64encode(self._writes.to_bytes(8, "big")).decode()


def _check_limits(twin: Twin) -> None:
    for section, most in ((twin.tags, TAGS_BYTES), (twin.desired, DESIRED_BYTES)):
        for violation in check_section(section, most):
            code = "ArgumentInvalid" if violation.pointer else "DeviceModelMaxPropertiesExceeded"
            status = 400 if violation.pointer else 403
            text = f"{violation.pointer} {violation.message}".strip()
            raise _error(status, code, twin.device, twin.module, text)


def _error(
    status: int, code: str, device: str, module: str | None = None, text: str = ""
) -> HubError:
    """The error that the same answer of a real hub becomes."""
    body = f'{{"Message": "ErrorCode:{code};{text}"}}'.encode()
    error = refusal(Answer(status, {}, body), Subject(_HUB, device, module))
    assert not isinstance(error, Transient)
    return error
