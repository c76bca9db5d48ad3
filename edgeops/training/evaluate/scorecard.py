"""The scorecard of a model, as values: `evaluation` makes it, `report` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MODEL = "model"  # the name of the evaluated model, next to those of the baselines
ALL = "all"  # the slice with every hour
OWN = "own-hours"  # the slice with the hours that a model is for
WITHOUT = "without-context"  # the model on a device that is told nothing of what is known ahead


@dataclass(frozen=True, slots=True)
class Score:
    """The metrics of some forecasts.

    `wape`, `smape`, `mape`, `coverage` and `width` are shares (0.075 is 7.5 %),
    `mae` and `pinball` are in units of the target, `mase` is relative to the
    seasonal naive error in training. `count` values were scored; `mape` leaves out
    `mape_excluded` of them, which are too small to divide by. `coverage` is that
    of the interval between the outer quantiles, `width` its mean width over the
    mean target; these and `pinball` are None for a forecast without quantiles.
    """

    count: int
    wape: float
    mae: float
    mase: float
    smape: float
    mape: float
    mape_excluded: int
    pinball: float | None = None
    coverage: float | None = None
    width: float | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """The scores of one model (or baseline) on one part of the data.

    `slices` maps `all` and the names of use cases to scores; `by_horizon` has a
    score per step ahead, `by_hour` one per forecast hour of the day (None without
    values); `mape_by_hour_and_horizon` has a row per hour of the day and a column
    per step (None with too few values), `mape_by_origin_and_horizon` likewise a row per
    hour in which the newest observed step begins.
    """

    slices: Mapping[str, Score]
    by_horizon: tuple[Score, ...]
    by_hour: tuple[Score | None, ...]
    mape_by_hour_and_horizon: tuple[tuple[float | None, ...], ...]
    mape_by_origin_and_horizon: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The model's WAPE minus another's, with its 95 % interval; below 0: the model is better."""

    other: str
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class BusinessFigures:
    """What forecasts mean to those who plan by them; `business` defines and computes it.

    `value` is the mean of `count` observed values, `error` the mean absolute error, overall and
    by step ahead, in units of the target. The shares are of the plans of `days` days: `days_off`
    of the days whose total was missed by more than 10 %, `over` and `under` what was planned
    too much and too little, of all that was observed, `peaks_missed` of the days whose
    busiest hour was missed by more than an hour. A figure is NaN where there is none; where
    values can be below 0, the first three shares are.
    """

    count: int
    value: float
    error: float
    error_by_horizon: tuple[float, ...]
    days: int
    days_off: float
    over: float
    under: float
    peaks_missed: float


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """The scores on one part of the data (`test` or `later`).

    `first` and `last` origin are wall-clock hours in ISO 8601, `origins` is their
    number; `models` has `MODEL`, the baselines and, for a model
    that uses what is known ahead, `WITHOUT`. `business` has the same names.
    """

    first: str
    last: str
    origins: int
    models: Mapping[str, Judged]
    comparisons: tuple[Comparison, ...] = ()
    business: Mapping[str, BusinessFigures] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one gate for the value of its metric; `reason` is a sentence."""

    gate: str
    value: float | None
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    """All scores of a model.

    `series` are the names of the series that were scored together; for pooled
    models, `per_series` has the slice `all` of each in the test part, by model, and
    `business_by_series` the model's. `metrics` are the values by the names that gates
    use. `hours` are the hours of the day that the model is for (none: all of them), which
    have a slice, `OWN`; `unit` is that of the target, for people. `overall` compares as each
    part does, with the origins of both parts together; it is empty for a single part.
    """

    model: str
    series: tuple[str, ...]
    interval: int
    quantiles: tuple[float, ...]
    parts: Mapping[str, JudgedPart]
    per_series: Mapping[str, Mapping[str, Score]] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    gates: tuple[Verdict, ...] = ()
    hours: tuple[int, ...] = ()
    unit: str = ""
    business_by_series: Mapping[str, BusinessFigures] = field(default_factory=dict)
    overall: tuple[Comparison, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the model passes every gate."""
        return all(verdict.passed for verdict in self.gates)
