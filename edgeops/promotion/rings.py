"""The rings of a value: what each sets, and its devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeops.fleet.catalog import Catalog
from edgeops.fleet.kinds import Group, Rollout
from edgeops.fleet.layers import Path, merged
from edgeops.fleet.model import DesiredDevice, DesiredFleet, Named
from edgeops.fleet.value_path import read_path
from edgeops.jsonvalue import JsonObject, keys_of, leaves, same
from edgeops.promotion.value import UNSET, Absent, is_slot, slot_path, value_in


@dataclass(frozen=True, slots=True)
class Ring:
    """A group with a rollout, for the value at one path.

    `value` is UNSET if the group does not set it. `devices` are those that get the
    value from this ring: not those of an earlier ring, nor devices where an overlay
    of higher precedence sets another one.
    """

    group: str
    rollout: Rollout
    value: Any
    devices: tuple[str, ...] = ()


def ring_groups(catalog: Catalog) -> tuple[tuple[Rollout, Named[Group]], ...]:
    """The groups that are rings, in order."""
    groups = [
        (group.spec.rollout, group)
        for group in catalog.groups.values()
        if group.spec.rollout is not None
    ]
    return tuple(sorted(groups, key=lambda group: group[0].ring))


def slots_in_rings(catalog: Catalog) -> tuple[str, ...]:
    """The slots that any ring sets, sorted."""
    slots = {
        slot
        for _, group in ring_groups(catalog)
        for slot, release in group.spec.layer.value.get("models", {}).items()
        if release is not None
    }
    return tuple(sorted(slots))


def values_in_rings(catalog: Catalog) -> tuple[Path, ...]:
    """The path of every single value that a ring sets, sorted."""
    paths = {
        path
        for _, group in ring_groups(catalog)
        for path, _ in leaves(group.spec.layer.value)
        if len(path) > 1
    }
    return tuple(sorted(paths))


def declared(catalog: Catalog) -> tuple[Path, ...]:
    """What follows the rings: the slots of models, then the values of each `rollout`."""
    paths = dict.fromkeys(map(slot_path, slots_in_rings(catalog)))
    for rollout, _ in ring_groups(catalog):
        paths |= dict.fromkeys(map(read_path, rollout.values))
    return tuple(paths)


def rings(catalog: Catalog, fleet: DesiredFleet, path: Path) -> tuple[Ring, ...]:
    """The rings in order, without groups that remove what the value belongs to."""
    said = {
        name: group.spec.layer.value
        for name, group in catalog.groups.items()
        if value_in(group.spec.layer.value, path) is not UNSET
    }
    result: list[Ring] = []
    taken: set[str] = set()
    for rollout, group in ring_groups(catalog):
        value = value_in(group.spec.layer.value, path)
        if value is Absent.REMOVED or (value is None and is_slot(path)):
            continue
        devices = [
            name
            for name, device in sorted(fleet.devices.items())
            if value is not UNSET
            and name not in taken
            and group.name in device.groups
            and not _is_ignored(device, path)
            and _follows(catalog, name, device.groups, group, path, said)
        ]
        taken.update(devices)
        result.append(Ring(group.name, rollout, value, tuple(devices)))
    return tuple(result)


def _is_ignored(device: DesiredDevice, path: Path) -> bool:
    """Whether git leaves the value on the device to others."""
    return any(path[: len(keys)] == keys for keys in map(keys_of, device.ignore))


def _follows(
    catalog: Catalog,
    device: str,
    groups: tuple[str, ...],
    ring: Named[Group],
    path: Path,
    said: dict[str, JsonObject],
) -> bool:
    """Whether a member of a ring has all of its value: no layer above it says otherwise."""
    above = groups[groups.index(ring.name) + 1 :]
    layers = [said[name] for name in above if name in said]
    own = catalog.devices[device].spec
    layers += [layer.value for layer in (own.layer, own.member) if layer]
    wanted = value_in(ring.spec.layer.value, path)
    value = merged(None, wanted)
    for layer in layers:
        over = value_in(layer, path)
        if over is Absent.REMOVED:
            return False
        if over is not UNSET:
            value = merged(value, over)
    return same(merged(value, wanted), value)
