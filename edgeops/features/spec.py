"""What a window is made of: the part of a model that training and the device share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgeops.errors import EdgeOpsError
from edgeops.features.repair import WEEK
from edgeops.features.transforms import INTERVALS, Smoothing

BaseKind = Literal["median", "mean", "decomposition"]


@dataclass(frozen=True, slots=True)
class Site:
    """Where the numbers are counted.

    `zone` is an IANA name; latitude and longitude are in degrees (WGS84);
    `country` and `subdivision` are ISO 3166 codes, as the package `holidays` has them.
    """

    zone: str
    latitude: float | None = None
    longitude: float | None = None
    country: str | None = None
    subdivision: str | None = None


@dataclass(frozen=True, slots=True)
class Base:
    """The seasonal base: what the same hour of the week had in the last `weeks` weeks.

    `median` and `mean` are of the logarithms; `decomposition` is the median of
    what is left without the trend, plus the trend at the origin, which is the
    mean of the last week.
    """

    kind: BaseKind = "median"
    weeks: int = 4

    @property
    def reach(self) -> int:
        """How many hours before an hour its base looks at."""
        return WEEK * (self.weeks + (self.kind == "decomposition"))


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """How hourly columns become the window of a model.

    The target is the sum of `columns` over `interval` hours, which is one
    step. A window has `steps` rows and a column for each of `features`; the
    model forecasts the `horizon` steps after it. `level_hours` is what the
    scale of the target is the mean of; `outage_hours` zeros in a row are an
    outage (0: never).

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

    def steps_of(self, hours: float) -> int:
        """How many steps these hours are: at least one."""
        return max(1, round(hours / self.interval))


def _unique(what: str, names: tuple[str, ...]) -> None:
    if not names:
        raise EdgeOpsError(f"no {what} is named", f"name at least one {what}")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise EdgeOpsError(f"the {what} `{twice}` is named twice", "take one of them out")
