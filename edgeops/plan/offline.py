"""Simulates a hub: the twins that it would have after a sync."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from edgeops import stamp as stamps
from edgeops.fleet.model import DesiredDevice, DesiredFleet
from edgeops.jsonvalue import merge_patch
from edgeops.plan.device import plan_device
from edgeops.plan.identity import IDENTITY, new_twin, with_identity
from edgeops.plan.model import Action, Change, Refusal
from edgeops.plan.ownership import Owner
from edgeops.twin import EDGE_AGENT, EDGE_HUB, LiveDevice, Twin


def offline_live(base: DesiredFleet) -> dict[str, LiveDevice]:
    """The devices, by name, of a hub that is in sync with `base`."""
    return {device.name: _in_sync(device, base) for device in base.devices.values()}


def carried_out(live: LiveDevice, changes: Iterable[Change]) -> LiveDevice:
    """The device after these changes were written."""
    for change in changes:
        live = _carried_out(live, change)
    return live


def _in_sync(device: DesiredDevice, base: DesiredFleet) -> LiveDevice:
    system = (EDGE_AGENT, EDGE_HUB) if device.edge else ()
    live = LiveDevice(new_twin(device), {name: Twin(device.name, name) for name in system})
    changes = plan_device(device, live, Owner.of(base), create=True)
    assert not isinstance(changes, Refusal)  # it is what git says, and nobody stamped it
    return carried_out(live, changes)


def _carried_out(live: LiveDevice, change: Change) -> LiveDevice:
    modules = dict(live.modules)
    match change.action:
        case Action.PATCH_DEVICE | Action.STAMP_DEVICE:
            return replace(live, twin=_patched(live.twin, change))
        case Action.DEPLOY:
            for name, patch in change.patch.items():
                twin = modules.get(name, Twin(change.device, name))
                modules[name] = replace(twin, desired=merge_patch(twin.desired, patch))
            for name, listed in change.patch.get(EDGE_AGENT, {}).get("modules", {}).items():
                if listed is None:
                    modules.pop(name, None)
                else:
                    modules.setdefault(name, Twin(change.device, name))
        case Action.CREATE_MODULE | Action.PATCH_MODULE:
            assert change.module is not None
            twin = modules.get(change.module, Twin(change.device, change.module))
            modules[change.module] = _patched(twin, change)
        case Action.DELETE_MODULE:
            assert change.module is not None
            modules.pop(change.module, None)
        case Action.UPDATE_IDENTITY:
            return replace(live, twin=with_identity(live.twin, change.patch[IDENTITY]))
        case Action.CREATE_DEVICE | Action.DELETE_DEVICE:
            return live
    return replace(live, modules=modules)


def _patched(twin: Twin, change: Change) -> Twin:
    stamp = {stamps.TAG: change.stamp} if change.stamp else {}
    tags = merge_patch(merge_patch(twin.tags, change.patch.get("tags", {})), stamp)
    desired = merge_patch(twin.desired, change.patch.get("desired", {}))
    return replace(twin, tags=tags, desired=desired)
