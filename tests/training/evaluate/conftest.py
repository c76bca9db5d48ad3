"""Samples and forecasts of real data, and forecasts made by hand, for the tests of evaluation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeops.training.data.targets import targets_of
from edgeops.training.forecasts import Forecasts
from edgeops.training.model_file import load_model_file
from edgeops.training.samples import Experiment, Samples, experiment

CHECKOUT = Path(__file__).parents[3]
START = np.datetime64("2024-01-01T00")


@pytest.fixture(scope="session")
def auckland() -> Experiment:
    """The real data with the model that this repository ships."""
    return experiment(load_model_file(CHECKOUT, "crowdedness-24h"))


@pytest.fixture(scope="session")
def samples_of() -> Callable[..., Samples]:
    """Samples of a history, an hour a row from the first of January on, with the level 9."""

    def make(history, rows, horizon=24, interval=1) -> Samples:
        history, rows = np.asarray(history, float), np.asarray(rows)
        return Samples(
            "street",
            (),
            np.empty((len(rows), horizon, 0), np.float32),
            START + rows * np.timedelta64(interval, "h"),
            rows,
            np.full(len(rows), 10.0),
            targets_of(history, rows, horizon),
            history,
            interval,
        )

    return make


@pytest.fixture(scope="session")
def forecasts_of() -> Callable[..., Forecasts]:
    """Forecasts from origins an hour apart; the first step is at midnight."""

    def make(actual, values, quantiles=(0.5,), interval=1, series="street") -> Forecasts:
        actual, values = np.asarray(actual, float), np.asarray(values, float)
        if values.ndim == 2:
            values = values[:, :, None]
        hours = np.arange(len(actual)) * np.timedelta64(1, "h")
        origins = START - np.timedelta64(interval, "h") + hours
        return Forecasts(series, origins, actual, values, quantiles, interval)

    return make
