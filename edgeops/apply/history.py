"""Reads the history of a fleet from its hub, and writes what is added to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from edgeops.errors import EdgeOpsError
from edgeops.history import ApplyHistory
from edgeops.history_device import history_device
from edgeops.history_document import KEY, decode, encode
from edgeops.hub.port import AlreadyExists, EtagMismatch, Hub, NotFound, Unauthorized
from edgeops.stamp import decode as stamp_of
from edgeops.stamp import owned_paths
from edgeops.twin import Twin, diff

_TRIES = 8
_SECONDS = 0.2  # before the next try, when the twin of a new identity is not there yet

Edit = Callable[[ApplyHistory], ApplyHistory]


@dataclass(frozen=True, slots=True)
class KeptHistory:
    """The history on a hub; `why_not` says why it is not that of this repository, or not known."""

    history: ApplyHistory = field(default_factory=ApplyHistory)
    exists: bool = False
    why_not: str = ""


async def read_history(hub: Hub, fleet: str, uid: str | None) -> KeptHistory:
    """The history of a fleet. Raises `HubError`."""
    try:
        twin = await hub.twin(history_device(fleet))
    except NotFound:
        return KeptHistory()
    return _kept(twin, uid)


async def change_history(
    hub: Hub,
    fleet: str,
    uid: str | None,
    edit: Edit,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> str:
    """Write the history as edited; gives why it was not written, or an empty text.

    The identity is created if it is missing. What others write meanwhile is kept: the history is
    read and edited again.
    """
    device = history_device(fleet)
    try:
        for _ in range(_TRIES):
            try:
                twin = await hub.twin(device)
            except NotFound:
                if not await _create(hub, device):
                    await sleep(_SECONDS)
                continue
            kept = _kept(twin, uid)
            if kept.why_not:
                return kept.why_not
            want = encode(replace(edit(kept.history), uid=uid))
            live = {KEY: twin.desired[KEY]} if KEY in twin.desired else {}
            owned = frozenset(path[1:] for path in owned_paths({"desired": live}))
            patch = diff(live, want, owned)
            if not patch:
                return ""
            try:
                await hub.patch_twin(device, None, tags={}, desired=patch, etag=twin.etag)
            except (EtagMismatch, NotFound):
                continue
            return ""
    except Unauthorized as error:
        return f"these credentials may not write the device identity {device}: {error.message}"
    except EdgeOpsError as error:
        return error.message
    return f"the twin of {device} keeps changing on the hub"


async def _create(hub: Hub, device: str) -> bool:
    try:
        await hub.create_device(device, edge=False, authentication="sas", status="disabled")
    except AlreadyExists:
        return False
    return True


def _kept(twin: Twin, uid: str | None) -> KeptHistory:
    history = decode(twin.desired)
    if history is None:
        is_new = twin.status == "disabled" and not twin.edge and stamp_of(twin.tags) is None
        why = f"the device {twin.device} on the hub does not hold a history"
        return KeptHistory(exists=is_new, why_not="" if is_new else why)
    if not history.of_repository(uid):
        why = (
            f"the history on the hub ({twin.device}) is that of another repository,"
            f" whose Fleet has the same name and uid {history.uid}"
        )
        return KeptHistory(history, exists=True, why_not=why)
    return KeptHistory(history, exists=True)
