"""What a device is shown of the data of a model, and what it should forecast then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgeops.features.series import Hours, IntArray
from edgeops.features.spec import WindowSpec
from edgeops.features.wall_clock import phase, skipped_hours, time_zone, utc_hours
from edgeops.quality.judging import Judging
from edgeops.quality.kept import KeptForecasts
from edgeops.quality.margins import hours_needed
from edgeops.training.data.rows import Told, told
from edgeops.training.evaluate.scorecard import MODEL
from edgeops.training.forecasts import Forecasts
from edgeops.training.samples import Experiment

_H = np.timedelta64(1, "h")
_HOUR = 3600
_ORIGINS = 24  # of a model
_SERIES = 3  # of a pooled one
_FEWEST = 4  # origins of a series, whatever they cost
_MOST_TOLD = 150_000  # values, about: a device takes some 100,000 a second
_AROUND = (2, 3, 1, 4, 26, 0)  # hours after the midnight before the clock changes


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What a device is told of one series, and the forecasts that it should make.

    `kept` is how many hours it may need before a forecast; `earlier` are those that it has
    made before each of the forecasts, if its interval follows them.
    """

    data: Experiment
    spec: WindowSpec
    columns: tuple[str, ...]
    kept: int
    forecasts: Forecasts
    earlier: Sequence[KeptForecasts] = ()

    @property
    def ends(self) -> list[int]:
        """When the newest observed step of each forecast ends, in seconds since 1970."""
        zone = time_zone(self.spec.site.time_zone)
        hours = utc_hours(self.forecasts.origins + self.spec.interval * _H, zone)
        ends: list[int] = (hours * _HOUR + phase(zone)).tolist()
        return ends

    def told(self) -> Iterator[Iterator[Told]]:
        """What is new for a device before each of the forecasts."""
        zone, before = time_zone(self.spec.site.time_zone), 0
        dataset = self.data.dataset
        for end in self.ends:
            begin = max(before, end - (self.kept + 48) * _HOUR)  # 48: clocks change
            before = end
            span = (begin, end)
            yield told(dataset.series, dataset.rows, dataset.hour, self.columns, zone, span)

    def starts(self, index: int) -> tuple[list[int], list[int]]:
        """The steps of a forecast that happen, and when each of them begins."""
        zone, interval = time_zone(self.spec.site.time_zone), self.spec.interval
        ahead = (1 + np.arange(self.spec.horizon + 1)) * interval * _H
        hours = utc_hours(self.forecasts.origins[index] + ahead, zone)
        seconds = (hours * _HOUR + phase(zone)).tolist()
        steps = [step for step, (one, next_) in enumerate(pairwise(seconds)) if next_ > one]
        return steps, [seconds[step] for step in steps]


def trials(
    data: Experiment, by_part: Mapping[str, Mapping[str, Sequence[Forecasts]]], judging: Judging
) -> list[Trial]:
    """The trials of a model that has been evaluated; of a pooled one, those of a few series.

    `judging` is that of the model file.
    """
    by_series: dict[str, list[Forecasts]] = {}
    for by_model in by_part.values():
        for forecasts in by_model[MODEL]:
            by_series.setdefault(forecasts.series, []).append(forecasts)
    names = list(by_series)
    some = np.linspace(0, len(names) - 1, min(_SERIES, len(names))).round().astype(int)
    chosen = [names[at] for at in some]
    return [trial(data, by_series[name], _ORIGINS // len(chosen), judging) for name in chosen]


def trial(data: Experiment, parts: Sequence[Forecasts], count: int, judging: Judging) -> Trial:
    """The trial of one series, of at most so many of its forecasts."""
    builder = data.builder(parts[0].series)
    origins = np.concatenate([part.origins for part in parts])
    usable = np.flatnonzero(_observed(data, builder.spec, origins))
    spec = builder.spec
    hours = max(builder.hours_to_keep, hours_needed(judging, spec.outage_hours))
    rows_an_hour = max(1, data.dataset.hour.values)
    most = _MOST_TOLD // (rows_an_hour * len(builder.columns))
    picked: list[int] = []
    for at in _by_importance(origins[usable], builder.spec.site.time_zone, count):
        if len(picked) < _FEWEST or _hours_told(origins[[*picked, usable[at]]], hours) <= most:
            picked.append(int(usable[at]))
    which = np.array(sorted(picked), dtype=np.int64)
    forecasts = replace(
        parts[0],
        origins=origins[which],
        actual=np.concatenate([part.actual for part in parts])[which],
        values=np.concatenate([part.values for part in parts])[which],
    )
    made = [part.kept for part in parts if part.kept is not None for _ in part.origins]
    if not judging.days or len(made) < len(origins):
        return Trial(data, spec, builder.columns, hours, forecasts)
    earlier = [_before(made[at], origins[at], hours) for at in which.tolist()]
    return Trial(data, spec, builder.columns, hours, forecasts, earlier)


def _before(kept: KeptForecasts, origin: np.datetime64, hours: int) -> KeptForecasts:
    """The forecasts of these hours before an origin."""
    return kept.chosen((kept.origins < origin) & (kept.origins >= origin - hours * _H))


def _observed(data: Experiment, spec: WindowSpec, origins: Hours) -> NDArray[np.bool_]:
    """Which origins a device takes as soon as their step is over: half of the columns are there."""
    zone, series = time_zone(spec.site.time_zone), data.dataset.series.select(spec.columns)
    last = origins + (spec.interval - 1) * _H
    rows = ((last - series.start) / _H).astype(int)
    there = (~np.isnan(series.values[rows])).sum(axis=1) >= (len(spec.columns) + 1) // 2
    if len(origins):  # what the clock skips is no hour of a device
        skipped = skipped_hours(last.min(), last.max() + _H, zone)
        there &= ~np.isin(last, skipped)
        if spec.horizon * spec.interval == 1:
            there &= ~np.isin(last + _H, skipped)
    return np.asarray(there)


def _by_importance(origins: Hours, zone: str, count: int) -> list[int]:
    """Indexes of at most `count` origins: first, last, around changes of the clock, the rest."""
    if not len(origins):
        return []
    changes = _changes(origins, zone)
    around = [day + hours * _H for hours in _AROUND for day in changes][: count // 2]
    found = np.searchsorted(origins, np.array(around, dtype="datetime64[h]"))
    rest = np.linspace(0, len(origins) - 1, count).round().astype(int)
    every = [0, len(origins) - 1, *found[found < len(origins)].tolist(), *rest.tolist()]
    return list(dict.fromkeys(every))[:count]


def _changes(origins: Hours, zone: str) -> list[np.datetime64]:
    """The midnights before the clock changes."""
    first, last = origins.min().astype("datetime64[D]"), origins.max().astype("datetime64[D]")
    days = np.arange(first, last + 2).astype("datetime64[h]")
    lengths: IntArray = np.diff(utc_hours(days, time_zone(zone)))
    return list(days[:-1][lengths != 24])


def _hours_told(origins: Hours, kept: int) -> int:
    """How many hours a device has to be told for these."""
    gaps = np.diff(np.sort(origins)).astype(np.int64)
    return int(np.minimum(gaps, kept).sum()) + kept
