"""The rings of a value: what each sets, and its devices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgeops.fleet.catalog import Catalog
from edgeops.fleet.kinds import Group, Rollout
from edgeops.fleet.layers import Path, merged
from edgeops.fleet.model import DesiredDevice, DesiredFleet, Named
from edgeops.fleet.value_path import read_path
from edgeops.jsonvalue import keys_of, leaves, same
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
    said = {name: value_in(g.spec.layer.value, path) for name, g in catalog.groups.items()}
    devices = sorted(fleet.devices.items())
    result: list[Ring] = []
    taken: set[str] = set()
    for rollout, group in ring_groups(catalog):
        value = said[group.name]
        if value is Absent.REMOVED or (value is None and is_slot(path)):
            continue
        following = [
            name
            for name, device in devices
            if value is not UNSET
            and name not in taken
            and group.name in device.groups
            and not _is_ignored(device, path)
            and _follows(value, _above(catalog, device, group.name, path, said))
        ]
        taken.update(following)
        result.append(Ring(group.name, rollout, value, tuple(following)))
    return tuple(result)


def _is_ignored(device: DesiredDevice, path: Path) -> bool:
    """Whether git leaves the value on the device to others."""
    return any(path[: len(keys)] == keys for keys in map(keys_of, device.ignore))


def _above(
    catalog: Catalog, device: DesiredDevice, ring: str, path: Path, said: Mapping[str, Any]
) -> Iterator[Any]:
    """What the layers above a ring set on a device; `said` is what groups set."""
    yield from (said[name] for name in device.groups[device.groups.index(ring) + 1 :])
    own = catalog.devices[device.name].spec.layers
    yield from (value_in(layer.value, path) for layer in own)


def _follows(wanted: Any, above: Iterable[Any]) -> bool:
    """Whether a device has all of the value of its ring: no layer above it says otherwise."""
    value = merged(None, wanted)
    for over in above:
        if over is Absent.REMOVED:
            return False
        if over is not UNSET:
            value = merged(value, over)
    return same(merged(value, wanted), value)
