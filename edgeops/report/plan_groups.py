"""A plan by groups of devices that get the same changes, so that each path is shown once."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from edgeops.fleet.hubs import among
from edgeops.fleet.variables import as_json
from edgeops.plan.counts import DeviceFate, by_device, kind_of
from edgeops.plan.identity import consequences
from edgeops.plan.model import Action, Change, Plan, Reason
from edgeops.report.path_changes import Keys, Op, PathChange, path_changes

_DEVICE = "device"
_MOST_GROUPS = 12  # with one fate; of more, the small ones are shown together
_NUMBERS = (int, float, bool)
_STAMPED = (Reason.ADOPTED, Reason.CHANGED, Reason.DRIFT)  # what exists, and is not deleted
_SMALL = 20  # a group is small if it has less than one in so many of the devices

_encoded = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value before and after, and the devices on which a path changes so."""

    old: Any
    new: Any
    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PathValues:
    """One path that changes on devices of a group, its values by their number of devices."""

    op: Op
    path: Keys
    values: tuple[ValueChange, ...]

    @property
    def devices(self) -> tuple[str, ...]:
        """The devices on which it changes."""
        if len(self.values) == 1:
            return self.values[0].devices
        return _sorted(value.devices for value in self.values)


@dataclass(frozen=True, slots=True)
class TwinChange:
    """The changes to one twin, or to the deployment, of devices in a group.

    `notes` say what the changes mean for devices, with these. `moved_to` are the hubs that git
    binds deleted devices to.
    """

    title: str
    reason: Reason
    devices: tuple[str, ...]
    entries: tuple[PathValues, ...]
    notes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    moved_to: tuple[str, ...] = ()

    @property
    def stamp_only(self) -> bool:
        """Whether only the ownership stamp is written."""
        return not self.entries and self.reason in _STAMPED


@dataclass(frozen=True, slots=True)
class DeviceGroup:
    """Devices that change the same paths; if it is `mixed`, each of them some of the paths.

    `patches` is how many different patches they get, `widest` how many devices get the most
    frequent one. `left_out` counts the changes that `abridged` took away.
    """

    kind: DeviceFate
    devices: tuple[str, ...]
    parts: tuple[TwinChange, ...]
    patches: int
    widest: int
    mixed: bool = False
    left_out: int = 0

    @property
    def why_deleted(self) -> str:
        """Why devices are deleted; empty if they are not."""
        if self.kind is not DeviceFate.DELETE:
            return ""
        hubs = self.parts[0].moved_to
        one = len(self.devices) == 1
        return (
            f"git binds {'it' if one else 'them'} to {among(hubs)}" if hubs else "removed from git"
        )


def grouped(
    plan: Plan, *, per_patch: bool = False, every_path: bool = False
) -> tuple[DeviceGroup, ...]:
    """The devices of a plan by the paths that they change: new ones first, then the largest group.

    Where there are many groups, the small ones are one, which is `mixed`. With `per_patch`, devices
    share a group only if their patches are identical. A module deployed to a new device is one
    entry, or one per path with `every_path`.
    """
    by_paths: dict[Any, dict[Any, _Patch]] = {}
    known: dict[Hashable, _Patch] = {}
    for device, changes in by_device(plan.changes).items():
        as_text = tuple(map(_as_text, changes))
        if as_text in known:
            known[as_text].devices.append(device)
            continue
        kind = kind_of(changes)
        parts = _parts(changes, brief=kind is DeviceFate.CREATE and not every_path)
        values = tuple(_values_of(part.entries) for part in parts)
        alike = by_paths.setdefault((kind, tuple(part.paths for part in parts)), {})
        known[as_text] = alike.setdefault(values, _Patch(kind, parts, values))
        known[as_text].devices.append(device)
    sets = [list(alike.values()) for alike in by_paths.values()]
    if per_patch:
        groups = [_together([patch]) for patches in sets for patch in patches]
    else:
        groups = [_together(patches, mixed=mixed) for patches, mixed in _with_small_ones(sets)]
    order = list(DeviceFate)
    return tuple(sorted(groups, key=lambda g: (order.index(g.kind), -len(g.devices), g.devices)))


def abridged(group: DeviceGroup, most: int) -> DeviceGroup:
    """The group with so many changed paths at most: the most frequent ones, and the rarest.

    A part without paths, such as a module that is deleted, counts as one.
    """
    every = [
        (len(entry.devices) if entry else len(part.devices), at, entry)
        for at, part in enumerate(group.parts)
        for entry in part.entries or (None,)
    ]
    if len(every) <= most:
        return group
    every.sort(key=lambda ranked: -ranked[0])
    rarest = most // 2
    kept = every[: most - rarest] + every[len(every) - rarest :]
    shown = {(at, entry and (entry.op, entry.path)) for _, at, entry in kept}
    parts = tuple(
        replace(part, entries=tuple(e for e in part.entries if (at, (e.op, e.path)) in shown))
        for at, part in enumerate(group.parts)
        if any(at == place for place, _ in shown)
    )
    return replace(group, parts=parts, left_out=len(every) - most)


@dataclass(frozen=True, slots=True)
class _Part:
    """The changes to one twin of one device."""

    title: str
    reason: Reason
    entries: tuple[PathChange, ...]
    notes: tuple[str, ...] = ()
    moved_to: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[Any, ...]:
        """What a part shares with those of other devices in its group."""
        paths = tuple((entry.op, entry.path) for entry in self.entries)
        return self.title, self.reason, self.moved_to, self.notes, paths


@dataclass(frozen=True, slots=True)
class _Patch:
    """Devices that get exactly the same changes; `values` tells those of the parts apart."""

    kind: DeviceFate
    parts: tuple[_Part, ...]
    values: tuple[tuple[Hashable, ...], ...]
    devices: list[str] = field(default_factory=list)


def _as_text(change: Change) -> Hashable:
    """All of a change that is told; nearly all devices of a large plan share it."""
    values = as_json([change.patch, change.before])
    return change.action, change.reason, change.module, change.moved_to, values


def _parts(changes: Iterable[Change], brief: bool) -> tuple[_Part, ...]:
    """One part per twin, which covers its creation and its patch.

    The stamp of a device is mentioned only when nothing else changes.
    """
    by_title: dict[str, list[Change]] = {}
    for change in changes:
        by_title.setdefault(_title(change), []).append(change)
    parts = [
        _Part(
            title,
            same[0].reason,
            tuple(
                e for change in same for e in path_changes(change.patch, change.before, brief=brief)
            ),
            tuple(note for change in same for note in consequences(change)),
            same[0].moved_to,
        )
        for title, same in by_title.items()
    ]
    return tuple(part for part in parts if part.entries or part.title != _DEVICE) or tuple(parts)


def _title(change: Change) -> str:
    if change.action is Action.DEPLOY:
        return "deployment"
    return f"module {change.module}" if change.module else _DEVICE


def _values_of(entries: Iterable[PathChange]) -> tuple[Hashable, ...]:
    return tuple((_hashable(entry.old), _hashable(entry.new)) for entry in entries)


def _hashable(value: Any) -> Hashable:
    """What equals that of another value only if they are the same JSON: `1` is not `true`."""
    kind = type(value)
    if value is None or kind is str:
        return cast("Hashable", value)
    return kind, value if kind in _NUMBERS else _encoded(value)


def _with_small_ones(sets: Sequence[list[_Patch]]) -> Iterable[tuple[list[_Patch], bool]]:
    """The patches of each group, and whether it is mixed of small ones."""
    for fate in DeviceFate:
        own = [patches for patches in sets if patches[0].kind is fate]
        small: list[list[_Patch]] = []
        if len(own) > _MOST_GROUPS and fate is not DeviceFate.DELETE:
            total = sum(map(_size, own))
            small = [patches for patches in own if _size(patches) * _SMALL < total]
        if len(small) > 1:
            own = [patches for patches in own if _size(patches) * _SMALL >= total]
            yield [patch for patches in small for patch in patches], True
        yield from ((patches, False) for patches in own)


def _size(patches: Iterable[_Patch]) -> int:
    return sum(len(patch.devices) for patch in patches)


def _together(patches: Sequence[_Patch], *, mixed: bool = False) -> DeviceGroup:
    """One group of the devices that get one of several patches."""
    parts: dict[Any, list[_Same]] = {}
    for patch in patches:
        for part, values in zip(patch.parts, patch.values, strict=True):
            key = part.title, part.reason, part.moved_to
            parts.setdefault(key, []).append((part, values, patch.devices))
    return DeviceGroup(
        patches[0].kind,
        _sorted(patch.devices for patch in patches),
        tuple(_twin_change(same, mixed) for same in parts.values()),
        patches=len(patches),
        widest=max(len(patch.devices) for patch in patches),
        mixed=mixed,
    )


_Same = tuple[_Part, tuple[Hashable, ...], list[str]]  # a part, its values, its devices


def _twin_change(parts: Sequence[_Same], mixed: bool) -> TwinChange:
    first, _, _ = parts[0]
    changed: dict[tuple[Op, Keys], dict[Hashable, list[tuple[PathChange, list[str]]]]] = {}
    notes: dict[str, list[list[str]]] = {}
    for part, values, devices in parts:
        for entry, value in zip(part.entries, values, strict=True):
            by_value = changed.setdefault((entry.op, entry.path), {})
            by_value.setdefault(value, []).append((entry, devices))
        for note in part.notes:
            notes.setdefault(note, []).append(devices)
    entries = [
        PathValues(op, path, tuple(sorted(map(_value, by_value.values()), key=_rareness)))
        for (op, path), by_value in changed.items()
    ]
    if mixed:
        entries.sort(key=lambda entry: [(isinstance(key, str), key) for key in entry.path])
    return TwinChange(
        first.title,
        first.reason,
        _sorted(devices for _, _, devices in parts),
        tuple(entries),
        tuple((note, _sorted(devices)) for note, devices in notes.items()),
        first.moved_to,
    )


def _value(same: Sequence[tuple[PathChange, list[str]]]) -> ValueChange:
    change, _ = same[0]
    return ValueChange(change.old, change.new, _sorted(devices for _, devices in same))


def _rareness(value: ValueChange) -> int:
    return -len(value.devices)


def _sorted(lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(sorted(name for names in lists for name in names))
