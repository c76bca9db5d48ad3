"""A small scorecard made by hand, and the real judge's over real data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeops.training.evaluate.baselines import BASELINES
from edgeops.training.evaluate.judge import judge
from edgeops.training.evaluate.scorecard import (
    ALL,
    MODEL,
    Comparison,
    Judged,
    JudgedPart,
    Score,
    Scorecard,
    Verdict,
)
from edgeops.training.forecasts import Forecasts
from edgeops.training.model_file import load_model_file
from edgeops.training.samples import Samples, experiment

CHECKOUT = Path(__file__).parents[3]
_TIMES = {"day": 0.9, "night": 1.7, "lunch": 1.1}


def _judged(wape, coverage=None):
    score = Score(
        count=96,
        wape=wape,
        mae=wape * 5000,
        mase=wape * 7,
        smape=wape * 1.3,
        mape=wape * 1.25,
        mape_excluded=1234,
        pinball=None if coverage is None else 100.0,
        coverage=coverage,
        width=None if coverage is None else 0.23,
    )
    slices = {ALL: score, **{name: replace(score, wape=k * wape) for name, k in _TIMES.items()}}
    return Judged(slices, (score,) * 4, (score, *[None] * 23), *[((0.1, 0.2, 0.3, 0.4),) * 24] * 2)


@pytest.fixture
def card() -> Scorecard:
    """One part, two baselines, a gate that passed and one that failed."""
    models = {
        "seasonal-naive-168h": _judged(0.1116),
        MODEL: _judged(0.0745, 0.801),
        "lightgbm": _judged(0.0746, 0.79),
    }
    part = JudgedPart(
        "2024-07-01T01",
        "2024-12-31T23",
        4391,
        models,
        (
            Comparison("seasonal-naive-168h", -0.0371, -0.056, -0.023),
            Comparison("lightgbm", -0.0001, -0.0023, 0.0019),
        ),
    )
    gates = (
        Verdict("wape_vs_seasonal_naive", 0.667, True, "it is 0.667, at most 0.72"),
        Verdict("size_bytes", 183143.0, False, "it is 183,143, above the maximum 150,000"),
    )
    return Scorecard(
        "crowdedness-24h", ("cbd-total",), 1, (0.1, 0.5, 0.9), {"test": part}, gates=gates
    )


@pytest.fixture(scope="session")
def samples() -> Samples:
    """The real data, the second half of 2024."""
    return experiment(load_model_file(CHECKOUT, "crowdedness-24h")).samples("cbd-total", "test")


@pytest.fixture(scope="session")
def forecasts(samples: Samples) -> Forecasts:
    """The seasonal base of real windows as a forecast, with an interval around it."""
    base = (
        samples.scale[:, None]
        * np.exp(samples.windows[:, :, samples.features.index("log_base")].astype(float))
        - 1
    )
    values = np.stack([0.85 * base, base, 1.2 * base], axis=2)
    return Forecasts(
        samples.series, samples.origins, samples.actual, values, (0.1, 0.5, 0.9), samples.interval
    )


@pytest.fixture(scope="session")
def real_card(samples: Samples, forecasts: Forecasts) -> Scorecard:
    """What the judge says of these forecasts and of the baselines."""
    everyone = {MODEL: forecasts} | {name: make(samples) for name, make in BASELINES.items()}
    models = {name: judge(one, 744.6, {}) for name, one in everyone.items()}
    part = JudgedPart("2024-07-01T01", "2024-12-31T23", len(samples), models)
    return Scorecard("crowdedness-24h", (forecasts.series,), 1, forecasts.quantiles, {"test": part})
