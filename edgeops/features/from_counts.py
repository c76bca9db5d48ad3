"""The features that are made of the counts themselves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgeops.features.calendar import WEEKDAYS
from edgeops.features.feature import At, Factor, Feature, Need, Track
from edgeops.features.moving import (
    exponential_mean,
    lagged,
    mean,
    median,
    moving_mean,
    moving_std,
    spread,
)
from edgeops.features.series import FloatArray
from edgeops.features.spec import WEEK
from edgeops.features.tracks import Tracks

# --- of the hours that were observed --------------------------------------------


def _deviation(tracks: Tracks) -> FloatArray:
    return tracks.target.deviation


def _deviation_mean(hours: int) -> Track:
    return lambda t: moving_mean(t.target.deviation, t.spec.steps_of(hours))


def _difference(hours: int) -> Track:
    return lambda t: t.target.log - lagged(t.target.log, t.spec.steps_of(hours))


def _exponential(half_life: int) -> Track:
    return lambda t: exponential_mean(t.target.deviation, max(1.0, half_life / t.spec.interval))


def _trend(tracks: Tracks) -> FloatArray:
    return np.log1p(moving_mean(tracks.target.values, tracks.target.week)) - tracks.target.scale


def _observed(track: Track, reach: int = 0, less: Track | None = None) -> Feature:
    return Feature(At.OBSERVED, track, Need.COUNTS, reach, based=True, less=less)


OBSERVED: Mapping[str, Feature] = {
    "log_y": _observed(lambda t: t.target.log, less=lambda t: t.target.scale),
    "dev": _observed(_deviation),
    "dev_ma3": _observed(_deviation_mean(3), 3),
    "dev_ma6": _observed(_deviation_mean(6), 6),
    "dev_ma24": _observed(_deviation_mean(24), 24),
    "dev_ma168": _observed(_deviation_mean(168), 168),
    "dev_ewm12": _observed(_exponential(12), 192),
    "dev_lag24": _observed(lambda t: lagged(_deviation(t), t.spec.steps_of(24)), 24),
    "diff1": _observed(_difference(1), 24),  # a step may be a day
    "diff24": _observed(_difference(24), 24),
    "trend_168": _observed(_trend, WEEK),
    "resid_std24": _observed(lambda t: moving_std(_deviation(t), t.spec.steps_of(24)), 24),
}


# --- of the hour to forecast ------------------------------------------------------


def _scale(tracks: Tracks) -> FloatArray:
    return tracks.target.scale - tracks.target.trend


def _level(track: Track) -> Feature:
    return Feature(At.AHEAD, track, Need.COUNTS, 4 * WEEK, based=True, less=_scale)


def _past(track: Track, reach: int) -> Feature:
    """Of the same hour on earlier days, beside the base: 0 where nothing was counted."""
    return Feature(At.AHEAD, lambda t: _or_zero(track(t), t), Need.COUNTS, reach, based=True)


def _or_zero(values: FloatArray, tracks: Tracks) -> FloatArray:
    return np.where(np.isnan(values) & ~np.isnan(tracks.target.base), 0.0, values)


def _lag(weeks: int) -> Feature:
    return _past(lambda t: t.target.weeks_ago(weeks) - t.target.base, weeks * WEEK)


def _base8(tracks: Tracks) -> FloatArray:
    return median(tracks.target.last_weeks(8)) - tracks.target.base


def _profile(day: str) -> Feature:
    return _past(lambda t: t.profile(WEEKDAYS.index(day)), 5 * WEEK)


AHEAD: Mapping[str, Feature] = {
    "log_base_med4": _level(lambda t: median(t.target.last_weeks(4))),
    "log_base_mean4": _level(lambda t: mean(t.target.last_weeks(4))),
    "lag168_dev": _lag(1),
    "lag336_dev": _lag(2),
    "lag504_dev": _lag(3),
    "lag672_dev": _lag(4),
    "base_spread4": _past(lambda t: spread(t.target.last_weeks(4)), 4 * WEEK),
    "base8_dev": _past(_base8, 8 * WEEK),
    "prof_sun_dev": _profile("sun"),
    "prof_sat_dev": _profile("sat"),
    "prof_tue_dev": _profile("tue"),
}

BASE = Feature(At.AHEAD, lambda t: t.target.base, Need.COUNTS, based=True, less=_scale)


# --- of the origin, fading with the distance --------------------------------------


def _one(tracks: Tracks) -> FloatArray:
    return np.ones(len(tracks.hours))


def _fade(hours: float) -> Factor:
    return lambda ahead: np.exp(-ahead / hours)


def _faded(track: Track, reach: int, hours: float) -> Feature:
    return Feature(At.ORIGIN, track, Need.COUNTS, reach, based=True, factor=_fade(hours))


DISTANCE: Mapping[str, Feature] = {
    "step_day": Feature(At.ORIGIN, _one, factor=lambda ahead: ahead / 24),
    "step_fade2": Feature(At.ORIGIN, _one, factor=_fade(2)),
    "step_fade8": Feature(At.ORIGIN, _one, factor=_fade(8)),
    "dev_fade2": _faded(_deviation, 0, 2),
    "dev_ma3_fade4": _faded(_deviation_mean(3), 3, 4),
    "dev_ma6_fade8": _faded(_deviation_mean(6), 6, 8),
    "dev_ma24_fade24": _faded(_deviation_mean(24), 24, 24),
}
