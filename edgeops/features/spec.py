"""What a window is made of: the part of a model that training and devices share.

Needs no other package: model files are read before anything is installed for training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from edgeops.errors import EdgeOpsError

WEEK = 168  # hours
INTERVALS = (1, 2, 3, 4, 6, 8, 12, 24)

Combine = Literal["sum", "mean", "last"]
BaseKind = Literal["median", "mean", "decomposition", "stl", "mstl"]
THIS_SERIES = "*"  # as the only column: the one series of whoever makes a window


@dataclass(frozen=True, slots=True)
class Site:
    """Where the numbers are counted.

    `time_zone` is an IANA name; latitude and longitude are in degrees (WGS84);
    `country` and `subdivision` are ISO 3166 codes, as the package `holidays` has them.
    """

    time_zone: str
    latitude: float | None = None
    longitude: float | None = None
    country: str | None = None
    subdivision: str | None = None


@dataclass(frozen=True, slots=True)
class Hour:
    """How the values of one hour become its value: their sum, their mean, or the last of them.

    `minutes` is the time from one value to the next; 0: each is an event, and the
    sum of an hour without one is 0. A sum needs every value of its hour, the others
    one. The default is what devices did before a model could say it: each value
    replaces those before it, as a count since the hour began does. So of the hour
    that comes twice in autumn both are added up, but for a mean. A value that comes
    up to `early` seconds before an hour is of that hour: clocks of loggers jitter.
    """

    combine: Combine = "last"
    minutes: int = 60
    early: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.minutes <= 60:
            raise EdgeOpsError(f"an hour of values {self.minutes} minutes apart", "use 0 to 60")
        if not 0 <= self.early <= 60:
            raise EdgeOpsError(f"values up to {self.early} seconds early", "use 0 to 60")

    @property
    def values(self) -> int:
        """How many values an hour has, at most; 0 if nobody knows."""
        return -(-60 // self.minutes) if self.minutes else 0

    @property
    def fewest(self) -> int:
        """How many values an hour has, at least."""
        return 60 // self.minutes if self.minutes else 0

    @property
    def needed(self) -> int:
        """How many of its values an hour needs, at least, to have a value itself."""
        return self.fewest if self.combine == "sum" else 1


@dataclass(frozen=True, slots=True)
class Unit:
    """What the values of a step are measured in: `size` each, from `least` on.

    The default is that of counts. `least` and `most` bound every forecast; a
    `least` below 0 says that values can be negative.
    """

    size: float = 1.0
    least: float = 0.0
    most: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.size < math.inf:
            raise EdgeOpsError(f"the size of the unit is {self.size:g}", "use a number above 0")
        if self.least > 0:
            raise EdgeOpsError(f"the least value is {self.least:g}", "use 0, or a number below it")
        if self.most is not None and self.most <= self.least:
            raise EdgeOpsError(
                f"the largest value is {self.most:g}, the least {self.least:g}",
                "check `target.capacity` in model.yaml",
            )

    @property
    def is_signed(self) -> bool:
        """Whether values can be negative."""
        return self.least < 0


COUNTS = Unit()


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How inputs are smoothed: over the last `steps`, or with weights that halve every `steps`."""

    kind: Literal["moving-average", "exponential"]
    steps: int

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise EdgeOpsError(f"smoothing over {self.steps} steps", "use 1 or more")


@dataclass(frozen=True, slots=True)
class Base:
    """The seasonal base: what the same hour of the week had in the last `weeks` weeks.

    `median` and `mean` are of the logarithms; `decomposition` is the median of
    what is left without the trend, plus the trend at the origin, which is the
    mean of the last week. `stl` and `mstl` have the same trend, and instead of
    the last weeks a fixed `profile`: the seasonal part of the logarithms for
    each step of the week, from Monday 0:00 on, as it was fitted in training.
    """

    kind: BaseKind = "median"
    weeks: int = 4
    profile: tuple[float, ...] = ()

    @property
    def is_fitted(self) -> bool:
        """Whether the base is a profile."""
        return self.kind in ("stl", "mstl")

    @property
    def has_trend(self) -> bool:
        """Whether the trend at the origin is a part of the base."""
        return self.kind == "decomposition" or self.is_fitted

    @property
    def of_neighbours(self) -> Base:
        """The base of other columns: a profile is the target's own."""
        return Base("decomposition", self.weeks) if self.is_fitted else self

    @property
    def reach(self) -> int:
        """How many hours before an hour its base looks at."""
        return WEEK * (self.weeks + self.has_trend)


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """How hourly columns become the window of a model.

    The target is the sum of `columns` over `interval` hours, which is one
    step; `THIS_SERIES` as the only column stands for any one series. A window
    has `steps` rows and a column for each of `features`; the model forecasts
    the `horizon` steps after it. `level_hours` is what the scale of the target
    is the mean of; `outage_hours` zeros in a row are an outage (0: never). `hour`
    is how the values that arrive become those of hours. `unknown` is what each
    `weather:` feature has, in their order, where it is not known: its mean in
    training, so that it is 0 once the network has scaled it. Without it, and for
    events, that is 0. `unit` is that of the target over a step, and of neighbours.

    Raises `EdgeOpsError` where this cannot be.
    """

    features: tuple[str, ...]
    columns: tuple[str, ...]
    site: Site
    steps: int = 24
    horizon: int = 24
    interval: int = 1
    base: Base = Base()
    level_hours: int = 4 * WEEK
    smoothing: Smoothing | None = None
    outage_hours: int = 12
    hour: Hour = Hour()
    unknown: tuple[float, ...] = ()
    unit: Unit = COUNTS

    def __post_init__(self) -> None:
        for name, value in (
            ("steps", self.steps),
            ("horizon", self.horizon),
            ("weeks of the base", self.base.weeks),
            ("level hours", self.level_hours),
        ):
            if value < 1:
                raise EdgeOpsError(f"{name} is {value}", "use 1 or more")
        if self.interval not in INTERVALS:
            raise EdgeOpsError(
                f"a day cannot be cut into intervals of {self.interval} hours",
                f"use one of {', '.join(map(str, INTERVALS))}",
            )
        if self.horizon > self.steps:
            raise EdgeOpsError(
                f"the horizon is {self.horizon} steps, the window has {self.steps}",
                "row k of a window holds what is known of step k ahead: use more steps",
            )
        if self.steps * self.interval > WEEK:
            raise EdgeOpsError(
                f"the window reaches {self.steps * self.interval} hours ahead",
                f"the seasonal base is known for {WEEK} hours: use fewer steps",
            )
        _unique("feature", self.features)
        _unique("column", self.columns)
        _check_profile(self.base, WEEK // self.interval)
        _check_unknown(self.unknown, self.weather)

    @property
    def is_pooled(self) -> bool:
        """Whether it is for any one series: see `of_series`."""
        return self.columns == (THIS_SERIES,)

    @property
    def weather(self) -> tuple[str, ...]:
        """The `weather:` features."""
        return tuple(name for name in self.features if name.startswith("weather:"))

    @property
    def unknown_values(self) -> Mapping[str, float]:
        """What a feature that is known ahead has where it is not; 0 if it is not listed."""
        return dict(zip(self.weather, self.unknown, strict=False))

    def of_series(self, name: str) -> WindowSpec:
        """The same for this series alone."""
        return replace(self, columns=(name,))

    def steps_of(self, hours: float) -> int:
        """How many steps these hours are: at least one."""
        return max(1, round(hours / self.interval))


def _check_profile(base: Base, steps: int) -> None:
    expected = steps if base.is_fitted else 0
    if len(base.profile) != expected or not all(map(math.isfinite, base.profile)):
        raise EdgeOpsError(
            f"the profile of the base `{base.kind}` is not {expected} finite numbers",
            "`stl` and `mstl` need a number for each step of the week, the other kinds none",
        )


def _check_unknown(unknown: tuple[float, ...], weather: tuple[str, ...]) -> None:
    if unknown and (len(unknown) != len(weather) or not all(map(math.isfinite, unknown))):
        raise EdgeOpsError(
            f"`unknown` is not {len(weather)} finite numbers",
            "it has a number for each `weather:` feature, or none",
        )


def _unique(what: str, names: tuple[str, ...]) -> None:
    if not names:
        raise EdgeOpsError(f"no {what} is named", f"name at least one {what}")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise EdgeOpsError(f"the {what} `{twice}` is named twice", "take one of them out")
