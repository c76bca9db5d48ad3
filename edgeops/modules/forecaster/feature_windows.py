"""Windows of features: those that the model was trained on, made by the same code."""

from __future__ import annotations

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries, hours_from
from edgeops.features.spec import WindowSpec
from edgeops.features.spec_json import from_json
from edgeops.features.wall_clock import time_zone, to_wall_clock, utc_hours
from edgeops.features.window import WindowBuilder
from edgeops.modules.forecaster.history import HOURS_KEPT, History, NotReady
from edgeops.modules.forecaster.metadata import ModelError, ModelMetadata
from edgeops.modules.forecaster.windows import Window

_TRIAL_HOUR = 438_288  # the first of 2020


class FeatureWindows:
    """Makes windows as the model's `window_spec` says.

    What is missing in the history is filled as in training: by the median of
    that hour in the last four weeks. So a silent sensor stops no forecast: a
    window ends with the newest full hour in which half of the target's columns
    have a value. A negative number is no count, so it is missing.

    Making one proves that windows can be made here. Raises `ModelError`.
    """

    def __init__(self, metadata: ModelMetadata) -> None:
        try:
            self._spec = _spec(metadata)
            self._zone = time_zone(self._spec.site.time_zone)
            builder = WindowBuilder(self._spec)
            if builder.hours_to_keep >= HOURS_KEPT:
                raise _unfit(
                    f"the model needs {builder.hours_to_keep:,} hours of history,"
                    f" the device keeps {HOURS_KEPT:,}"
                )
            ones = np.ones((builder.hours + 1, len(builder.columns)))
            self._cut(builder, to_wall_clock(_TRIAL_HOUR, builder.columns, ones, self._zone))
        except EdgeOpsError as error:
            raise _unfit(error.message) from error
        self.interval = self._spec.interval

    def window(self, history: History, series: str | None, now: float) -> Window:
        """The newest window; of a pooled model that of `series`, or of the only one there is."""
        builder = WindowBuilder(self._of_device(history, series))
        targets = builder.spec.columns
        last = history.newest_full_hour(targets, (len(targets) + 1) // 2, now)
        first = max(history.first_hour, last - builder.hours_to_keep)
        values = np.array(history.table(builder.columns, first, last))
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
                found = f"the history has {len(names)} series" if names else "no observations yet"
                raise NotReady(f"{found}; the desired property `series` says which one to forecast")
            (series,) = names
        return self._spec.of_series(series)

    def _cut(self, builder: WindowBuilder, counts: HourlySeries) -> Window:
        made = builder.window(counts)
        spec = builder.spec
        ahead = made.origins[0] + np.timedelta64(spec.interval, "h")
        hours = utc_hours(hours_from(ahead, spec.horizon + 1, spec.interval), self._zone)
        return Window(made.values[0], tuple(hours.tolist()), float(made.scale[0]))


def _spec(metadata: ModelMetadata) -> WindowSpec:
    spec = from_json(metadata.window_spec)
    for key, here, there in (
        ("inputs", metadata.inputs, spec.features),
        ("window_steps", metadata.window_steps, spec.steps),
        ("horizon", metadata.horizon, spec.horizon),
    ):
        if here != there:
            raise _unfit(f"window_spec contradicts {key}")
    return spec


def _too_little(builder: WindowBuilder, counts: HourlySeries) -> str:
    known = (~np.isnan(counts.values[-builder.hours :])).sum(axis=0)
    worst = int(known.argmin())
    return (
        f"{builder.columns[worst]} has {known[worst]} of the {builder.hours} hours"
        " that the model needs"
    )


def _unfit(what: str) -> ModelError:
    return ModelError("BadMetadata", f"in the model's metadata, {what}")
