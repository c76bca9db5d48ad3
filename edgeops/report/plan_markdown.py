"""A plan as Markdown for a pull request or a job summary, always short enough for GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgeops.commit import short_commit
from edgeops.fleet.model import DesiredDevice
from edgeops.plan.counts import DeviceFate
from edgeops.plan.document import SavedPlan
from edgeops.plan.model import Plan
from edgeops.report.markdown import (
    Room,
    code,
    code_list,
    diff_fence,
    first_fitting,
    hint_in_code,
    html_code,
)
from edgeops.report.path_changes import Op
from edgeops.report.plan_groups import DeviceGroup, PathValues, TwinChange, abridged, grouped
from edgeops.report.plan_overview import overview
from edgeops.report.plan_paused import paused_markdown
from edgeops.report.plan_text import (
    MAY_READ,
    MIXED,
    REASONS,
    STAMP_ONLY,
    Waiting,
    not_compared,
    summary,
    uploads,
    waiting,
)
from edgeops.report.plan_values import ShownValue, example, in_line, shown_values, who
from edgeops.report.style import Line
from edgeops.report.words import count, duration, show_path


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much of a plan to show: groups, device names and changed paths in each, values of each.

    `kept` is how many names of devices that are created or changed: those to be deleted matter
    more. `value` is how many characters of a value, `mixed` how many paths of devices that change
    some.
    """

    groups: int
    names: int
    paths: int
    values: int = 8
    value: int = 300
    mixed: int = 40
    kept: int = 40

    def names_in(self, group: DeviceGroup) -> int:
        """How many devices of a group to name."""
        return self.names if group.kind is DeviceFate.DELETE else min(self.names, self.kept)


# Tried in this order until the text fits; the last one fits any plan. The first is for summaries
# only: a comment of that length is unreadable.
_DETAILS = (
    _Detail(2_000, names=2_000, paths=2_000, values=2_000, value=4_000, mixed=2_000, kept=2_000),
    _Detail(groups=200, names=200, paths=400),
    _Detail(groups=100, names=40, paths=60),
    _Detail(groups=50, names=20, paths=20),
    _Detail(groups=20, names=10, paths=10, values=5, value=100),
    _Detail(groups=5, names=5, paths=5, values=3, value=60),
    _Detail(groups=0, names=1, paths=0, value=60),
)
_IN_LINE = 300  # characters of several values
_SHOWS_ALL = "`edgeops sync --dry-run -v` shows every device and value."
_UPLOADS = 1200  # characters of their names
_OPEN = 3  # up to this many groups are shown expanded


def markdown(
    plan: Plan,
    devices: Mapping[str, DesiredDevice] | None = None,
    *,
    base: str | None = None,
    room: Room = Room.COMMENT,
) -> str:
    """The plan for a reviewer: warnings, counts, groups, then each distinct patch with its devices.

    Always short enough for its `room`: long plans get shorter lists, with a
    count of what is left out. Secrets are masked. `devices` are those in git,
    for their groups and protection; `base` is the commit of an offline plan to
    compare with, in place of a hub.
    """
    groups = grouped(plan, every_path=True)
    details = _DETAILS if room is Room.SUMMARY else _DETAILS[1:]
    texts = ("\n\n".join(_blocks(plan, groups, devices or {}, base, detail)) for detail in details)
    return first_fitting(texts, room)


def digest_line(digest: str, hub: str) -> str:
    """The line of the text that identifies the plan.

    Text from a manifest or a hub can never form such a line: edgeops writes the
    beginning of every line.
    """
    return f"Plan digest `{digest}`, hub {code(hub)}"


def shows(text: str, saved: SavedPlan) -> bool:
    """Whether a text made by `markdown` shows a saved plan."""
    return digest_line(saved.digest, saved.hub) in text.splitlines()


def same_plan(text: str, other: str) -> bool:
    """Whether two such texts show plans that write the same to the same hub."""
    begin = "Plan digest `"
    lines = (
        {line for line in shown.splitlines() if line.startswith(begin)} for shown in (text, other)
    )
    return bool(set.intersection(*lines))


def _blocks(
    plan: Plan,
    groups: Sequence[DeviceGroup],
    devices: Mapping[str, DesiredDevice],
    base: str | None,
    detail: _Detail,
) -> Iterator[str]:
    to = f"→ hub {code(plan.hub)}" if base is None else f"since {code(short_commit(base))}"
    yield f"### edgeops plan: {code(plan.fleet)} at {code(short_commit(plan.commit))} {to}"
    if plan.blocked:
        why = f"{code(plan.blocked.reason)}{hint_in_code(plan.blocked.hint)}"
        yield f"> [!CAUTION]\n> **Refused as a whole**: {why}"
    if plan.changes:
        yield from overview(plan, groups, devices, detail.names)
    else:
        yield summary(plan)
    yield from _groups(groups, detail)
    yield from _left_alone(plan, detail)
    if plan.changes and plan.seconds is not None:
        yield f"Estimated duration at the rate limits of this hub: {duration(plan.seconds)}."
    for store in plan.access:
        yield MAY_READ.format(code(store))
    if plan.uploads:
        yield code(uploads(plan), _UPLOADS)
    if plan.not_compared:
        yield not_compared(plan.not_compared)
    for note in plan.notes:
        yield f"**Note**: {code(note)}"
    if plan.changes and not plan.blocked:  # without the line, nobody can approve it
        yield digest_line(plan.digest, plan.hub)


def _groups(groups: Sequence[DeviceGroup], detail: _Detail) -> Iterator[str]:
    shown, left = groups[: detail.groups], groups[detail.groups :]
    for group in shown:
        yield from _group(group, detail, expanded=len(groups) <= _OPEN)
    if left:
        number = sum(len(group.devices) for group in left)
        yield (
            f"**Left out** to keep this short: {count(len(left), 'group')} with"
            f" {count(number, 'device')}. {_SHOWS_ALL}"
        )
    elif any(_is_cut(group, detail) for group in shown):
        yield _SHOWS_ALL


def _group(group: DeviceGroup, detail: _Detail, *, expanded: bool) -> Iterator[str]:
    several = len(group.devices) > 1
    what = count(len(group.devices), "device") if several else html_code(group.devices[0])
    # GitHub reads Markdown inside <details> only after an empty line.
    yield (
        f"<details{' open' if expanded else ''}><summary>{_verb(group)} <b>{what}</b>"
        f"{_behind(group)}</summary>"
    )
    if several:
        yield code_list(group.devices, detail.names_in(group))
    if group.kind is not DeviceFate.DELETE:
        most = min(detail.paths, detail.mixed) if group.mixed else detail.paths
        shown = abridged(group, most)
        lines = [line for part in shown.parts for line in _part(part, group, detail)]
        if shown.left_out:
            lines.append([f"# and {count(shown.left_out, 'more path')}"])
        yield diff_fence(lines)
    yield "</details>"


def _verb(group: DeviceGroup) -> str:
    if len(group.devices) == 1 or group.kind is not DeviceFate.CHANGE or group.mixed:
        return group.kind
    return "change: this patch ×" if group.patches == 1 else "change: the same paths ×"


def _behind(group: DeviceGroup) -> str:
    if group.parts[0].moved_to:
        return f" ({html_code(group.why_deleted)})"
    return f", {MIXED}" if group.mixed else ""


def _is_cut(group: DeviceGroup, detail: _Detail) -> bool:
    entries = [entry for part in group.parts for entry in part.entries]
    most = min(detail.paths, detail.mixed) if group.mixed else detail.paths
    return (
        len(group.devices) > detail.names_in(group) + 1
        or len(entries) > most
        or any(len(entry.values) > detail.values for entry in entries)
    )


def _part(part: TwinChange, group: DeviceGroup, detail: _Detail) -> Iterator[Line]:
    every = len(group.devices)
    yield [f"@@ {part.title} ({REASONS[part.reason]}){_on(part.devices, every)} @@"]
    if part.stamp_only:
        yield [f"# {STAMP_ONLY}"]
    for entry in part.entries:
        yield from _entry(entry, group, detail)
    yield from ([f"# {note}{_on(devices, every)}"] for note, devices in part.notes)


def _on(devices: Sequence[str], every: int) -> str:
    """The devices that something is for, unless it is for every device of the group."""
    return f" on {who(devices)}" if len(devices) < every else ""


def _entry(entry: PathValues, group: DeviceGroup, detail: _Detail) -> Iterator[Line]:
    limit = detail.value
    path = show_path(entry.path)
    path = path if len(path) <= limit else f"…{path[-limit:]}"
    on = _on(entry.devices, len(group.devices))
    shown = shown_values(entry, most=detail.values, limit=limit)
    if len(shown.values) == 1:
        yield from _one_value(f"{path}{on}", shown.values[0])
        return
    many = shown.more and group.kind is DeviceFate.CREATE
    text = example(entry, limit) if many else ""
    if entry.op is not Op.CHANGE:
        text = text or in_line(shown, _IN_LINE)
    if text:
        yield [f"{entry.op} {path}{on}: ", text]
        return
    yield [f"# {path}{on}: {shown.different}"]
    for value in shown.values:
        yield from _one_value(f"  {value.who}", value)
    if shown.more:
        yield [f"# {shown.more}"]


def _one_value(start: str, value: ShownValue) -> Iterator[Line]:
    if value.old:
        yield [f"- {start}: ", value.old]
    if value.new:
        yield [f"+ {start}: ", value.new, value.mark]


def _left_alone(plan: Plan, detail: _Detail) -> Iterator[str]:
    if plan.refusals:
        yield _refusals(plan, detail)
    for awaited in waiting(plan):
        yield _waiting(awaited, detail)
    if plan.paused:
        yield paused_markdown(plan.paused, detail.names)


def _refusals(plan: Plan, detail: _Detail) -> str:
    lines = ["**Refused**, not changed:", ""]
    for refusal in plan.refusals[: detail.names]:
        why = f"{code(refusal.reason)}{hint_in_code(refusal.hint)}"
        lines.append(f"- {code(refusal.device)}: {why}")
    left = len(plan.refusals) - detail.names
    if left > 0:
        lines.append(f"- and {left:,} more")
    return "\n".join(lines)


def _waiting(awaited: Waiting, detail: _Detail) -> str:
    names, why = awaited.names, awaited.why
    if len(names) == 1:
        return f"**Waiting**: {code(names[0])} {why}"
    what = count(len(names), awaited.noun)
    return f"**Waiting**: {what} {why}: {code_list(names, detail.names)}"
