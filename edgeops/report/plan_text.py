"""A plan as text for a person: what happens to which devices, path by path."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeops.commit import short_commit
from edgeops.plan.counts import Counts, DeviceFate, counts
from edgeops.plan.model import Plan, Reason, Refusal
from edgeops.report.path_changes import Op
from edgeops.report.plan_groups import DeviceGroup, PathValues, TwinChange, abridged, grouped
from edgeops.report.plan_paused import paused_text
from edgeops.report.plan_values import ShownValue, ShownValues, example, in_line, shown_values, who
from edgeops.report.style import (
    WIDTH,
    Line,
    Span,
    Style,
    bold,
    devices_with_reason,
    dim,
    green,
    red,
    render,
    yellow,
)
from edgeops.report.words import (
    count,
    duration,
    first_names,
    show_path,
    size,
    wrapped_names,
)
from edgeops.secret_reference import Secret

_NAMES = 24
_VALUE = 160
_ONE_LINE = 90  # characters of a path and its values
_VALUES = 8
_PATHS = 40  # of a group where each device changes some of them
_SECRETS = 12
_UPLOADS = 12
_SHOWS_THEM = " (-v shows them)"

_KIND = {
    DeviceFate.CREATE: (Op.ADD, Style.GREEN),
    DeviceFate.CHANGE: (Op.CHANGE, Style.YELLOW),
    DeviceFate.DELETE: (Op.REMOVE, Style.RED),
}
_OP_STYLE = {Op.ADD: Style.GREEN, Op.CHANGE: Style.YELLOW, Op.REMOVE: Style.RED}

REASONS = {
    Reason.NEW: "new",
    Reason.ADOPTED: "on the hub, not yet managed by edgeops",
    Reason.CHANGED: "changed in git",
    Reason.DRIFT: "drift: changed on the hub, reverted to git",
    Reason.REMOVED: "removed from git",
    Reason.MOVED: "bound to another hub in git",
}
MAY_READ = (
    "Devices that have not downloaded their model yet may get short-lived read access to the"
    " store {}."
)
MIXED = "each with some of these paths"
STAMP_ONLY = "the content equals git; only the ownership stamp is written"


def text(plan: Plan, *, color: bool = False, verbose: bool = False) -> str:
    """The plan for a terminal or a log; secrets masked, no newline at its end.

    What several devices change is shown once, path by path, with the values
    behind it. `verbose` lists every device and every value in full; otherwise
    long lists and values are cut, with a count.
    """
    return render(_lines(plan, verbose), color)


def summary(plan: Plan) -> str:
    """The plan in one sentence, as `22 devices to create, 0 to change, 0 to delete; 3 in sync`."""
    numbers = counts(plan)
    if not plan.changes:
        at = short_commit(plan.commit)
        if plan.options.only is not None and not plan.devices:
            return f"No changes. Git changed no device; it is at {at}."
        return f"No changes. {_in_sync(numbers)} with {at}{_left_alone(numbers)}."
    return (
        f"{count(numbers.create, 'device')} to create, {numbers.change:,} to change,"
        f" {numbers.delete:,} to delete; {numbers.in_sync:,} in sync{_left_alone(numbers)}"
    )


def _in_sync(numbers: Counts) -> str:
    verb = "is" if numbers.in_sync == 1 else "are"
    return f"{count(numbers.in_sync, 'device')} {verb} in sync"


def _left_alone(numbers: Counts) -> str:
    refused = f", {numbers.refused:,} refused" if numbers.refused else ""
    paused = f", {numbers.paused:,} paused" if numbers.paused else ""
    return refused + (f", {numbers.waiting:,} waiting" if numbers.waiting else "") + paused


@dataclass(frozen=True, slots=True)
class Waiting:
    """Devices, or modules, that the plan waits for, and why: follows their names or number."""

    noun: str
    names: tuple[str, ...]
    why: str


def waiting(plan: Plan) -> Iterator[Waiting]:
    """What a plan waits for, devices first."""
    devices = tuple(name for name in plan.waiting if "/" not in name)
    modules = tuple(name for name in plan.waiting if "/" in name)
    if devices:
        are, each, them = ("is", "it", "it") if len(devices) == 1 else ("are", "each", "them")
        why = f"{each} is synced on the first run after it appears (--create creates {them})"
        yield Waiting("device", devices, f"{are} not on the hub yet; {why}")
    if modules:
        are, each = ("is", "it") if len(modules) == 1 else ("are", "each")
        why = f"{each} is synced on the first run after the deployment of its device creates it"
        yield Waiting("module", modules, f"{are} not on the hub yet; {why}")


def not_compared(secrets: Sequence[tuple[Secret, int]]) -> str:
    """Which secrets were not compared with the hub, and what writes them again."""
    listed = [f"{secret} on {count(devices, 'device')}" for secret, devices in secrets]
    first, more = first_names(listed, _SECRETS)
    return (
        f"Secrets not compared with the hub: {', '.join([*first, more] if more else first)}."
        " A new version in git writes them again."
    )


def uploads(plan: Plan) -> str:
    """Which files of Contexts are uploaded before the first change."""
    listed = [f"{context.name} ({size(context.size)})" for context in plan.uploads]
    first, more = first_names(listed, _UPLOADS)
    names = ", ".join([*first, more] if more else first)
    return f"uploads: {names}, unless the artifact store has {'it' if len(listed) == 1 else 'them'}"


def _lines(plan: Plan, verbose: bool) -> Iterator[Line]:
    if plan.changes:
        at = short_commit(plan.commit)
        yield [bold(plan.fleet), " at ", bold(at), " -> hub ", bold(plan.hub)]
        yield []
    for group in grouped(plan, per_patch=verbose, every_path=verbose):
        yield from _group(abridged(group, _PATHS) if group.mixed else group, verbose)
        yield []
    if plan.refusals:
        yield from _refusals(plan.refusals, verbose)
        yield []
    for awaited in waiting(plan):
        yield from _waiting(awaited, verbose)
        yield []
    if plan.paused:
        yield from paused_text(plan.paused, verbose=verbose)
        yield []
    yield [bold(summary(plan))]
    if plan.changes and plan.seconds is not None:
        yield [f"Estimated duration at the rate limits of this hub: {duration(plan.seconds)}."]
    for store in plan.access:
        yield [MAY_READ.format(store)]
    if plan.uploads:
        yield [uploads(plan)]
    if plan.not_compared:
        yield from ([line] for line in textwrap.wrap(not_compared(plan.not_compared), WIDTH))
    for note in plan.notes:
        yield [dim("note: "), note]
    if plan.blocked:
        yield [Span("! refused ", Style.RED), f"as a whole: {plan.blocked.reason}"]


def _group(group: DeviceGroup, verbose: bool) -> Iterator[Line]:
    op, style = _KIND[group.kind]
    single = len(group.devices) == 1
    what = group.devices[0] if single else f"{len(group.devices):,} devices"
    why = f"  {group.why_deleted}" if group.why_deleted else f", {MIXED}" if group.mixed else ""
    yield [Span(f"{op} {group.kind} ", style), bold(what), dim(why)]
    if not single:
        whole = verbose or group.kind is DeviceFate.DELETE  # nobody deletes what is not named
        for line in wrapped_names(group.devices, "    ", None if whole else _NAMES):
            yield [line]
    if group.kind is not DeviceFate.DELETE:
        for part in group.parts:
            yield from _part(part, group, verbose)
        if group.left_out:
            yield [dim(f"  and {count(group.left_out, 'more path')}{_SHOWS_THEM}")]


def _part(part: TwinChange, group: DeviceGroup, verbose: bool) -> Iterator[Line]:
    every = len(group.devices)
    yield [*_part_title(part, group.kind), _on(part.devices, every)]
    for entry in part.entries:
        yield from _entry(entry, group, verbose)
    for note, devices in part.notes:
        yield [yellow(f"      {note}"), _on(devices, every)]
    if part.stamp_only:
        yield ["    ", dim(STAMP_ONLY)]


def _part_title(part: TwinChange, kind: DeviceFate) -> Line:
    if kind is DeviceFate.CREATE:
        return ["  ", part.title]
    reason = REASONS[part.reason]
    marked = yellow(reason) if part.reason is Reason.DRIFT else dim(reason)
    return ["  ", part.title, dim(" ("), marked, dim(")")]


def _on(devices: Sequence[str], every: int) -> Span:
    """The devices that something is for, unless it is for every device of the group."""
    return dim(f"  on {who(devices)}" if len(devices) < every else "")


def _entry(entry: PathValues, group: DeviceGroup, verbose: bool) -> Iterator[Line]:
    limit = None if verbose else _VALUE
    path = show_path(entry.path)
    on = _on(entry.devices, len(group.devices))
    start: Line = [Span(f"    {entry.op} ", _OP_STYLE[entry.op]), path]
    shown = shown_values(entry, most=_VALUES, limit=limit)
    if len(shown.values) == 1:
        yield from _one_value(start, shown.values[0], on, len(path))
        return
    text = example(entry, limit) if group.kind is DeviceFate.CREATE else ""
    text = text or in_line(shown, _ONE_LINE - len(path))
    if text:
        yield [*start, ": ", text, on]
    else:
        yield [*start, dim(f": {shown.different}"), on]
        yield from _values(shown)


def _one_value(start: Line, value: ShownValue, on: Span, used: int) -> Iterator[Line]:
    if not value.new:
        yield [*start, ": ", dim(value.old), on]
    elif not value.old:
        yield [*start, ": ", value.new, on]
    elif used + len(value.old) + len(value.new) <= _ONE_LINE:
        yield [*start, ": ", *_before_and_after(value), on]
    else:
        yield [*start, on]
        yield [red("        - "), dim(value.old)]
        yield [green("        + "), value.new, value.mark]


def _values(shown: ShownValues) -> Iterator[Line]:
    """The values of a path, one a line if they are short, behind their devices."""
    wide = max(len(value.who) for value in shown.values)
    for value in shown.values:
        if not (value.old and value.new):
            yield [f"        {value.who:{wide}}  ", value.new or dim(value.old)]
        elif wide + len(value.old) + len(value.new) <= _ONE_LINE:
            yield [f"        {value.who:{wide}}  ", *_before_and_after(value)]
        else:
            yield [f"        {value.who}"]
            yield [red("          - "), dim(value.old)]
            yield [green("          + "), value.new, value.mark]
    if shown.more:
        yield [dim(f"        {shown.more}{_SHOWS_THEM}")]


def _before_and_after(value: ShownValue) -> Line:
    return [dim(value.old), " -> ", value.new, value.mark]


def _refusals(refusals: tuple[Refusal, ...], verbose: bool) -> Iterator[Line]:
    """The refused devices, by reason: a whole ring may be refused for the same one."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for refusal in refusals:
        by_reason.setdefault((refusal.reason, refusal.hint), []).append(refusal.device)
    title, names = Span("! refused ", Style.RED), None if verbose else _NAMES
    for (reason, hint), devices in by_reason.items():
        yield from devices_with_reason(title, sorted(devices), reason, hint, names)


def _waiting(awaited: Waiting, verbose: bool) -> Iterator[Line]:
    several = len(awaited.names) > 1
    what = count(len(awaited.names), awaited.noun) if several else awaited.names[0]
    yield [dim("waiting: "), bold(what), f" {awaited.why}"]
    if several:
        for line in wrapped_names(awaited.names, "    ", None if verbose else _NAMES):
            yield [line]
