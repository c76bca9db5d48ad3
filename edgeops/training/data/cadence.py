"""How far the rows of a table are apart, stretch by stretch, and which hours lack one.

Tables change: quarters of an hour become hours with a new logger. So each hour is judged by the
cadence of its stretch. A finer cadence needs no proof; a coarser one must last for a week, so that
lost rows are not taken for a new cadence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeops.features.series import IntArray

HOUR = 3600
_DAY = 24 * HOUR
_NEAR = 0.25  # of the cadence: how far a distance may be from it
_EVEN = 0.8  # the share of distances that must be near
_ROUNDED = 0.01  # a cadence so near to a whole minute is one
_FEWEST = 4  # distances of a day that say what its cadence is
_LASTING = 7  # days
_EARLY = 60  # seconds: a row may be so early for its hour if others are late


@dataclass(frozen=True, slots=True)
class Stretch:
    """The rows from `first` to `end` (not included), `seconds` apart; `even`: most of them are."""

    first: int
    end: int
    seconds: int
    even: bool = True

    @property
    def rows_an_hour(self) -> tuple[int, int]:
        """The fewest and the most rows that a whole hour has."""
        return max(1, HOUR // self.seconds), max(1, -(-HOUR // self.seconds))


def stretches(moments: IntArray, minutes: int | None = None) -> tuple[Stretch, ...]:
    """The stretches of ascending moments (seconds since 1970); at least one.

    `minutes` is the cadence, if model.yaml says it.
    """
    count = len(moments)
    if minutes is not None:
        return (Stretch(0, count, max(1, minutes) * 60),)
    if count < 2:
        return (Stretch(0, count, HOUR),)
    days = _days(moments)
    known = [day for day in days if day[1]]
    if not known:
        return (Stretch(0, count, max(1, int(np.median(np.diff(moments)))), even=False),)
    even = 2 * len(known) > len(days)
    runs = _lasting(_runs(known))
    firsts = [0, *(first for first, _, _ in runs[1:])]
    ends = [*firsts[1:], count]
    return tuple(
        Stretch(first, end, seconds, even)
        for first, end, (_, seconds, _) in zip(firsts, ends, runs, strict=True)
    )


def without_jitter(moments: IntArray, parts: Sequence[Stretch]) -> IntArray:
    """The moments, with the rows that are a little early moved to the slot they are meant for.

    Only where others are a little late: rows that are all early mark the end of their slot.
    """
    result = moments.copy()
    for part in parts:
        rows = result[part.first : part.end]
        late = rows % part.seconds
        early = late >= part.seconds - earliness(moments, part)
        rows[early] += part.seconds - late[early]
    return result


def earliness(moments: IntArray, part: Stretch) -> int:
    """How many seconds before its slot a row of a stretch may come; 0 unless its rows jitter."""
    near = min(_EARLY, part.seconds // 10)
    late = moments[part.first : part.end] % part.seconds
    jitters = (late >= part.seconds - near).mean() > 0.01 and (late <= near).mean() > 0.01
    return near if part.even and jitters else 0


def lacking(moments: IntArray, parts: Sequence[Stretch]) -> NDArray[np.bool_]:
    """Which hours, from that of the first moment to that of the last, lack a row.

    A row is lacking where two are too far apart, and before the first and after the last.
    """
    hours = moments // HOUR - moments[0] // HOUR
    step = np.empty(len(moments), dtype=np.int64)
    for part in parts:
        step[part.first : part.end] = part.seconds
    edges = np.zeros(int(hours[-1]) + 2, dtype=np.int64)
    gaps = np.flatnonzero(np.diff(moments) > 1.5 * step[:-1])
    first = (moments[gaps] + step[gaps]) // HOUR - moments[0] // HOUR
    last = (moments[gaps + 1] - step[gaps]) // HOUR - moments[0] // HOUR
    some = last >= first
    np.add.at(edges, first[some], 1)
    np.add.at(edges, last[some] + 1, -1)
    result = np.cumsum(edges)[:-1] > 0
    result[0] |= (moments[0] - step[0]) // HOUR == moments[0] // HOUR
    result[-1] |= (moments[-1] + step[-1]) // HOUR == moments[-1] // HOUR
    return np.asarray(result)


def _days(moments: IntArray) -> list[tuple[int, int]]:
    """Per day with rows: its first row, and its cadence in seconds (0: uneven)."""
    gaps = np.diff(moments)
    day_of = moments[:-1] // _DAY
    firsts = np.flatnonzero(np.diff(day_of, prepend=day_of[0] - 1))
    ends = [*firsts[1:].tolist(), len(gaps)]
    result = []
    for first, end in zip(firsts.tolist(), ends, strict=True):
        today = gaps[first:end]
        if len(today) < min(_FEWEST, len(gaps)):
            result.append((first, 0))
            continue
        middle = float(np.median(today))
        near = np.abs(today - middle) <= _NEAR * middle
        seconds = _rounded(float(today[near].mean())) if near.mean() >= _EVEN else 0
        result.append((first, seconds))
    return result


def _rounded(seconds: float) -> int:
    minute = round(seconds / 60) * 60
    if minute and abs(seconds - minute) <= _ROUNDED * minute:
        return minute
    return max(1, round(seconds))


def _runs(days: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Days of the same cadence together: the first row, the cadence, and how many days."""
    runs: list[tuple[int, int, int]] = []
    for first, seconds in days:
        if runs and runs[-1][1] == seconds:
            runs[-1] = (runs[-1][0], seconds, runs[-1][2] + 1)
        else:
            runs.append((first, seconds, 1))
    return runs


def _lasting(runs: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The runs, with short ones of a coarser cadence as a part of a neighbour."""
    kept: list[tuple[int, int, int]] = []
    for at, (first, seconds, days) in enumerate(runs):
        finer = [run[1] for run in (*kept[-1:], *runs[at + 1 : at + 2]) if run[1] < seconds]
        if finer and days < _LASTING:
            seconds = min(finer)
        if kept and kept[-1][1] == seconds:
            kept[-1] = (kept[-1][0], seconds, kept[-1][2] + days)
        else:
            kept.append((first, seconds, days))
    return kept
