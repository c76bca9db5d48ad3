"""A plan as Markdown for a pull request comment, always short enough for GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeops.plan.counts import Counts, Kind, counts
from edgeops.plan.model import Plan
from edgeops.report.markdown import code, diff_fence, first_fitting, html_code
from edgeops.report.plan_groups import Entry, Group, Op, Part, grouped
from edgeops.report.plan_text import REASONS, STAMP_ONLY, show_new, summary
from edgeops.report.values import show, show_path
from edgeops.report.words import count, duration, first_names, short_commit


@dataclass(frozen=True, slots=True)
class _Detail:
    """How much of a plan is told: groups, device names in each, changed paths in each part."""

    groups: int
    names: int
    paths: int
    value: int = 300


# Tried in this order until the comment fits; the last one fits whatever the plan holds.
_DETAILS = (
    _Detail(groups=200, names=200, paths=400),
    _Detail(groups=100, names=40, paths=60),
    _Detail(groups=50, names=20, paths=20),
    _Detail(groups=20, names=10, paths=10, value=100),
    _Detail(groups=5, names=5, paths=5, value=60),
    _Detail(groups=0, names=1, paths=0, value=60),
)
_PARTS = 60  # of one device; it has at most 50 modules
_OPEN = 3  # so few groups are shown unfolded


def markdown(plan: Plan) -> str:
    """The plan as a comment: counts, then each distinct patch folded, with its devices.

    Always shorter than 65,536 characters: long plans get shorter lists and say
    what is left out. Secrets are masked.
    """
    groups = grouped(plan, every_path=True)
    return first_fitting("\n\n".join(_blocks(plan, groups, detail)) for detail in _DETAILS)


def _blocks(plan: Plan, groups: Sequence[Group], detail: _Detail) -> Iterator[str]:
    fleet, hub, at = code(plan.fleet), code(plan.hub), code(short_commit(plan.commit))
    yield f"### edgeops plan: {fleet} at {at} → hub {hub}"
    if not plan.changes:
        yield summary(plan)
    else:
        yield _table(counts(plan))
    shown = groups[: detail.groups]
    for group in shown:
        yield from _group(group, detail, unfolded=len(groups) <= _OPEN)
    left = groups[detail.groups :]
    if left:
        devices = sum(len(group.devices) for group in left)
        yield (
            f"**Left out:** {count(len(left), 'group')} with {count(devices, 'device')}, since"
            " a comment can be only so long. `edgeops sync --dry-run` shows all."
        )
    if plan.refusals:
        yield _refusals(plan, detail)
    if plan.changes and plan.seconds is not None:
        yield f"At the rates of this hub that takes about {duration(plan.seconds)}."


def _table(found: Counts) -> str:
    return (
        "| to create | to change | to delete | in sync | refused |\n"
        "|---:|---:|---:|---:|---:|\n"
        f"| {found.create:,} | {found.change:,} | {found.delete:,}"
        f" | {found.in_sync:,} | {found.refused:,} |"
    )


def _group(group: Group, detail: _Detail, *, unfolded: bool) -> Iterator[str]:
    several = len(group.devices) > 1
    what = count(len(group.devices), "device") if several else html_code(group.devices[0])
    # GitHub reads Markdown inside <details> only after an empty line.
    yield f"<details{' open' if unfolded else ''}><summary>{group.kind} <b>{what}</b></summary>"
    if several:
        yield _names(group.devices, detail)
    if group.kind is not Kind.DELETE:
        lines = [line for part in group.parts[:_PARTS] for line in _part(part, detail)]
        yield diff_fence(lines)
    yield "</details>"


def _names(names: Sequence[str], detail: _Detail) -> str:
    first, more = first_names(names, detail.names)
    return ", ".join([*map(code, first), *([more] if more else [])])


def _part(part: Part, detail: _Detail) -> Iterator[str]:
    yield f"@@ {part.title} ({REASONS[part.reason]}) @@"
    if part.stamp_only:
        yield f"# {STAMP_ONLY}"
    for entry in part.entries[: detail.paths]:
        yield from _entry(entry, detail.value)
    left = len(part.entries) - detail.paths
    if left > 0:
        yield f"# and {count(left, 'more path')}"


def _entry(entry: Entry, limit: int) -> Iterator[str]:
    path = show_path(entry.path)
    path = path if len(path) <= limit else f"{path[:limit]}…"
    if entry.op is not Op.ADD:
        yield f"- {path}: {show(entry.old, entry.path, limit)}"
    if entry.op is not Op.REMOVE:
        yield f"+ {path}: {show_new(entry, limit)}"


def _refusals(plan: Plan, detail: _Detail) -> str:
    lines = ["**Refused**, left as they are:", ""]
    for refusal in plan.refusals[: detail.names]:
        hint = f" (hint: {code(refusal.hint)})" if refusal.hint else ""
        lines.append(f"- {code(refusal.device)}: {code(refusal.reason)}{hint}")
    left = len(plan.refusals) - detail.names
    if left > 0:
        lines.append(f"- and {left:,} more")
    return "\n".join(lines)
