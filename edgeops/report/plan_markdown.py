"""A plan as Markdown for a pull request or a job summary, always short enough for GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

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
from edgeops.report.path_changes import Op, PathChange
from edgeops.report.plan_groups import DeviceGroup, TwinChange, grouped
from edgeops.report.plan_overview import overview
from edgeops.report.plan_paused import paused_markdown
from edgeops.report.plan_text import (
    MAY_READ,
    REASONS,
    STAMP_ONLY,
    Waiting,
    not_compared,
    show_new,
    summary,
    waiting,
)
from edgeops.report.words import count, duration, short_commit, show, show_change, show_path


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much of a plan to show: groups, device names in each, changed paths in each part."""

    groups: int
    names: int
    paths: int
    value: int = 300


# Tried in this order until the text fits; the last one fits any plan. The first is for summaries
# only: a comment of that length is unreadable.
_DETAILS = (
    _Detail(groups=2_000, names=2_000, paths=2_000, value=4_000),
    _Detail(groups=200, names=200, paths=400),
    _Detail(groups=100, names=40, paths=60),
    _Detail(groups=50, names=20, paths=20),
    _Detail(groups=20, names=10, paths=10, value=100),
    _Detail(groups=5, names=5, paths=5, value=60),
    _Detail(groups=0, names=1, paths=0, value=60),
)
_PARTS = 60  # of one device; it has at most 50 modules
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
    shown = groups[: detail.groups]
    for group in shown:
        yield from _group(group, detail, expanded=len(groups) <= _OPEN)
    left = groups[detail.groups :]
    if left:
        number = sum(len(group.devices) for group in left)
        yield (
            f"**Left out** to keep this short: {count(len(left), 'group')} with"
            f" {count(number, 'device')}. `edgeops sync --dry-run` shows everything."
        )
    yield from _left_alone(plan, detail)
    if plan.changes and plan.seconds is not None:
        yield f"Estimated duration at the rate limits of this hub: {duration(plan.seconds)}."
    for store in plan.access:
        yield MAY_READ.format(code(store))
    if plan.not_compared:
        yield not_compared(plan.not_compared)
    for note in plan.notes:
        yield f"**Note**: {code(note)}"
    if plan.changes and not plan.blocked:  # without the line, nobody can approve it
        yield digest_line(plan.digest, plan.hub)


def _group(group: DeviceGroup, detail: _Detail, *, expanded: bool) -> Iterator[str]:
    several = len(group.devices) > 1
    what = count(len(group.devices), "device") if several else html_code(group.devices[0])
    verb = "change: this patch ×" if several and group.kind is DeviceFate.CHANGE else group.kind
    # GitHub reads Markdown inside <details> only after an empty line.
    why = f" ({html_code(group.why_deleted)})" if group.parts[0].moved_to else ""
    yield f"<details{' open' if expanded else ''}><summary>{verb} <b>{what}</b>{why}</summary>"
    if several:
        yield code_list(group.devices, detail.names)
    if group.kind is not DeviceFate.DELETE:
        lines = [line for part in group.parts[:_PARTS] for line in _part(part, detail)]
        yield diff_fence(lines)
    yield "</details>"


def _part(part: TwinChange, detail: _Detail) -> Iterator[str]:
    yield f"@@ {part.title} ({REASONS[part.reason]}) @@"
    if part.stamp_only:
        yield f"# {STAMP_ONLY}"
    for entry in part.entries[: detail.paths]:
        yield from _entry(entry, detail.value)
    left = len(part.entries) - detail.paths
    if left > 0:
        yield f"# and {count(left, 'more path')}"
    yield from (f"# {note}" for note in part.notes)


def _entry(entry: PathChange, limit: int) -> Iterator[str]:
    path = show_path(entry.path)
    path = path if len(path) <= limit else f"…{path[-limit:]}"
    match entry.op:
        case Op.ADD:
            yield f"+ {path}: {show_new(entry, limit)}"
        case Op.REMOVE:
            yield f"- {path}: {show(entry.old, entry.path, limit)}"
        case Op.CHANGE:
            old, new = show_change(entry.old, entry.new, entry.path, limit)
            yield f"- {path}: {old}"
            yield f"+ {path}: {new}"


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
