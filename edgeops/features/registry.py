"""The features by name."""

from __future__ import annotations

from collections.abc import Mapping

from edgeops.errors import EdgeOpsError
from edgeops.features.calendar import WEEKDAYS, hour_wave, is_weekday, year_wave
from edgeops.features.feature import At, Feature, Need, Track
from edgeops.features.from_counts import AHEAD, BASE, DISTANCE, OBSERVED
from edgeops.features.known import KNOWN, is_known_ahead
from edgeops.features.spec import Site


def _hour_wave(harmonic: int, *, sine: bool) -> Track:
    return lambda t: hour_wave(t.hours, harmonic, sine=sine)


def _is_weekday(which: int) -> Track:
    return lambda t: is_weekday(t.hours, which)


HOUR_WAVES = range(1, 7)  # with six, a network tells 8 from 7 o'clock; with three it hardly does

_CALENDAR: Mapping[str, Track] = {
    **{f"hour_sin{wave}": _hour_wave(wave, sine=True) for wave in HOUR_WAVES},
    **{f"hour_cos{wave}": _hour_wave(wave, sine=False) for wave in HOUR_WAVES},
    **{f"dow_{name}": _is_weekday(which) for which, name in enumerate(WEEKDAYS)},
    "doy_sin1": lambda t: year_wave(t.hours, sine=True),
    "doy_cos1": lambda t: year_wave(t.hours, sine=False),
}

_HOLIDAYS: Mapping[str, Track] = {
    "hol": lambda t: t.holidays.holiday(),
    "hol_eve": lambda t: t.holidays.holiday(1),
    "hol_after": lambda t: t.holidays.holiday(-1),
    "days_to_hol": lambda t: t.holidays.days_to(),
    "days_since_hol": lambda t: t.holidays.days_since(),
    "xmas_shutdown": lambda t: t.holidays.shutdown(),
    "nye_night": lambda t: t.holidays.new_year_night(),
    "nonworking": lambda t: t.holidays.nonworking(),
    "nonworking_prev": lambda t: t.holidays.nonworking(-1),
    "nonworking_next": lambda t: t.holidays.nonworking(1),
}

_SUN: Mapping[str, Track] = {
    "daylight_frac": lambda t: t.sun.daylight(),
    "sunset_rel": lambda t: t.sun.after_sunset(),
    "sunrise_rel": lambda t: t.sun.after_sunrise(),
    "dst": lambda t: t.sun.summer_time(),
}

FEATURES: Mapping[str, Feature] = {
    "log_base": BASE,
    **OBSERVED,
    **AHEAD,
    **{name: Feature(At.AHEAD, track) for name, track in _CALENDAR.items()},
    **{name: Feature(At.AHEAD, track, Need.HOLIDAYS) for name, track in _HOLIDAYS.items()},
    **{name: Feature(At.AHEAD, track, Need.POSITION) for name, track in _SUN.items()},
    **DISTANCE,
}

_NEIGHBOUR = "neighbour"


def feature(name: str) -> Feature:
    """The feature of a name. Raises `EdgeOpsError` for an unknown one.

    Besides `FEATURES`: `neighbour:<column>` is the deviation of another column,
    `event:<name>` and `weather:<name>` are columns that are known ahead; `known:event:<name>`
    and `known:weather:<name>` are 1 in steps where they are, 0 where they are not.
    """
    if name in FEATURES:
        return FEATURES[name]
    kind, _, column = name.partition(":")
    if column and kind == _NEIGHBOUR:
        return Feature(
            At.OBSERVED, lambda t: t.neighbour_deviation(column), Need.COLUMN, based=True
        )
    if is_known_ahead(name.removeprefix(KNOWN)) and not name.endswith(":"):
        return Feature(At.AHEAD, lambda t: t.known(name), Need.COLUMN)
    raise EdgeOpsError(f"there is no feature `{name}`", _hint(name))


def neighbours(names: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that `neighbour:` features name."""
    pairs = [name.partition(":") for name in names]
    return tuple(column for kind, _, column in pairs if kind == _NEIGHBOUR)


def check_site(name: str, site: Site) -> None:
    """Raises `EdgeOpsError` where a feature is unknown, or the site lacks what it needs."""
    need = feature(name).need
    if need is Need.POSITION and None in (site.latitude, site.longitude):
        raise EdgeOpsError(f"the feature `{name}` needs a latitude and a longitude")
    if need is Need.HOLIDAYS and site.country is None:
        raise EdgeOpsError(f"the feature `{name}` needs a country, such as NZ")


def _hint(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, FEATURES, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    return "besides the listed ones there are neighbour:, event:, weather: and known: with a name"
