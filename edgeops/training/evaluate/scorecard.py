"""The scorecard of a model: values only; `judge` makes it, `report` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MODEL = "model"  # the name of the judged model among the others
ALL = "all"  # the slice with every hour


@dataclass(frozen=True, slots=True)
class Score:
    """How good some forecasts were.

    `wape`, `smape`, `mape`, `coverage` and `width` are shares (0.075 is
    7.5 %), `mae` and `pinball` in units of the target, `mase` relative to the
    seasonal naive error in training. `count` values were judged; `mape` leaves
    out `mape_excluded` of them, which are too small to divide by. `coverage`
    is of the interval between the outer quantiles, `width` its mean width
    over the mean target; these three are None for a forecast without quantiles.
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
    """The forecasts of one model (or baseline) over one part of the data.

    `slices` maps `all` and the names of use cases to scores; `by_horizon` has
    one score a step ahead, `by_hour` one an hour of the day that is forecast
    (None where there is none); `mape_by_hour_and_horizon` is a row an hour of
    the day, a column a step (None where nothing was judged).
    """

    slices: Mapping[str, Score]
    by_horizon: tuple[Score, ...]
    by_hour: tuple[Score | None, ...]
    mape_by_hour_and_horizon: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The model's WAPE less another's, with its 95 % interval; negative: the model is better."""

    other: str
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """One part of the data (`test`, `later`): when, how many origins, and everyone's figures.

    `first` and `last` are wall-clock hours in ISO 8601; `models` has `MODEL` and the baselines.
    """

    first: str
    last: str
    origins: int
    models: Mapping[str, Judged]
    comparisons: tuple[Comparison, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one gate says of its metric; `reason` is a sentence."""

    gate: str
    value: float | None
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Everything that is known of how good a model is.

    `series` are the names of what was judged together; `per_series` has the
    slice `all` of each in the test part, with the seasonal naive one beside it
    (for pooled models). `metrics` are the flat figures that gates name.
    """

    model: str
    series: tuple[str, ...]
    interval: int
    quantiles: tuple[float, ...]
    parts: Mapping[str, JudgedPart]
    per_series: Mapping[str, Mapping[str, Score]] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    gates: tuple[Verdict, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every gate lets the model through."""
        return all(verdict.passed for verdict in self.gates)
