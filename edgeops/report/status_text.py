"""The status of the devices of a fleet as a table and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from edgeops.fleet.secrets import mask
from edgeops.health.device import DeviceStatus, HealthState
from edgeops.report.documents import dump_json
from edgeops.report.style import Line, Span, Style, bold, columns, dim, green, render, yellow
from edgeops.report.words import count

# What needs attention comes first.
_ORDER = (
    HealthState.DEGRADED,
    HealthState.OFFLINE,
    HealthState.UNKNOWN,
    HealthState.PROGRESSING,
    HealthState.WAITING,
    HealthState.PAUSED,
    HealthState.CONVERGED,
)
_STYLE = {
    HealthState.DEGRADED: Style.RED,
    HealthState.OFFLINE: Style.YELLOW,
    HealthState.UNKNOWN: Style.YELLOW,
    HealthState.PROGRESSING: Style.CYAN,
    HealthState.WAITING: Style.DIM,
    HealthState.PAUSED: Style.DIM,
    HealthState.CONVERGED: Style.GREEN,
}


def text(rows: Sequence[DeviceStatus], *, color: bool = False) -> str:
    """A table by health, the worst first, and the counts below; no newline at its end."""
    return render(_lines(rows), color)


def as_json(rows: Sequence[DeviceStatus]) -> str:
    """An object with a `summary` and one object per device in `devices`."""
    return dump_json(
        {
            "summary": {
                "devices": len(rows),
                "inSync": sum(row.in_sync for row in rows),
                "connected": sum(row.connected for row in rows),
                "health": {state.value: number for state, number in _by_state(rows)},
            },
            "devices": [
                {
                    "device": row.device,
                    "inSync": row.in_sync,
                    "connected": row.connected,
                    "health": row.health.state.value,
                    "reason": mask(row.health.reason),
                }
                for row in _sorted(rows)
            ],
        }
    ).rstrip("\n")


def summary(rows: Sequence[DeviceStatus]) -> str:
    """The counts, as `22 devices: 22 in sync, 21 connected; 20 Converged, 2 Degraded`."""
    health = ", ".join(f"{number:,} {state.value}" for state, number in _by_state(rows) if number)
    counts = (
        f"{count(len(rows), 'device')}: {sum(row.in_sync for row in rows):,} in sync,"
        f" {sum(row.connected for row in rows):,} connected"
    )
    return f"{counts}; {health}" if health else counts


def _lines(rows: Sequence[DeviceStatus]) -> Iterator[Line]:
    if rows:
        titles = [dim(t) for t in ("DEVICE", "IN SYNC", "CONNECTED", "HEALTH", "REASON")]
        yield from columns([titles, *map(_row, _sorted(rows))])
        yield []
    yield [bold(summary(rows))]


def _row(row: DeviceStatus) -> Line:
    return [
        row.device,
        green("yes") if row.in_sync else yellow("no"),
        green("yes") if row.connected else dim("no"),
        Span(row.health.state.value, _STYLE[row.health.state]),
        row.health.reason,
    ]


def _sorted(rows: Sequence[DeviceStatus]) -> list[DeviceStatus]:
    return sorted(rows, key=lambda row: (_ORDER.index(row.health.state), row.device))


def _by_state(rows: Sequence[DeviceStatus]) -> list[tuple[HealthState, int]]:
    numbers = Counter(row.health.state for row in rows)
    return [(state, numbers[state]) for state in reversed(_ORDER)]
