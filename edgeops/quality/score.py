"""Scores of kept forecasts: overall, by day part and by how far ahead, and day by day.

Every figure is of the same hours for the model and for the seasonal naive forecast: those where
both the value and the naive forecast are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeops.features.calendar import hour_of_day
from edgeops.features.series import FloatArray, Hours, IntArray
from edgeops.features.spec import Unit
from edgeops.quality.bootstrap import BLOCK_DAYS, drawn_sums, interval_of
from edgeops.quality.judging import HOURS, Judging
from edgeops.quality.kept import HIGH, LOW, MIDDLE, KeptForecasts, Observed
from edgeops.quality.margins import widened

# When a part of the day begins and ends; 22 to 6 is over midnight.
DAY_PARTS: Mapping[str, tuple[int, int]] = {
    "night": (22, 6),
    "morning": (6, 9),
    "daytime": (9, 18),
    "evening": (18, 22),
}
# The last hour ahead of each band of horizons; a longer horizon has no end.
BANDS: Mapping[str, float] = {"1": 1, "2-6": 6, "7-24": 24, "25-": np.inf}
_ROUNDS, _SEED = 1000, 1
_COUNT, _VALUE, _ERROR, _SIGNED, _NAIVE, _INSIDE, _BOUNDED = range(7)


@dataclass(frozen=True, slots=True)
class KeptScore:
    """The score of some forecasts.

    `hours` are distinct hours (steps) that were forecast and observed, `forecasts` the pairs
    of a forecast and a value. `wape` is the sum of all errors over the sum of all values,
    `naive_wape` that of the seasonal naive forecast on the same hours, `bias` the mean
    error over the mean value (above 0: too many were forecast). `coverage` is the share of values
    inside the interval; None for a model without one. A figure without a divisor is NaN.
    """

    hours: int
    forecasts: int
    wape: float
    bias: float
    naive_wape: float
    coverage: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Sums over scored forecasts, (bands, day parts, sums), and over days.

    `hours` counts distinct hours, (bands + 1, day parts): those of each cell, then of any band.
    `days` has a row for each wall-clock day from `first_day` on, with the sums of the
    absolute errors and of the absolute values.
    """

    sums: FloatArray
    hours: IntArray
    first_day: np.datetime64
    days: FloatArray

    def score(self, band: str | None = None, part: str | None = None) -> KeptScore:
        """The score of a band of horizons, of a day part, of both or of all."""
        bands = slice(None) if band is None else [list(BANDS).index(band)]
        parts = slice(None) if part is None else [list(DAY_PARTS).index(part)]
        any_band = len(BANDS) if band is None else list(BANDS).index(band)
        sums = self.sums[bands][:, parts].sum(axis=(0, 1))
        return _score(sums, int(self.hours[any_band, parts].sum()))


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """Two models on the same hours: their WAPE, and the difference with its 95 % interval.

    The `difference` is that of the model less that of the one before; below 0: it is better.
    The interval is NaN for less than two weeks of days.
    """

    hours: int
    wape: float
    before_wape: float
    difference: float
    low: float
    high: float


def part_of_day(hours: Hours) -> IntArray:
    """The index of the day part (`DAY_PARTS`) of each wall-clock hour."""
    return _PART[hour_of_day(hours)]


def cells(
    kept: KeptForecasts, observed: Observed, judging: Judging, unit: Unit, since: np.datetime64
) -> Cells:
    """The sums of all forecasts of hours from `since` on that can be scored."""
    kept = kept.judged(judging)
    kept = kept.chosen(kept.origins >= since - kept.reach)  # the others have no such hour
    targets = kept.targets
    truth, naive = observed.at(targets), observed.naive(targets, kept.interval)
    which = np.isfinite(truth) & np.isfinite(naive) & (targets >= since)
    if judging.hours:
        which &= np.isin(hour_of_day(targets), judging.hours)
    issued = widened(kept.values, kept.margins, unit)[which]
    truth, naive, targets = truth[which], naive[which], targets[which]
    band = np.broadcast_to(_bands(kept), which.shape)[which]
    part = part_of_day(targets)
    bounded = np.isfinite(issued[:, LOW]) & np.isfinite(issued[:, HIGH])
    inside = bounded & (issued[:, LOW] <= truth) & (truth <= issued[:, HIGH])
    error = issued[:, MIDDLE] - truth
    terms = [np.ones_like(truth), np.abs(truth), np.abs(error), error, np.abs(naive - truth)]
    terms += [inside.astype(np.float64), bounded.astype(np.float64)]
    cell, shape = band * len(DAY_PARTS) + part, (len(BANDS), len(DAY_PARTS))
    size = shape[0] * shape[1]
    sums = np.stack([np.bincount(cell, term, size) for term in terms], axis=1)
    hours = [_distinct(targets, part, band == at) for at in range(shape[0])]
    hours.append(_distinct(targets, part, np.ones(len(targets), np.bool_)))
    first, days = _by_day(targets, np.abs(error), np.abs(truth))
    return Cells(np.asarray(sums.reshape(*shape, -1)), np.stack(hours), first, days)


def compared(
    kept: KeptForecasts, before: KeptForecasts, observed: Observed, judging: Judging
) -> BeforeAfter | None:
    """The model and the one before it where both forecast the same hours from the same origins.

    None where there are none that were observed. Both have steps of the same length.
    """
    kept, before = kept.judged(judging), before.judged(judging)
    _, mine, theirs = np.intersect1d(kept.origins, before.origins, return_indices=True)
    steps = min(kept.values.shape[1], before.values.shape[1])
    kept, before = kept.chosen(mine), before.chosen(theirs)
    targets = kept.targets[:, :steps]
    truth = observed.at(targets)
    which = np.isfinite(truth)
    if judging.hours:
        which &= np.isin(hour_of_day(targets), judging.hours)
    if not which.any():
        return None
    truth, targets = truth[which], targets[which]
    errors = [np.abs(each.values[:, :steps, MIDDLE][which] - truth) for each in (kept, before)]
    _, days = _by_day(targets, *errors, np.abs(truth))
    low = high = float("nan")
    if len(days) >= 2 * BLOCK_DAYS:
        low, high = interval_of(_difference(drawn_sums(days, _ROUNDS, _SEED)))
    total = days.sum(axis=0)
    return BeforeAfter(
        len(np.unique(targets)),
        _share(total[0], total[2]),
        _share(total[1], total[2]),
        float(_difference(total)),
        low,
        high,
    )


def _distinct(targets: Hours, part: IntArray, which: NDArray[np.bool_]) -> IntArray:
    """How many distinct hours there are in each day part."""
    _, at = np.unique(targets[which], return_index=True)
    return np.bincount(part[which][at], minlength=len(DAY_PARTS)).astype(np.int64)


def _difference(sums: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((sums[..., 0] - sums[..., 1]) / sums[..., 2])


def _by_day(targets: Hours, *terms: FloatArray) -> tuple[np.datetime64, FloatArray]:
    """The first day, and the sums of each term: a row a day."""
    if not len(targets):
        return np.datetime64(0, "D"), np.empty((0, len(terms)))
    days = targets.astype("datetime64[D]")
    row = (days - days.min()).astype(np.int64)
    return days.min(), np.stack([np.bincount(row, term) for term in terms], axis=1)


def _bands(kept: KeptForecasts) -> IntArray:
    ahead = (1 + np.arange(kept.values.shape[1])) * kept.interval
    return np.searchsorted(np.array(list(BANDS.values())), ahead).astype(np.int64)


def _score(sums: FloatArray, hours: int) -> KeptScore:
    value = sums[_VALUE]
    return KeptScore(
        hours,
        round(sums[_COUNT]),
        _share(sums[_ERROR], value),
        _share(sums[_SIGNED], value),
        _share(sums[_NAIVE], value),
        _share(sums[_INSIDE], sums[_BOUNDED]) if sums[_BOUNDED] else None,
    )


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _part(hour: int) -> int:
    for index, (begin, end) in enumerate(DAY_PARTS.values()):
        if begin <= hour < end or (end < begin and not end <= hour < begin):
            return index
    raise AssertionError(f"the hour {hour} has no day part")


_PART = np.array([_part(hour) for hour in range(HOURS)])
