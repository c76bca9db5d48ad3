"""The overview above a plan for reviewers: warnings, counts, blast radius, groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgeops.fleet.model import DesiredDevice
from edgeops.plan.counts import DeviceFate, by_device, counts, kind_of
from edgeops.plan.model import Plan, Reason
from edgeops.report.markdown import cell, code_list
from edgeops.report.plan_groups import DeviceGroup
from edgeops.report.words import count

_ROWS = 20
# The rows of devices that git does not have on this hub; groups have no such names.
_GONE, _MOVED = "", " "
_OTHER_ROWS = {_GONE: "no longer in git", _MOVED: "bound to another hub"}
_WARNINGS = {
    Reason.DRIFT: ("changed on the hub by others", "this reverts {} to git"),
    Reason.ADOPTED: ("on the hub, not yet managed by edgeops", "this takes {} over"),
}


def overview(
    plan: Plan, groups: Sequence[DeviceGroup], devices: Mapping[str, DesiredDevice], names: int
) -> Iterator[str]:
    """The blocks of Markdown above the patches of a plan that has changes.

    `devices` are those in git, for their groups and protection; `names` is the
    maximum number of names in a list.
    """
    yield from _warnings(plan, devices, names)
    yield _counts(plan)
    yield _blast_radius(groups)
    if table := _rollout_groups(plan, devices):
        yield table


def _warnings(plan: Plan, devices: Mapping[str, DesiredDevice], names: int) -> Iterator[str]:
    changed = by_device(plan.changes)
    for reason, (what, effect) in _WARNINGS.items():
        affected = [name for name, all_ in changed.items() if any(c.reason is reason for c in all_)]
        if affected:
            effect = effect.format("it" if len(affected) == 1 else "them")
            yield _alert(f"{count(len(affected), 'device')} {what}; {effect}", affected, names)
    protected = [name for name in changed if name in devices and devices[name].protect]
    if protected:
        yield _alert(f"{count(len(protected), 'protected device')} affected", protected, names)


def _alert(text: str, devices: Sequence[str], names: int) -> str:
    return f"> [!WARNING]\n> **{text}**: {code_list(devices, names)}"


def _counts(plan: Plan) -> str:
    numbers = counts(plan)
    return (
        "| to create | to change | to delete | in sync | refused |\n"
        "|---:|---:|---:|---:|---:|\n"
        f"| {numbers.create:,} | {numbers.change:,} | {numbers.delete:,}"
        f" | {numbers.in_sync:,} | {numbers.refused:,} |"
    )


def _blast_radius(groups: Sequence[DeviceGroup]) -> str:
    widest = max(group.widest for group in groups)
    patches = sum(group.patches for group in groups)
    if patches > widest == 1:
        return f"**Blast radius:** {count(patches, 'device')}, each with a patch of its own"
    number = "one patch" if patches == 1 else f"{patches:,} patches, the widest"
    return f"**Blast radius:** {number} × {count(widest, 'device')}"


@dataclass(slots=True)
class _Row:
    """One group of devices: its size, and how many of its devices meet each fate."""

    devices: int
    kinds: dict[DeviceFate, int]

    @property
    def touched(self) -> int:
        return sum(self.kinds.values())


def _rollout_groups(plan: Plan, devices: Mapping[str, DesiredDevice]) -> str:
    """A table of the affected groups of the fleet; empty where there are none."""
    rows: dict[str, _Row] = {}
    for device in devices.values():
        for group in device.groups:
            rows.setdefault(group, _Row(0, dict.fromkeys(DeviceFate, 0))).devices += 1
    if not rows:
        return ""
    for name, changes in by_device(plan.changes).items():
        kind = kind_of(changes)
        other = _MOVED if changes[0].moved_to else _GONE
        for group in devices[name].groups if name in devices else (other,):
            row = rows.setdefault(group, _Row(0, dict.fromkeys(DeviceFate, 0)))
            row.kinds[kind] += 1
    touched = sorted(
        ((name, row) for name, row in rows.items() if row.touched),
        key=lambda entry: (-entry[1].touched, entry[0]),
    )
    return "\n".join(_table(touched)) if touched else ""


def _table(rows: Sequence[tuple[str, _Row]]) -> Iterable[str]:
    yield "| group | devices | to create | to change | to delete |"
    yield "|---|---:|---:|---:|---:|"
    for name, row in rows[:_ROWS]:
        what = _OTHER_ROWS.get(name) or cell(name)
        numbers = " | ".join(f"{row.kinds[kind]:,}" for kind in DeviceFate)
        size = "" if name in _OTHER_ROWS else f"{row.devices:,}"
        yield f"| {what} | {size} | {numbers} |"
    if len(rows) > _ROWS:
        yield f"| and {count(len(rows) - _ROWS, 'more group')} | | | | |"
