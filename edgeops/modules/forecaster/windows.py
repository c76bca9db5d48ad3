"""Windows: from hourly observations to what a model takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries, hours_from
from edgeops.features.spec import COUNTS, Unit, WindowSpec
from edgeops.features.spec_json import from_json
from edgeops.features.wall_clock import time_zone, to_wall_clock, utc_hours
from edgeops.features.window import WindowBuilder
from edgeops.modules.forecaster.history import HOURS_KEPT, History, NotReady
from edgeops.modules.forecaster.metadata import ModelError, ModelMetadata, bad_metadata

_TRIAL_HOUR = 438_288  # the first of 2020


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What a model takes, and what is needed to read what it gives.

    `values` has a row a step and a column an input (float32). `hours` are
    those at which the steps ahead begin, and the last one ends; they count
    from 1970 in UTC. `scale` and `unit` turn a ratio into a value.
    """

    values: np.ndarray
    hours: tuple[int, ...]
    scale: float = 1.0
    unit: Unit = COUNTS


class WindowMaker(Protocol):
    """Makes the windows of one model. A step is `interval` hours."""

    interval: int

    def make(self, history: History, series: str | None, now: float) -> Window:
        """The newest window; `series` is the one to forecast, for a model of any one series.

        Raises `NotReady` when the history is not enough for it, `ModelError` when
        it cannot be made.
        """


class RawWindowMaker:
    """The observations themselves, with short gaps bridged."""

    interval = 1

    def __init__(self, metadata: ModelMetadata) -> None:
        self._metadata = metadata

    def make(self, history: History, series: str | None, now: float) -> Window:  # noqa: ARG002
        """The newest hours of the inputs that the model names."""
        names = self._metadata.inputs
        recent = history.recent(names, self._metadata.window_steps, now)
        values = np.array([recent.values[name] for name in names], dtype=np.float32).T
        first = recent.last_hour + 1
        return Window(values, tuple(range(first, first + self._metadata.horizon + 1)))


class FeatureWindowMaker:
    """Features, made by the code that made those the model was trained on.

    What is missing in the history is filled as in training: by the median of
    that hour in the last four weeks. So a silent sensor stops no forecast: a
    window ends with the newest full hour in which half of the target's columns
    have a value. A negative number is missing, unless the unit of the model has some.

    A trial at the start proves that windows can be made here. Raises `ModelError`.
    """

    def __init__(self, metadata: ModelMetadata) -> None:
        try:
            self._spec = _spec(metadata)
            self._zone = time_zone(self._spec.site.time_zone)
            builder = WindowBuilder(self._spec)
            if builder.hours_to_keep >= HOURS_KEPT:
                raise bad_metadata(
                    f"the model needs {builder.hours_to_keep:,} hours of history,"
                    f" the device keeps {HOURS_KEPT:,}"
                )
            ones = np.ones((builder.hours + 1, len(builder.columns)))
            self._cut(builder, to_wall_clock(_TRIAL_HOUR, builder.columns, ones, self._zone))
        except EdgeOpsError as error:
            raise bad_metadata(error.message) from error
        self.interval = self._spec.interval

    def make(self, history: History, series: str | None, now: float) -> Window:
        """The newest window; of a pooled model that of `series`, or of the only one there is."""
        builder = WindowBuilder(self._of_device(history, series))
        targets = builder.spec.columns
        last = history.newest_full_hour(targets, (len(targets) + 1) // 2, now)
        first = max(history.first_hour, last - builder.hours_to_keep)
        values = np.array(history.table(builder.columns, first, last))
        if not builder.spec.unit.is_signed:
            values[values < 0] = np.nan
        try:
            counts = to_wall_clock(first, builder.columns, values, self._zone)
            window = self._cut(builder, counts) if len(counts) >= builder.hours else None
        except EdgeOpsError as error:
            raise ModelError("WindowFailed", error.message) from error
        if window is None or not np.isfinite(window.values).all():
            raise NotReady(_too_little(builder, counts))
        return window

    def _of_device(self, history: History, series: str | None) -> WindowSpec:
        if not self._spec.is_pooled:
            return self._spec
        if series is None:
            names = history.names
            if len(names) != 1:
                why = f"the history has {len(names)} series" if names else "no observations yet"
                raise NotReady(f"{why}; the desired property `series` says which one to forecast")
            (series,) = names
        return self._spec.of_series(series)

    def _cut(self, builder: WindowBuilder, counts: HourlySeries) -> Window:
        windows = builder.window(counts)
        spec = builder.spec
        ahead = windows.origins[0] + np.timedelta64(spec.interval, "h")
        hours = utc_hours(hours_from(ahead, spec.horizon + 1, spec.interval), self._zone)
        scale = float(windows.scale[0])
        return Window(windows.values[0], tuple(hours.tolist()), scale, spec.unit)


# A model names its kind of window in its metadata; these are all.
# Each raises `ModelError` when the model's metadata does not fit.
WINDOW_MAKERS: Mapping[str, Callable[[ModelMetadata], WindowMaker]] = {
    "raw": RawWindowMaker,
    "features": FeatureWindowMaker,
}


def _spec(metadata: ModelMetadata) -> WindowSpec:
    spec = from_json(metadata.window_spec)
    for key, of_metadata, of_spec in (
        ("inputs", metadata.inputs, spec.features),
        ("window_steps", metadata.window_steps, spec.steps),
        ("horizon", metadata.horizon, spec.horizon),
    ):
        if of_metadata != of_spec:
            raise bad_metadata(f"window_spec contradicts {key}")
    return spec


def _too_little(builder: WindowBuilder, counts: HourlySeries) -> str:
    known = (~np.isnan(counts.values[-builder.hours :])).sum(axis=0)
    worst = int(known.argmin())
    return (
        f"{builder.columns[worst]} has {known[worst]} of the {builder.hours} hours"
        " that the model needs"
    )
