"""The quality of one model on several devices, as one figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from edgeops.health.quality import DailySums, LiveBefore, LiveModel, LiveScore

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PooledBefore:
    """A model and the one before it on the same hours, on so many devices.

    `low` and `high` are the ends of a 95 % interval of the difference.
    """

    sha256: str
    devices: int
    wape: float
    before_wape: float
    low: float
    high: float

    @property
    def is_worse(self) -> bool:
        """Whether the model is surely worse than the one before it."""
        return self.low > 0


def pooled_score(models: Sequence[LiveModel]) -> LiveScore | None:
    """The figures of the last 28 days of one model on several devices; None without any.

    Devices count by the sum of their values, if all report it, else all alike. `hours` are the most
    that a device has; a figure that some device does not report is None.
    """
    scored = [(model, model.last28) for model in models if model.last28 is not None]
    if not scored:
        return None
    weights = _weights([model for model, _ in scored])
    scores = [score for _, score in scored]
    return LiveScore(
        max(score.hours for score in scores),
        _mean([score.wape for score in scores], weights) or 0.0,
        _mean([score.bias for score in scores], weights),
        _mean([score.naive_wape for score in scores], weights),
        _mean([score.coverage for score in scores], [float(score.hours) for score in scores]),
    )


def pooled_before(found: Sequence[tuple[LiveModel, LiveBefore]]) -> PooledBefore | None:
    """One model and the one before it on several devices; None without an interval.

    Only devices that have an interval count. Errors of devices near each other rise and fall
    together, so nothing is taken off the interval for their number: its ends are the means of
    their ends, which no dependence between devices makes too narrow.
    """
    known = [
        (model, before, before.low, before.high)
        for model, before in found
        if before.low is not None and before.high is not None
    ]
    if not known or len({before.sha256 for _, before, _, _ in known}) > 1:
        return None
    weights = _weights([model for model, *_ in known])
    return PooledBefore(
        known[0][1].sha256,
        len(known),
        _mean([before.wape for _, before, *_ in known], weights) or 0.0,
        _mean([before.before_wape for _, before, *_ in known], weights) or 0.0,
        _mean([low for *_, low, _ in known], weights) or 0.0,
        _mean([high for *_, high in known], weights) or 0.0,
    )


def pooled_days(sums: Iterable[DailySums], most: int) -> DailySums | None:
    """The sums of several devices by local day, of the newest `most` days; None without any."""
    errors: dict[date, float] = {}
    values: dict[date, float] = {}
    for each in sums:
        first = each.until - len(each.error) * _DAY
        for at, (error, value) in enumerate(zip(each.error, each.value, strict=True)):
            day = first + at * _DAY
            errors[day] = errors.get(day, 0.0) + error
            values[day] = values.get(day, 0.0) + value
    if not errors:
        return None
    until = max(errors) + _DAY
    first = max(min(errors), until - most * _DAY)
    days = [first + at * _DAY for at in range((until - first).days)]
    return DailySums(
        until,
        tuple(errors.get(day, 0.0) for day in days),
        tuple(values.get(day, 0.0) for day in days),
    )


def _weights(models: Sequence[LiveModel]) -> list[float]:
    sums = [sum(model.days.value) if model.days else 0.0 for model in models]
    return sums if all(sums) else [1.0] * len(sums)


def _mean(figures: Sequence[float | None], weights: Sequence[float]) -> float | None:
    known = [figure for figure in figures if figure is not None]
    total = sum(weights)
    if len(known) < len(figures) or not total:
        return None
    return sum(figure * weight for figure, weight in zip(known, weights, strict=True)) / total
