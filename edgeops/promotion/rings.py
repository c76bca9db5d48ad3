"""The rings of a slot: the release of each, and its devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edgeops.fleet.catalog import Catalog
from edgeops.fleet.kinds import Rollout
from edgeops.fleet.model import DesiredFleet


@dataclass(frozen=True, slots=True)
class Ring:
    """A group with a rollout, for one slot.

    `release` is None if the group does not set the slot. `devices` are those that
    get the release from this ring: not members of an earlier ring, nor devices
    where an overlay of higher precedence sets another release.
    """

    group: str
    rollout: Rollout
    release: str | None
    devices: tuple[str, ...] = ()


def models_of_rings(catalog: Catalog) -> tuple[tuple[str, Mapping[str, str | None]], ...]:
    """The groups that are rings, in order, with the models that each sets."""
    return tuple((name, models) for name, _, models in _groups(catalog))


def slots_in_rings(catalog: Catalog) -> tuple[str, ...]:
    """The slots that any ring sets, sorted."""
    slots = {
        slot
        for _, _, models in _groups(catalog)
        for slot, release in models.items()
        if release is not None
    }
    return tuple(sorted(slots))


def rings(catalog: Catalog, fleet: DesiredFleet, slot: str) -> tuple[Ring, ...]:
    """The rings in order, without groups that set the slot to `null`."""
    result: list[Ring] = []
    taken: set[str] = set()
    for group, rollout, models in _groups(catalog):
        release = models.get(slot)
        if slot in models and release is None:
            continue
        devices = [
            name
            for name, device in sorted(fleet.devices.items())
            if group in device.groups
            and name not in taken
            and slot in device.models
            and device.models[slot].reference == release
        ]
        if release is not None:
            taken.update(devices)
        result.append(Ring(group, rollout, release, tuple(devices)))
    return tuple(result)


def _groups(catalog: Catalog) -> Iterator[tuple[str, Rollout, dict[str, str | None]]]:
    groups = [
        (group.spec.rollout, name, group.spec.layer.value.get("models", {}))
        for name, group in catalog.groups.items()
        if group.spec.rollout is not None
    ]
    for rollout, name, models in sorted(groups, key=lambda group: group[0].ring):
        yield name, rollout, models
