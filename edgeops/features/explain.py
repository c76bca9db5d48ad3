"""What each feature is, in a line, by its group; and the named sets of features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeops.errors import EdgeOpsError
from edgeops.features.feature import At, Need
from edgeops.features.registry import FEATURES, HOUR_WAVES, feature
from edgeops.features.spec import Site

DEFAULT, SHORT = "default", "default-short"
# What less than a year of data teaches wrongly: its time of the year is always another one.
_OF_THE_YEAR = frozenset(
    {"doy_sin1", "doy_cos1", "xmas_shutdown", "nye_night"}
    | {"daylight_frac", "sunset_rel", "sunrise_rel", "dst"}
)

_WEEKDAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
_LOG = "log"  # a difference of logarithms: 0.1 is about 10 %
_WAVE, _YES = "-1 to 1", "0 or 1"

# The group, then for each feature what it is, and its unit.
EXPLAINED: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "base": {
        "log_base": ("Seasonal base of the step to forecast, over the level", _LOG),
    },
    "observed": {
        "log_y": ("Value over the level of the last weeks", _LOG),
        "dev": ("Deviation of the value from its seasonal base", _LOG),
        "dev_ma3": ("Mean deviation over 3 hours", _LOG),
        "dev_ma6": ("Mean deviation over 6 hours", _LOG),
        "dev_ma24": ("Mean deviation over 24 hours", _LOG),
        "dev_ma168": ("Mean deviation over a week", _LOG),
        "dev_ewm12": ("Mean deviation with weights that halve every 12 hours", _LOG),
        "dev_lag24": ("Deviation a day earlier", _LOG),
        "diff1": ("Change from one hour to the next", _LOG),
        "diff24": ("Change from the day before", _LOG),
        "trend_168": ("Mean of the last week over the level", _LOG),
        "resid_std24": ("Spread of the deviations over 24 hours", _LOG),
    },
    "earlier weeks": {
        "log_base_med4": ("Median of this hour of the week over 4 weeks, over the level", _LOG),
        "log_base_mean4": ("Mean of this hour of the week over 4 weeks, over the level", _LOG),
        "lag168_dev": ("This hour a week ago, less the base", _LOG),
        "lag336_dev": ("This hour 2 weeks ago, less the base", _LOG),
        "lag504_dev": ("This hour 3 weeks ago, less the base", _LOG),
        "lag672_dev": ("This hour 4 weeks ago, less the base", _LOG),
        "base_spread4": ("Largest less smallest of this hour in 4 weeks", _LOG),
        "base8_dev": ("Median of this hour over 8 weeks, less the base", _LOG),
        "prof_sun_dev": ("This hour on the last four Sundays, less the base", _LOG),
        "prof_sat_dev": ("This hour on the last four Saturdays, less the base", _LOG),
        "prof_tue_dev": ("This hour on the last four Tuesdays, less the base", _LOG),
    },
    "calendar": {
        **{
            f"hour_{short}{wave}": (f"Hour of the day: a {long} of {24 / wave:.2g} h", _WAVE)
            for short, long in (("sin", "sine"), ("cos", "cosine"))
            for wave in HOUR_WAVES
        },
        **{f"dow_{short}": (f"It is {long}", _YES) for short, long in _WEEKDAYS.items()},
        "doy_sin1": ("Day of the year as a sine", _WAVE),
        "doy_cos1": ("Day of the year as a cosine", _WAVE),
    },
    "holidays": {
        "hol": ("It is a public holiday", _YES),
        "hol_eve": ("The day after is a public holiday", _YES),
        "hol_after": ("The day before was a public holiday", _YES),
        "days_to_hol": ("Days to the next public holiday", "0 to 1, 14 days or more"),
        "days_since_hol": ("Days since the last public holiday", "0 to 1, 14 days or more"),
        "xmas_shutdown": ("It is between Christmas and the first days of January", _YES),
        "nye_night": ("It is the night to the new year", _YES),
        "nonworking": ("It is a weekend or a public holiday", _YES),
        "nonworking_prev": ("The day before was a weekend or a public holiday", _YES),
        "nonworking_next": ("The day after is a weekend or a public holiday", _YES),
    },
    "sun and clock": {
        "daylight_frac": ("Part of the step with daylight", "0 to 1"),
        "sunset_rel": ("Time after sunset, negative before", "half days"),
        "sunrise_rel": ("Time after sunrise, negative before", "half days"),
        "dst": ("It is summer time", _YES),
    },
    "distance": {
        "step_day": ("How far ahead the step is", "days"),
        "step_fade2": ("Fades with the distance, by 63 % in 2 hours", "0 to 1"),
        "step_fade8": ("Fades with the distance, by 63 % in 8 hours", "0 to 1"),
        "dev_fade2": ("Newest deviation, fading in 2 hours", _LOG),
        "dev_ma3_fade4": ("Mean deviation of 3 hours, fading in 4", _LOG),
        "dev_ma6_fade8": ("Mean deviation of 6 hours, fading in 8", _LOG),
        "dev_ma24_fade24": ("Mean deviation of a day, fading in a day", _LOG),
    },
}
_BY_COLUMN = {
    "neighbour": ("Deviation of another column of the data from its own base", _LOG),
    "event": ("Value of an event that is known ahead", "as in the file"),
    "weather": ("Weather of the step, known ahead", "as in the file"),
    "known:event": ("How much of the step the event is known for", "0 to 1"),
    "known:weather": ("How much of the step the weather is known for", "0 to 1"),
}
OF_COLUMNS = "columns"
_NEEDS = {
    Need.COUNTS: "",
    Need.HOLIDAYS: "country of the site",
    Need.POSITION: "latitude and longitude of the site",
}
_COLUMN_NEEDS = {
    "neighbour": "a column of the data",
    "event": "data.events",
    "weather": "data.weather",
    "known:event": "data.events",
    "known:weather": "data.weather",
}
_TIMES = {
    At.OBSERVED: "the steps observed",
    At.AHEAD: "the steps ahead",
    At.ORIGIN: "the steps ahead",
}


@dataclass(frozen=True, slots=True)
class ExplainedFeature:
    """One feature: its group, what it is, its unit, what it needs besides the series, and when."""

    name: str
    group: str
    what: str
    unit: str
    needs: str
    of: str


def explain(name: str) -> ExplainedFeature:
    """What a feature is. Raises `EdgeOpsError` for an unknown one."""
    kind = feature(name)
    for group, of_group in EXPLAINED.items():
        if name in of_group:
            what, unit = of_group[name]
            needs = _NEEDS[kind.need] if kind.need else ""
            return ExplainedFeature(name, group, what, unit, needs, _TIMES[kind.at])
    before = next(before for before in _BY_COLUMN if name.startswith(f"{before}:"))
    what, unit = _BY_COLUMN[before]
    return ExplainedFeature(name, OF_COLUMNS, what, unit, _COLUMN_NEEDS[before], _TIMES[kind.at])


def all_features() -> tuple[ExplainedFeature, ...]:
    """Every feature; those of columns with `<name>` for the column."""
    by_column = (f"{kind}:<name>" for kind in _BY_COLUMN)
    return tuple(map(explain, [*FEATURES, *by_column]))


def default_features(site: Site, *, short: bool = False) -> tuple[str, ...]:
    """The set `default`: all that need no column, and for which the site says enough.

    `short` is the set `default-short`, for less than a year of training: without those
    of the time of the year.
    """
    missing = set()
    if site.country is None:
        missing.add(Need.HOLIDAYS)
    if site.latitude is None or site.longitude is None:
        missing.add(Need.POSITION)
    names = (name for name, kind in FEATURES.items() if kind.need not in missing)
    return tuple(name for name in names if not (short and name in _OF_THE_YEAR))


def extended(names: tuple[str, ...], item: str, site: Site) -> tuple[str, ...]:
    """These features with an item of a list in model.yaml.

    It is a feature, a named set, or `-` and the name of a feature to leave out.
    Raises `EdgeOpsError` for an unknown feature, and for one to leave out that is not there.
    """
    if item in (DEFAULT, SHORT):
        more = default_features(site, short=item == SHORT)
        return tuple(dict.fromkeys([*names, *more]))
    name = item.removeprefix("-")
    feature(name)
    if name == item:
        return names if name in names else (*names, name)
    if name not in names:
        raise EdgeOpsError(
            f"leaves out `{name}`, which is not in the list before it",
            "remove it; a named set lacks features for which the site does not say enough,"
            " such as holidays without a country",
        )
    return tuple(other for other in names if other != name)
