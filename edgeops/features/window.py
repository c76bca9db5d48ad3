"""Windows: what a model takes, for many origins at once or for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgeops.errors import EdgeOpsError
from edgeops.features.feature import At, Feature
from edgeops.features.known import KNOWN, at_steps
from edgeops.features.registry import check_site, feature, neighbours
from edgeops.features.repair import FILL_WEEKS, total
from edgeops.features.series import FloatArray, HourlySeries, Hours, IntArray, hours_from
from edgeops.features.spec import WEEK, WindowSpec
from edgeops.features.tracks import Tracks
from edgeops.features.transforms import aggregate, smooth, smoothing_reach


@dataclass(frozen=True, slots=True, eq=False)
class WindowBatch:
    """The windows of n origins.

    `values` has the shape (n, steps, features), float32; `origins` are the
    hours at which the newest observed step begins; `scale` is the mean level
    plus 1 at each origin. A forecast is `scale * exp(log_base + z) - 1`,
    with `log_base` of the window and z of the model.
    """

    values: NDArray[np.float32]
    origins: Hours
    scale: FloatArray

    @property
    def usable(self) -> NDArray[np.bool_]:
        """Which windows are whole: too little history makes NaN."""
        return np.asarray(np.isfinite(self.values).all(axis=(1, 2)))


@dataclass(frozen=True)
class WindowBuilder:
    """Builds the windows of a specification; made for one, it can serve any number of series.

    Raises `EdgeOpsError` for unknown features, and where the site lacks what they need.
    """

    spec: WindowSpec

    def __post_init__(self) -> None:
        for name in self.spec.features:
            check_site(name, self.spec.site)

    @cached_property
    def _features(self) -> tuple[Feature, ...]:
        return tuple(map(feature, self.spec.features))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the data that are needed: those of the target, then neighbours."""
        return tuple(dict.fromkeys([*self.spec.columns, *neighbours(self.spec.features)]))

    @cached_property
    def hours(self) -> int:
        """How many hours up to the origin a window is made of."""
        spec = self.spec
        steps = max([spec.steps_of(spec.level_hours), *map(self._steps, self._features)])
        return (
            steps + smoothing_reach(spec.smoothing) + 1
        ) * spec.interval  # 1: an interval that has begun

    @cached_property
    def hours_to_keep(self) -> int:
        """How many hours up to the origin may matter: what is missing is filled from earlier."""
        return self.hours + FILL_WEEKS * WEEK + self.spec.outage_hours

    def windows(
        self,
        series: HourlySeries,
        origins: IntArray | None = None,
        known: HourlySeries | None = None,
    ) -> WindowBatch:
        """The windows of many origins, in their order.

        `origins` are indexes of steps (of hours when the interval is 1, see
        `steps`) in the series; all that have enough history when None.
        `known` has the columns `event:` and `weather:`; of an hour that it lacks,
        or where it has NaN, nothing is known.
        """
        start, values = self._aggregated(series, self.spec.columns)
        if origins is None:
            origins = np.arange(self.hours // self.spec.interval - 1, len(values))
        if len(origins) and (origins.min() < 0 or origins.max() >= len(values)):
            raise EdgeOpsError(f"an origin is outside the {len(values)} steps of the series")
        return self._cut(self._tracks(series, start, values, known), origins)

    def window(self, series: HourlySeries, known: HourlySeries | None = None) -> WindowBatch:
        """The one window whose origin is the last whole step of the series.

        Raises `EdgeOpsError` when the history is too short.
        """
        if len(series) < self.hours:
            raise EdgeOpsError(
                f"the history has {len(series)} hours, a window needs {self.hours}",
                "observe for longer, or start with a file of earlier observations",
            )
        recent = series.rows(max(0, len(series) - self.hours_to_keep), len(series))
        start, values = self._aggregated(recent, self.spec.columns)
        origin = np.array([len(values) - 1])
        return self._cut(self._tracks(recent, start, values, known), origin)

    def steps(self, series: HourlySeries) -> Hours:
        """The hour at which each step of a series begins; origins are indexes into this."""
        start, values = aggregate(series.start, np.zeros(len(series)), self.spec.interval)
        return hours_from(start, len(values), self.spec.interval)

    def _aggregated(
        self, series: HourlySeries, columns: tuple[str, ...]
    ) -> tuple[np.datetime64, FloatArray]:
        hourly = total(series, columns, self.spec.outage_hours)
        start, values = aggregate(series.start, hourly, self.spec.interval)
        return start, smooth(values, self.spec.smoothing)

    def _tracks(
        self,
        series: HourlySeries,
        start: np.datetime64,
        values: FloatArray,
        known: HourlySeries | None,
    ) -> Tracks:
        ahead = np.full(self.spec.steps, np.nan)
        hours = hours_from(start, len(values) + self.spec.steps, self.spec.interval)

        def neighbour(column: str) -> FloatArray:
            return np.concatenate([self._aggregated(series, (column,))[1], ahead])

        return Tracks(
            self.spec,
            hours,
            np.concatenate([values, ahead]),
            neighbour,
            _known_at(hours, self.spec, known),
        )

    def _cut(self, tracks: Tracks, origins: IntArray) -> WindowBatch:
        steps = self.spec.steps
        row = np.arange(steps)
        observed = origins[:, None] - (steps - 1) + row
        ahead = origins[:, None] + 1 + row
        distance = np.asarray((row + 1) * self.spec.interval, np.float64)
        values = np.empty((len(origins), steps, len(self._features)), np.float32)
        for index, kind in enumerate(self._features):
            track = kind.track(tracks)
            if kind.at is At.ORIGIN:
                assert kind.factor is not None
                cut = track[origins, None] * kind.factor(distance)
            else:
                cut = _take(track, observed if kind.at is At.OBSERVED else ahead)
            if kind.less is not None:
                cut = cut - kind.less(tracks)[origins, None]
            values[:, :, index] = cut
        return WindowBatch(values, tracks.hours[origins], np.exp(tracks.target.scale[origins]))

    def _steps(self, kind: Feature) -> int:
        """How many steps up to the origin a feature looks at."""
        rows = self.spec.steps if kind.at is At.OBSERVED else 1
        return rows - (-kind.hours_back(self.spec) // self.spec.interval)


def _take(track: FloatArray, rows: IntArray) -> FloatArray:
    return np.where(rows >= 0, track[np.maximum(rows, 0)], np.nan)


def _known_at(
    hours: Hours, spec: WindowSpec, known: HourlySeries | None
) -> Callable[[str], FloatArray]:
    """Gives a known column as the mean over each step, or how much of each step it is known."""
    unknown = spec.unknown_values

    def at(name: str) -> FloatArray:
        if known is None:
            raise EdgeOpsError(
                f"the feature `{name}` needs columns that are known ahead",
                "name a file with events or weather under `data`",
            )
        column = name.removeprefix(KNOWN)
        values = at_steps(known.column(column), known.start, hours, spec.interval)
        if column != name:
            return np.asarray((~np.isnan(values)).mean(axis=1), np.float64)
        values = np.nan_to_num(values, nan=unknown.get(name, 0.0))
        result = np.zeros(len(hours))
        for hour in range(spec.interval):  # in one order, whatever the length
            result = result + values[:, hour]
        return result / spec.interval

    return at
