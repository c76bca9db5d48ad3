"""What a model gives as it is sent: with the margins of the day, and in order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.calendar import hour_of_day
from edgeops.features.series import FloatArray, Hours, hours_from
from edgeops.modules.forecaster.forecast_memory import (
    ForecastKey,
    ForecastMemory,
    target_digest,
)
from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.hours import NotReady
from edgeops.modules.forecaster.model import LoadedModel
from edgeops.modules.forecaster.windows import Window
from edgeops.quality.judging import HOURS
from edgeops.quality.margins import rolling_margins, widened


@dataclass(frozen=True, slots=True, eq=False)
class Issued:
    """A forecast as it is sent: (steps, quantiles), and the margin of each step.

    `given` is what the model gave. `of_device` is whether any margin is of this device's own
    forecasts.
    """

    given: FloatArray
    values: FloatArray
    margins: FloatArray
    of_device: bool


class MarginsOfDay:
    """The margins of models, looked at once a wall-clock day: that takes 0.2 seconds."""

    def __init__(self) -> None:
        self._known: dict[ForecastKey, tuple[np.datetime64, FloatArray]] = {}

    def issued(
        self,
        model: LoadedModel,
        window: Window,
        memory: ForecastMemory,
        history: History,
        series: str | None,
        now: float,
    ) -> Issued:
        """What a model gives for a window, with its margins. Raises `ModelError` as it does."""
        given = model.forecast(window)
        judging, unit = model.metadata.judging, model.window_maker.unit
        targets = _targets(model, window)
        today = targets[0].astype("datetime64[D]")
        released = np.array(judging.margins or [0.0] * HOURS)
        margins = released
        if judging.days and judging.coverage is not None:
            try:
                margins = self._of_day(model, today, memory, history, series, now)
            except (NotReady, EdgeOpsError):  # it costs the margins, not the forecast
                margins = released
        hours = hour_of_day(targets)
        of_device = bool((margins[hours] != released[hours]).any())
        margins = margins[hours]
        values = widened(given, margins, unit) if margins.any() else given
        return Issued(given, in_order(values, model.metadata.median), margins, of_device)

    def forget(self) -> None:
        """Look at them anew with the next forecast."""
        self._known.clear()

    def _of_day(
        self,
        model: LoadedModel,
        today: np.datetime64,
        memory: ForecastMemory,
        history: History,
        series: str | None,
        now: float,
    ) -> FloatArray:
        """The margins by hour of the day (24)."""
        maker = model.window_maker
        key = key_of(model, history, series)
        day, margins = self._known.get(key, (None, None))
        if margins is None or day != today:
            kept, judging = memory.kept(key, maker.interval), model.metadata.judging
            observed = maker.observed(history, series, now)
            margins = rolling_margins(kept, observed, today, judging, maker.unit)
            self._known = {each: of for each, of in self._known.items() if of[0] == today}
            self._known[key] = today, margins
        return margins


def key_of(model: LoadedModel, history: History, series: str | None) -> ForecastKey:
    """Whose forecasts those of a model are. Raises `NotReady` where it is not known of what."""
    target = model.window_maker.target(history, series)
    return ForecastKey(model.sha256, target_digest(target))


def in_order(values: FloatArray, median: int | None) -> FloatArray:
    """Quantiles of ascending shares (the last axis), moved outwards where they cross."""
    middle = values.shape[-1] // 2 if median is None else median
    result = values.copy()
    below, above = result[..., : middle + 1], result[..., middle:]
    below[...] = np.minimum.accumulate(below[..., ::-1], axis=-1)[..., ::-1]
    above[...] = np.maximum.accumulate(above, axis=-1)
    return result


def _targets(model: LoadedModel, window: Window) -> Hours:
    """The wall-clock hour at which each step ahead begins."""
    interval = model.window_maker.interval
    first = window.origin + np.timedelta64(interval, "h")
    return hours_from(first, model.metadata.horizon, interval)
