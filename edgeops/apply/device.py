"""Writes the changes of one device.

Every twin write has the etag that the plan was made with. When the hub reports that the device has
changed since, it is read and planned again: changes that are still as planned are written, those no
longer needed are dropped, anything else is a conflict.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, assert_never

from edgeops import stamp as stamps
from edgeops.apply.replan import Conflict, DeviceChanges, replan
from edgeops.apply.secrets import SecretValues
from edgeops.fleet.model import MODEL_LOADER
from edgeops.hub.port import AlreadyExists, EtagMismatch, Hub, HubError, NotFound
from edgeops.jsonvalue import merge_patch
from edgeops.plan.identity import IDENTITY
from edgeops.plan.model import Action, Change
from edgeops.twin import EDGE_AGENT, EDGE_HUB, LiveDevice, Twin

Sleep = Callable[[float], Awaitable[None]]

# Writes without an etag: the device is read and planned again right before them.
_WITHOUT_ETAG = (Action.UPDATE_IDENTITY, Action.DEPLOY, Action.DELETE_MODULE, Action.DELETE_DEVICE)

# The number of times that a device is planned again before it is a conflict.
_REPLANS = 5

# Seconds between reads of a twin that the hub is still creating (404010 after a deployment).
_PATIENCE = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


class DeviceWriter:
    """Writes the changes of one device, and its read access; `written` counts its writes."""

    def __init__(
        self,
        hub: Hub,
        planned: DeviceChanges,
        secrets: SecretValues,
        sleep: Sleep,
        unguarded: asyncio.Semaphore,
    ) -> None:
        self.written = 0
        self._hub = hub
        self._planned = planned
        self._secrets = secrets
        self._pending = planned.changes
        self._live: LiveDevice | None = None  # None unless it was just read
        self._etags: dict[str | None, str] = {}  # of the twins written so far, by module
        self._access = planned.access  # empty once it is written
        self._replans = 0
        self._sleep = sleep
        self._unguarded = unguarded

    async def write(self) -> None:
        """Write the changes. Raises `HubError`, `Conflict` and `Refused`."""
        while self._pending:
            if self._pending[0].action not in _WITHOUT_ETAG:
                await self._step()
                continue
            # Few devices at a time, so that none waits for the hub's rate between read and write.
            async with self._unguarded:
                if self._live is None:
                    await self._plan_again()
                if self._pending and self._pending[0].action in _WITHOUT_ETAG:
                    await self._step()
        if self._access:
            await self._give_access()

    async def _step(self) -> None:
        change = self._pending[0]
        try:
            await self._carry_out(change)
        except (EtagMismatch, AlreadyExists, NotFound):
            await self._plan_again()
        else:
            self._pending = self._pending[1:]
            if change.action is not Action.DELETE_MODULE:  # one read is enough for all of them
                self._live = None

    async def _plan_again(self) -> None:
        if self._replans == _REPLANS:
            raise _keeps_changing()
        self._replans += 1
        self._live, self._pending = await replan(self._hub, self._planned)
        self._etags.clear()

    async def _carry_out(self, change: Change) -> None:
        match change.action:
            case Action.CREATE_DEVICE:
                identity = await self._identity(change)
                await self._hub.create_device(self._planned.device, **identity)
            case Action.UPDATE_IDENTITY:
                identity = await self._identity(change)
                await self._hub.update_identity(self._planned.device, **identity)
            case Action.PATCH_DEVICE | Action.PATCH_MODULE | Action.STAMP_DEVICE:
                await self._patch(change)
            case Action.DEPLOY:
                await self._deploy(change)
            case Action.CREATE_MODULE:
                assert change.module is not None
                await self._hub.create_module(self._planned.device, change.module)
            case Action.DELETE_MODULE:
                assert change.module is not None
                with suppress(NotFound):  # already deleted; the stamp must still be updated
                    await self._hub.delete_module(self._planned.device, change.module)
            case Action.DELETE_DEVICE:
                await self._hub.delete_device(self._planned.device)
            case _:
                assert_never(change.action)
        self.written += 1

    async def _identity(self, change: Change) -> dict[str, Any]:
        """The identity of a change as a hub takes it: the parent as a scope."""
        identity = dict(change.patch[IDENTITY])
        parent = identity.pop("parent", None)
        if parent is None:
            return identity
        return {**identity, "parent_scope": await self._scope(parent) if parent else ""}

    async def _scope(self, parent: str) -> str:
        try:
            twin = await self._hub.twin(parent)
        except NotFound as error:
            hint = "register it first, or sync it too"
            raise HubError(f"its parent '{parent}' is not on the hub", hint) from error
        if not twin.edge or not twin.scope:
            hint = "name another `parent`"
            raise HubError(f"its parent '{parent}' is not an IoT Edge device on the hub", hint)
        return twin.scope

    async def _patch(self, change: Change) -> None:
        etag = self._etags.get(change.module) or change.etag or await self._new_etag(change.module)
        stamp = {stamps.TAG: change.stamp} if change.stamp else {}
        # In one write, so that the device wakes up once and can download immediately.
        access = self._access if change.module == MODEL_LOADER else {}
        patch = self._secrets.put_into(change.patch)
        twin = await self._hub.patch_twin(
            self._planned.device,
            change.module,
            tags={**patch.get("tags", {}), **stamp},
            desired={**patch.get("desired", {}), **access},
            etag=etag,
        )
        self._etags[change.module] = twin.etag
        if access:
            self._access = {}

    async def _give_access(self) -> None:
        """Write only the read access: nothing else changes in the module's twin."""
        for _ in range(_REPLANS):
            twin = await self._appeared(MODEL_LOADER)
            with suppress(EtagMismatch):
                await self._hub.patch_twin(
                    twin.device, MODEL_LOADER, tags={}, desired=self._access, etag=twin.etag
                )
                self._access = {}
                self.written += 1
                return
        raise _keeps_changing()

    async def _deploy(self, change: Change) -> None:
        assert self._live is not None
        # Only what git names is replaced, never what is already on the hub.
        patch = self._secrets.put_into(change.patch)
        content = {
            name: merge_patch(self._live.desired(name), patch.get(name, {}))
            for name in (EDGE_AGENT, EDGE_HUB)
        }
        await self._hub.apply_content(self._planned.device, content)

    async def _new_etag(self, module: str | None) -> str:
        """The etag of a twin created since the plan. Raises `EtagMismatch` if it is not empty."""
        twin = await self._appeared(module)
        if twin.tags or twin.desired:
            raise EtagMismatch("the new twin is not empty: another client wrote to it")
        return twin.etag

    async def _appeared(self, module: str | None) -> Twin:
        for seconds in _PATIENCE:
            try:
                return await self._hub.twin(self._planned.device, module)
            except NotFound:
                await self._sleep(seconds)
        missing = f"module {module}" if module else "the device"
        message = f"the hub did not create {missing} within {sum(_PATIENCE):.0f} s"
        raise HubError(message, "sync again later")


def _keeps_changing() -> Conflict:
    return Conflict(
        "keeps changing on the hub during the sync",
        "find out what else writes to its twins, then sync again",
    )
