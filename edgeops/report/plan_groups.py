"""A plan by groups of devices that get the same changes, so that each patch is shown once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from edgeops.fleet.hubs import among
from edgeops.plan.counts import DeviceFate, by_device, kind_of
from edgeops.plan.identity import consequences
from edgeops.plan.model import Action, Change, Plan, Reason
from edgeops.report.path_changes import PathChange, path_changes

_DEVICE = "device"


@dataclass(frozen=True, slots=True)
class TwinChange:
    """The changes to one twin, or to the deployment, of each device in a group.

    `moved_to` are the hubs that git binds deleted devices to.
    """

    title: str
    reason: Reason
    entries: tuple[PathChange, ...]
    notes: tuple[str, ...] = ()  # what the changes mean for the device
    moved_to: tuple[str, ...] = ()

    @property
    def stamp_only(self) -> bool:
        """Whether only the ownership stamp is written."""
        return self.title == _DEVICE and not self.entries and self.reason is not Reason.NEW


@dataclass(frozen=True, slots=True)
class DeviceGroup:
    """Devices that get the same changes."""

    kind: DeviceFate
    devices: tuple[str, ...]
    parts: tuple[TwinChange, ...]

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
    plan: Plan, *, per_device: bool = False, every_path: bool = False
) -> tuple[DeviceGroup, ...]:
    """The devices of a plan by their changes: new devices first, then by size of the group.

    Changed devices share a group only if their patches are identical. New
    devices share one if they get the same paths, since each has its own
    location; with `per_device` each gets its own group. A module deployed to a
    new device is one entry, or one per path with `every_path`.
    """
    alike: dict[str, tuple[DeviceFate, list[str], list[tuple[TwinChange, ...]]]] = {}
    for device, changes in by_device(plan.changes).items():
        kind = kind_of(changes)
        new = kind is DeviceFate.CREATE
        parts = _parts(changes, brief=new and not every_path)
        key = json.dumps([kind, _key(parts, paths_only=new and not per_device)])
        _, devices, variants = alike.setdefault(key, (kind, [], []))
        devices.append(device)
        variants.append(parts)
    groups = [
        DeviceGroup(kind, tuple(sorted(devices)), _common(variants))
        for kind, devices, variants in alike.values()
    ]
    order = list(DeviceFate)
    return tuple(sorted(groups, key=lambda g: (order.index(g.kind), -len(g.devices), g.devices)))


def _parts(changes: Iterable[Change], brief: bool) -> tuple[TwinChange, ...]:
    """One part per twin, which covers its creation and its patch.

    The stamp of a device is mentioned only when nothing else changes.
    """
    by_title: dict[str, TwinChange] = {}
    for change in changes:
        title = _title(change)
        entries = tuple(path_changes(change.patch, change.before, brief=brief))
        new = TwinChange(title, change.reason, (), moved_to=change.moved_to)
        before = by_title.get(title, new)
        notes = before.notes + tuple(consequences(change))
        by_title[title] = replace(before, entries=before.entries + entries, notes=notes)
    parts = tuple(by_title.values())
    return tuple(part for part in parts if part.entries or part.title != _DEVICE) or parts


def _title(change: Change) -> str:
    if change.action is Action.DEPLOY:
        return "deployment"
    return f"module {change.module}" if change.module else _DEVICE


def _key(parts: tuple[TwinChange, ...], *, paths_only: bool) -> list[Any]:
    return [
        [
            part.title,
            [part.reason, *part.moved_to],
            part.notes,
            [
                [e.op, e.path] if paths_only else [e.op, e.path, _canonical(e.old, e.new)]
                for e in part.entries
            ],
        ]
        for part in parts
    ]


def _canonical(*values: Any) -> str:
    return json.dumps(values, sort_keys=True)


def _common(devices: list[tuple[TwinChange, ...]]) -> tuple[TwinChange, ...]:
    """The parts of the first device, with the values of the other devices as variants."""
    return tuple(
        replace(
            part,
            entries=tuple(
                replace(entry, variants=_variants([other[p].entries[e].new for other in devices]))
                for e, entry in enumerate(part.entries)
            ),
        )
        for p, part in enumerate(devices[0])
    )


def _variants(values: list[Any]) -> tuple[tuple[Any, int], ...]:
    texts = [_canonical(value) for value in values]
    by_text = dict(zip(texts, values, strict=True))
    counted = Counter(texts).most_common()
    return tuple((by_text[text], number) for text, number in counted) if len(counted) > 1 else ()
