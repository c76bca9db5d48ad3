"""How good the forecasts of this device are, and what follows from it: the margins of a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.calendar import hour_of_day
from edgeops.features.series import FloatArray, Hours, hours_from
from edgeops.modules.forecaster.forecast_memory import (
    ForecastKey,
    ForecastMemory,
    made_forecast,
    target_digest,
)
from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.hours import NotReady
from edgeops.modules.forecaster.model import LoadedModel
from edgeops.modules.forecaster.windows import Window
from edgeops.quality.judging import HOURS
from edgeops.quality.kept import KeptForecasts
from edgeops.quality.margins import rolling_margins, widened


@dataclass(frozen=True, slots=True, eq=False)
class Issued:
    """A forecast as it is sent: (steps, quantiles), and the margin of each step.

    `of_device` is whether any margin is of this device's own forecasts.
    """

    values: FloatArray
    margins: FloatArray
    of_device: bool


@dataclass(frozen=True, slots=True)
class _Day:
    """Which margins: those of a wall-clock day, for the forecasts of a model."""

    day: np.datetime64
    key: ForecastKey


class LiveQuality:
    """Keeps what a device forecast, and the interval of its model at its coverage."""

    def __init__(self) -> None:
        self.memory = ForecastMemory()
        self._margins: tuple[_Day, FloatArray] | None = None

    def issued(
        self,
        model: LoadedModel,
        window: Window,
        values: FloatArray,
        history: History,
        series: str | None,
        now: float,
    ) -> Issued:
        """What a model gives for a window, with the margins of the day and in order."""
        judging, unit = model.metadata.judging, model.window_maker.unit
        hours = hour_of_day(_targets(model, window))
        margins = self._margins_of_day(model, window, history, series, now)[hours]
        released = np.array(judging.margins or [0.0] * HOURS)[hours]
        if margins.any():
            values = widened(values, margins, unit)
        return Issued(in_order(values, model.metadata.median), margins, (margins != released).any())

    def remember(self, key: ForecastKey, kept: KeptForecasts) -> None:
        """Let a model have made these forecasts, and no others."""
        self._margins = None
        self.memory.forget(key)
        self.memory.add(
            made_forecast(key, origin, values, margins)
            for origin, values, margins in zip(kept.origins, kept.values, kept.margins, strict=True)
        )

    def _margins_of_day(
        self, model: LoadedModel, window: Window, history: History, series: str | None, now: float
    ) -> FloatArray:
        """The margins by hour of the day (24); looked at once a day, for it takes a while."""
        metadata, maker = model.metadata, model.window_maker
        released = np.array(metadata.judging.margins or [0.0] * HOURS)
        if not metadata.judging.days or metadata.judging.coverage is None:
            return released
        today = _targets(model, window)[0].astype("datetime64[D]")
        try:
            which = _Day(today, key_of(model, history, series))
            if self._margins is not None and self._margins[0] == which:
                return self._margins[1]
            kept = self.memory.kept(which.key, metadata.horizon, maker.interval)
            margins = released
            if len(kept):
                observed = maker.observed(history, series, now)
                margins = rolling_margins(kept, observed, today, metadata.judging, maker.unit)
        except (NotReady, EdgeOpsError):  # it costs the margins, not the forecast
            return released
        self._margins = which, margins
        return margins


def key_of(model: LoadedModel, history: History, series: str | None) -> ForecastKey:
    """Whose forecasts those of a model are. Raises `NotReady` where it is not known of what."""
    target = model.window_maker.target(history, series)
    return ForecastKey(model.sha256, target_digest(target))


def _targets(model: LoadedModel, window: Window) -> Hours:
    """The wall-clock hour at which each step ahead begins."""
    interval = model.window_maker.interval
    first = window.origin + np.timedelta64(interval, "h")
    return hours_from(first, model.metadata.horizon, interval)


def in_order(values: FloatArray, median: int | None) -> FloatArray:
    """Quantiles of ascending shares (the last axis), moved outwards where they cross."""
    middle = values.shape[-1] // 2 if median is None else median
    result = values.copy()
    below, above = result[..., : middle + 1], result[..., middle:]
    below[...] = np.minimum.accumulate(below[..., ::-1], axis=-1)[..., ::-1]
    above[...] = np.maximum.accumulate(above, axis=-1)
    return result
