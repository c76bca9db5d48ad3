"""The devices that git pauses, and what of them differs from git, in text and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeops.plan.model import Paused
from edgeops.report.markdown import code, code_list
from edgeops.report.path_changes import path_changes
from edgeops.report.style import Line, Span, Style, devices_with_reason
from edgeops.report.words import count, first_names, show_path

_PATHS = 6
_GROUPS = 20
_NAMES = 24


def paused_text(paused: Sequence[Paused], *, verbose: bool) -> Iterator[Line]:
    """Lines for a terminal: why, and the devices, the same reason once."""
    groups = _groups(paused, None if verbose else _PATHS)
    shown = groups if verbose else groups[:_GROUPS]
    for why, devices in shown:
        names = None if verbose else _NAMES
        yield from devices_with_reason(Span("paused: ", Style.DIM), devices, why, "", names)
    if left := sum(len(devices) for _, devices in groups[len(shown) :]):
        yield [f"    and {count(left, 'more paused device')} (-v shows all)"]


def paused_markdown(paused: Sequence[Paused], names: int) -> str:
    """A list for a reviewer, at most so many lines, each with so many names."""
    groups = _groups(paused, _PATHS)
    lines = [f"**Paused** in git, not changed: {count(len(paused), 'device')}", ""]
    for why, devices in groups[:names]:
        lines.append(f"- {code_list(devices, names)}: {code(why)}")
    if left := sum(len(devices) for _, devices in groups[names:]):
        lines.append(f"- and {left:,} more")
    return "\n".join(lines)


def _groups(paused: Sequence[Paused], shown: int | None) -> list[tuple[str, list[str]]]:
    """The devices by what is to be said of them; what differs comes first."""
    by_reason: dict[tuple[bool, str], list[str]] = {}
    for each in paused:
        in_sync = not (each.changes or each.refused)
        by_reason.setdefault((in_sync, _why(each, shown)), []).append(each.device)
    return [(why, devices) for (_, why), devices in sorted(by_reason.items())]


def _why(paused: Paused, shown: int | None) -> str:
    if paused.refused:
        return f"if git did not pause it, it would be refused: {paused.refused}"
    if not paused.on_hub:
        return "is not on the hub, and is not created while git pauses it"
    if not paused.changes:
        return "in sync with git"
    paths = [
        show_path((change.module, *entry.path) if change.module else entry.path)
        for change in paused.changes
        for entry in path_changes(change.patch, change.before, brief=True)
    ]
    if not paths:
        return "differs in nothing but its ownership stamp or module identities"
    first, more = first_names(paths, shown)
    return (
        f"differs in {count(len(paths), 'value')}: {', '.join([*first, more] if more else first)}"
    )
