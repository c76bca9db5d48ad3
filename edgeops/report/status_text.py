"""The status of devices: a table of one screen, and the counts by health."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence

from edgeops.fleet.secrets import mask
from edgeops.health.device import DeviceStatus, HealthState
from edgeops.jsonvalue import JsonObject
from edgeops.report.style import (
    WIDTH,
    Line,
    Span,
    Style,
    bold,
    cut,
    dim,
    fitted,
    green,
    render,
    yellow,
)
from edgeops.report.words import count, first_names

_ROWS = 30  # of a table on one screen
_NAME = 48  # characters of a device; all of them in JSON
_GONE = 10  # named devices

# What needs attention comes first.
ORDER = (
    HealthState.DEGRADED,
    HealthState.OFFLINE,
    HealthState.UNKNOWN,
    HealthState.PROGRESSING,
    HealthState.WAITING,
    HealthState.PAUSED,
    HealthState.CONVERGED,
)
STYLE = {
    HealthState.DEGRADED: Style.RED,
    HealthState.OFFLINE: Style.YELLOW,
    HealthState.UNKNOWN: Style.YELLOW,
    HealthState.PROGRESSING: Style.CYAN,
    HealthState.WAITING: Style.DIM,
    HealthState.PAUSED: Style.DIM,
    HealthState.CONVERGED: Style.GREEN,
}


def text(
    rows: Sequence[DeviceStatus],
    *,
    color: bool = False,
    every: bool = False,
    gone: Sequence[str] = (),
    drifted: Container[str] = (),
) -> str:
    """A table by health, the worst first, and the counts below; no newline at its end.

    It fits on one screen, and leaves out devices that are well first, unless `every` is wanted.
    `gone` are the devices that this fleet wrote and git no longer has, `drifted` those that
    changed on the hub while git did not.
    """
    return render(_lines(rows, every=every, gone=gone, drifted=drifted), color)


def counts(rows: Sequence[DeviceStatus]) -> JsonObject:
    """The number of devices, of those in sync and connected, and by health."""
    devices, in_sync, connected, *_ = figures(rows, ())
    return {
        "devices": devices,
        "inSync": in_sync,
        "connected": connected,
        "health": {state.value: number for state, number in _by_state(rows)},
    }


def figures(rows: Sequence[DeviceStatus], states: Iterable[HealthState]) -> tuple[int, ...]:
    """The number of devices, of those in sync and connected, and of those in each of the states."""
    numbers = Counter(row.health.state for row in rows)
    in_sync, connected = sum(row.in_sync for row in rows), sum(row.connected for row in rows)
    return (len(rows), in_sync, connected, *(numbers[state] for state in states))


def states_of(rows: Iterable[DeviceStatus]) -> list[HealthState]:
    """The states that some device is in, the worst first."""
    return [state for state, number in reversed(_by_state(rows)) if number]


def status_object(row: DeviceStatus) -> JsonObject:
    """The status of one device as JSON."""
    return {
        "device": row.device,
        "inSync": row.in_sync,
        "connected": row.connected,
        "health": row.health.state.value,
        "reason": mask(row.health.reason),
    }


def summary(rows: Sequence[DeviceStatus]) -> str:
    """The counts, as `22 devices: 22 in sync, 21 connected; 20 Converged, 2 Degraded`."""
    health = ", ".join(f"{number:,} {state.value}" for state, number in _by_state(rows) if number)
    devices, in_sync, connected, *_ = figures(rows, ())
    said = f"{count(devices, 'device')}: {in_sync:,} in sync, {connected:,} connected"
    return f"{said}; {health}" if health else said


def _lines(
    rows: Sequence[DeviceStatus], *, every: bool, gone: Sequence[str], drifted: Container[str]
) -> Iterator[Line]:
    shown, more = (worst_first(rows), "") if every else _screen(rows)
    if shown:
        titles = [dim(t) for t in ("DEVICE", "IN SYNC", "CONNECTED", "HEALTH", "REASON")]
        yield from fitted([titles, *(_row(row, row.device in drifted) for row in shown)])
    if more:
        yield [dim(more)]
    if rows:
        yield []
    yield from ([bold(line)] for line in textwrap.wrap(summary(rows), WIDTH))
    if gone:
        yield from gone_lines(gone)


def gone_lines(gone: Sequence[str]) -> Iterator[Line]:
    """The devices that this fleet wrote and git no longer has, and what can be done."""
    names, more = first_names(gone, _GONE)
    listed = ", ".join(names) + (f", {more}" if more else "")
    said = f"{count(len(gone), 'device')} no longer in git: {listed}"
    yield [cut(yellow(said), WIDTH)]
    yield [dim("  hint: `edgeops sync --prune` deletes them, `edgeops forget` lets go of them")]


def _screen(rows: Sequence[DeviceStatus]) -> tuple[list[DeviceStatus], str]:
    """The rows that fit on a screen, the worst first, and what is said of the others."""
    ordered = worst_first(rows)
    if len(ordered) <= _ROWS + 1:
        return ordered, ""
    shown = [row for row in ordered if not (row.is_converged and row.in_sync)][:_ROWS]
    rest = len(rows) - len(shown)
    well = sum(row.is_converged and row.in_sync for row in rows)
    who = f"and {rest:,} more" if shown else f"{rest:,} devices"
    how = ", Converged and in sync" if rest == well else ""
    return shown, f"{who}{how}: --all shows them"


def _row(row: DeviceStatus, drift: bool) -> Line:
    return [
        cut(row.device, _NAME),
        green("yes") if row.in_sync else yellow("drift" if drift else "no"),
        green("yes") if row.connected else dim("no"),
        Span(row.health.state.value, STYLE[row.health.state]),
        row.health.reason,
    ]


def worst_first(rows: Iterable[DeviceStatus]) -> list[DeviceStatus]:
    """The rows by health, then those that are not in sync, then by name."""
    return sorted(rows, key=lambda row: (badness(row.health.state), row.in_sync, row.device))


def badness(state: HealthState) -> int:
    """A number that is smaller the worse a state is."""
    return ORDER.index(state)


def _by_state(rows: Iterable[DeviceStatus]) -> list[tuple[HealthState, int]]:
    """The number of devices in each state, the best state first."""
    numbers = Counter(row.health.state for row in rows)
    return [(state, numbers[state]) for state in reversed(ORDER)]
