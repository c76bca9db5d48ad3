"""Windows: from hourly observations to what a model takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.device_limits import HOURS_KEPT
from edgeops.features.known import known_columns
from edgeops.features.series import FloatArray, HourlySeries, hours_from
from edgeops.features.spec import COUNTS, Unit, WindowSpec
from edgeops.features.spec_json import from_json
from edgeops.features.wall_clock import (
    phase,
    skipped_hours,
    time_zone,
    to_wall_clock,
    utc_hours,
)
from edgeops.features.window import WindowBuilder
from edgeops.modules.forecaster.context import Ahead, ColumnAhead, Contexts
from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.hours import HistoryHours, NotReady
from edgeops.modules.forecaster.metadata import ModelError, ModelMetadata, bad_metadata
from edgeops.modules.forecaster.observations import HOUR
from edgeops.quality.kept import Observed, observed

_TRIAL_HOUR = 438_288  # the first of 2020
_EPOCH = np.datetime64(0, "h")
NOTHING_AHEAD = Contexts().ahead


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What a model takes, and what is needed to read what it gives.

    `values` has a row a step and a column an input (float32). `hours` are
    those at which the steps ahead begin, and the last one ends; they count
    from 1970 in UTC. `scale` and `unit` turn a ratio into a value.

    It rests on the hours from `observed_from` to before the first step ahead;
    `missing` of these lack the value of any column and were filled. Each hour
    begins `phase` seconds after that of UTC. `context` says how much is known of
    each column that must be known ahead. `origin` is the hour on the clock of the
    site at which the newest observed step begins.
    """

    values: np.ndarray
    hours: tuple[int, ...]
    scale: float = 1.0
    unit: Unit = COUNTS
    phase: int = 0
    observed_from: int = 0
    missing: int = 0
    context: tuple[ColumnAhead, ...] = ()
    origin: np.datetime64 = _EPOCH

    @property
    def starts(self) -> tuple[int, ...]:
        """When the steps ahead begin, and the last one ends, in seconds since 1970."""
        return tuple(hour * HOUR + self.phase for hour in self.hours)

    def is_as(self, other: Window | None) -> bool:
        """Whether a model makes the same of both."""
        return (
            other is not None
            and (self.hours, self.scale) == (other.hours, other.scale)
            and self.values.tobytes() == other.values.tobytes()
        )


class AheadSource(Protocol):
    """Gives what is known ahead: see `Contexts.ahead`."""

    def __call__(
        self,
        columns: Sequence[str],
        start: np.datetime64,
        count: int,
        horizon: int,
        zone: ZoneInfo,
        /,
    ) -> Ahead:
        """The columns from `start` on."""


class WindowMaker(Protocol):
    """Makes the windows of one model.

    A step is `interval` hours, which begin `phase` seconds after those of UTC.
    `known_ahead` are the columns that it asks `ahead` for; `unit` is that of the target.
    """

    interval: int
    phase: int
    known_ahead: tuple[str, ...]
    unit: Unit

    def make(
        self, history: History, series: str | None, now: float, ahead: AheadSource = NOTHING_AHEAD
    ) -> Window:
        """The newest window; `series` is the one to forecast, for a model of any one series.

        Raises `NotReady` when the history is not enough for it, `ModelError` when
        it cannot be made.
        """

    def complete(
        self, history: History, series: str | None, hours: Iterable[int]
    ) -> frozenset[int]:
        """Those of these hours of which all values are there.

        A series that has no value in the hour before is not waited for.
        """

    def target(self, history: History, series: str | None) -> Target:
        """What is forecast. Raises `NotReady` where nobody can say it."""

    def observed(self, history: History, series: str | None, now: float) -> Observed:
        """All of the target that was observed. Raises `NotReady`, or `EdgeOpsError`."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a model forecasts: the sum of these columns over steps, on the clock of a place."""

    columns: tuple[str, ...]
    time_zone: str
    interval: int


class RawWindowMaker:
    """The observations themselves, with short gaps bridged."""

    interval = 1
    phase = 0
    known_ahead: tuple[str, ...] = ()
    unit = COUNTS

    def __init__(self, metadata: ModelMetadata) -> None:
        self._metadata = metadata

    def make(
        self,
        history: History,
        series: str | None,  # noqa: ARG002
        now: float,
        ahead: AheadSource = NOTHING_AHEAD,  # noqa: ARG002
    ) -> Window:
        """The newest hours of the inputs that the model names."""
        names = self._metadata.inputs
        steps = self._metadata.window_steps
        recent = HistoryHours(history).recent(names, steps, now)
        values = np.array([recent.values[name] for name in names], dtype=np.float32).T
        first = recent.last_hour + 1
        return Window(
            values,
            tuple(range(first, first + self._metadata.horizon + 1)),
            observed_from=first - steps,
            missing=recent.bridged,
            origin=_EPOCH + recent.last_hour,
        )

    def complete(
        self,
        history: History,
        series: str | None,  # noqa: ARG002
        hours: Iterable[int],
    ) -> frozenset[int]:
        """The complete ones of these hours, of the inputs that the model names."""
        return _complete(HistoryHours(history), self._metadata.inputs, hours)

    def target(self, history: History, series: str | None) -> Target:  # noqa: ARG002
        """The only input: of several, nobody says which is forecast."""
        if len(self._metadata.inputs) > 1:
            raise NotReady("the model has several inputs, and does not say which it forecasts")
        return Target(self._metadata.inputs, "UTC", self.interval)

    def observed(self, history: History, series: str | None, now: float) -> Observed:
        """The values of the only input, an hour each."""
        names = self.target(history, series).columns
        first, values = _until_now(HistoryHours(history), names, now)
        return Observed(_EPOCH + first, values[:, 0])


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
            self.known_ahead = known_columns(self._spec.features)
            self.phase = phase(self._zone)
            builder = WindowBuilder(self._spec)
            if builder.hours_to_keep >= HOURS_KEPT:
                raise bad_metadata(
                    f"the model needs {builder.hours_to_keep:,} hours of history,"
                    f" the device keeps {HOURS_KEPT:,}"
                )
            ones = np.ones((builder.hours + 1, len(builder.columns)))
            counts = self._on_the_wall(_TRIAL_HOUR, builder.columns, ones)
            self._cut(builder, counts, NOTHING_AHEAD)
        except EdgeOpsError as error:
            raise bad_metadata(error.message) from error
        self.interval = self._spec.interval
        self.unit = self._spec.unit

    def make(
        self, history: History, series: str | None, now: float, ahead: AheadSource = NOTHING_AHEAD
    ) -> Window:
        """The newest window; of a pooled model that of `series`, or of the only one there is."""
        builder = WindowBuilder(self._of_device(history, series))
        targets = builder.spec.columns
        hours = self._hours(history)
        last = hours.newest(targets, (len(targets) + 1) // 2, now)
        first = max(hours.first, last - builder.hours_to_keep)
        values = hours.table(builder.columns, first, last)
        if not builder.spec.unit.is_signed:
            values[values < 0] = np.nan
        try:
            counts = self._on_the_wall(first, builder.columns, values)
            window = self._cut(builder, counts, ahead) if len(counts) >= builder.hours else None
        except EdgeOpsError as error:
            raise ModelError("WindowFailed", error.message) from error
        if window is None or not np.isfinite(window.values).all():
            raise NotReady(_too_little(builder, counts))
        return window

    def complete(
        self, history: History, series: str | None, hours: Iterable[int]
    ) -> frozenset[int]:
        """The complete ones of these hours, of the target and its neighbours."""
        try:
            columns = WindowBuilder(self._of_device(history, series)).columns
        except NotReady:
            return frozenset()
        return _complete(self._hours(history), columns, hours)

    def target(self, history: History, series: str | None) -> Target:
        """The columns of the target; of a pooled model the series that is forecast."""
        spec = self._of_device(history, series)
        return Target(spec.columns, spec.site.time_zone, spec.interval)

    def observed(self, history: History, series: str | None, now: float) -> Observed:
        """The target on the clock of the site, with gaps filled as in a window."""
        spec = self._of_device(history, series)
        first, values = _until_now(self._hours(history), spec.columns, now)
        return observed(self._on_the_wall(first, spec.columns, values), spec)

    def _hours(self, history: History) -> HistoryHours:
        return HistoryHours(history, self._spec.hour, self.phase)

    def _on_the_wall(
        self, first: int, columns: tuple[str, ...], values: FloatArray
    ) -> HourlySeries:
        return to_wall_clock(first, columns, values, self._zone, self._spec.hour.combine)

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

    def _cut(self, builder: WindowBuilder, counts: HourlySeries, ahead: AheadSource) -> Window:
        spec = builder.spec
        first = builder.steps(counts)[-1] + np.timedelta64(spec.interval, "h")
        known = None
        if self.known_ahead:
            every, forecast = spec.steps * spec.interval, spec.horizon * spec.interval
            known = ahead(self.known_ahead, first, every, forecast, self._zone)
        windows = builder.window(counts, known.series if known else None)
        hours = utc_hours(hours_from(first, spec.horizon + 1, spec.interval), self._zone)
        used = counts.rows(len(counts) - builder.hours, len(counts))
        return Window(
            windows.values[0],
            tuple(hours.tolist()),
            float(windows.scale[0]),
            spec.unit,
            self.phase,
            int(utc_hours(used.hours[:1], self._zone)[0]),
            self._missing(used),
            known.columns if known else (),
            first - np.timedelta64(spec.interval, "h"),
        )

    def _missing(self, used: HourlySeries) -> int:
        """How many hours lack the value of any column, but those that the clock skipped."""
        missing = used.hours[np.isnan(used.values).any(axis=1)]
        skipped = skipped_hours(used.hours[0], used.hours[-1], self._zone)
        return len(missing) - int(np.isin(missing, skipped).sum())


# A model names its kind of window in its metadata; these are all.
# Each raises `ModelError` when the model's metadata does not fit.
WINDOW_MAKERS: Mapping[str, Callable[[ModelMetadata], WindowMaker]] = {
    "raw": RawWindowMaker,
    "features": FeatureWindowMaker,
}


def _complete(history: HistoryHours, names: Sequence[str], hours: Iterable[int]) -> frozenset[int]:
    return frozenset(hour for hour in hours if history.complete(names, hour))


def _until_now(hours: HistoryHours, names: Sequence[str], now: float) -> tuple[int, FloatArray]:
    """The first hour of a history, and these series until the newest hour that has ended."""
    if not len(hours.history):
        raise NotReady("no observations yet")
    first, end = hours.first, int((now - hours.shift) // HOUR)
    return first, hours.table(names, first, max(first, end - 1))


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
