"""What is to be said about the rows of a table: their cadence, and why hours are missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from edgeops.features.series import FloatArray
from edgeops.training.data.cadence import HOUR
from edgeops.training.data.hourly import Hourly, TableClock

MUCH = 0.1  # the share of missing hours that is a warning
_SHOWN = 3  # columns


def cadence_notes(parts: Sequence[Hourly], clock: TableClock) -> Iterator[str]:
    """How far rows are apart, where they are not an hour apart."""
    if clock.minutes == 0:
        yield "each row is an event"
        return
    part = parts[0]
    steps = [stretch.seconds for stretch in part.parts]
    if steps != [HOUR] and part.parts[0].even:
        shown = ", then ".join(map(_apart, steps))
        yield f"the rows are {shown} apart; an hour is the {clock.combine} of them"


def cadence_warnings(parts: Sequence[Hourly], clock: TableClock) -> Iterator[str]:
    """What makes the sum of an hour doubtful."""
    if repeated := sum(part.repeated for part in parts):
        yield (
            f"{repeated:,} rows are of the same second as the row before and count besides it;"
            " on a device, the last value of a second counts: add up the events of a second"
            " before they are sent"
        )
    if clock.combine != "sum" or clock.minutes == 0:
        return
    for stretch in dict.fromkeys(stretch for part in parts for stretch in part.parts):
        fewest, most = stretch.rows_an_hour
        if not stretch.even and most > 1:
            yield (
                f"the rows are not evenly spaced, half of them at most {_apart(stretch.seconds)}"
                f" apart: for its sum, an hour is expected to have {most} rows;"
                " if each row is an event, set `cadenceMinutes: 0` in model.yaml,"
                " otherwise `cadenceMinutes: N` or `combine: mean`"
            )
            return
        if stretch.seconds < HOUR and fewest != most:
            yield (
                f"rows every {_apart(stretch.seconds)} do not divide an hour: its sum is of"
                f" {fewest} or {most} rows, which differ by {1 / most:.0%};"
                " `combine: mean` in model.yaml has no such steps"
            )
            return


def missing_warnings(parts: Sequence[Hourly]) -> Iterator[str]:
    """The columns of which much is missing, each with its causes."""
    found = [
        f"{name}: {share:.0%} of the hours are missing ({causes})"
        for part in parts
        for name, share, causes in _missing(part)
    ]
    yield from found[:_SHOWN]
    if len(found) > _SHOWN:
        yield f"much is missing in {len(found) - _SHOWN} more columns"


def _missing(part: Hourly) -> Iterator[tuple[str, float, str]]:
    for name in part.series.columns:
        share = _share(part.series.column(name))
        if share <= MUCH:
            continue
        most = max(stretch.rows_an_hour[1] for stretch in part.parts)
        causes = [f"{part.none:.0%} have no row"] if part.none >= 0.01 else []
        if part.few >= 0.01:
            causes.append(f"{part.few:.0%} have fewer than the {most} rows that a sum needs")
        if share - part.none - part.few >= 0.01:
            causes.append(f"{share - part.none - part.few:.0%} have rows without a value")
        yield name, share, ", ".join(causes) or "gaps"


def _share(values: FloatArray) -> float:
    """The share of missing values between the first and the last one that is known."""
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return 1.0
    return 1 - len(known) / (int(known[-1] - known[0]) + 1)


def _apart(seconds: int) -> str:
    if seconds % 60:
        return f"{seconds:,} seconds"
    minutes = seconds // 60
    return f"{minutes:,} minute{'' if minutes == 1 else 's'}"
