"""What a feature is: a value for every step, and where a window takes it from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from edgeops.features.series import FloatArray
from edgeops.features.spec import WEEK, WindowSpec
from edgeops.features.tracks import Tracks


class At(StrEnum):
    """The step that row k of a window has a feature of."""

    OBSERVED = "observed"  # the one `steps - 1 - k` before the origin
    AHEAD = "ahead"  # the one to forecast, k + 1 after the origin: known beforehand
    ORIGIN = "origin"  # the origin, times a factor that depends on k


class Need(StrEnum):
    """What a feature needs besides the time."""

    COUNTS = "counts"
    HOLIDAYS = "holidays"  # the country of the site
    POSITION = "position"  # latitude and longitude of the site
    COLUMN = "column"  # another column of the data, or one that is known ahead


Track = Callable[[Tracks], FloatArray]
Factor = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class Feature:
    """How a feature is made.

    `track` gives a value for every step; what `less` has at the origin is
    taken off it; `factor` is that for hours ahead (`At.ORIGIN`). `reach` is
    how many hours before its own the value depends on, not counting those
    that the seasonal base of each of these hours looks at (`based`).
    """

    at: At
    track: Track
    need: Need | None = None
    reach: int = 0
    based: bool = False
    less: Track | None = None
    factor: Factor | None = None

    def hours_back(self, spec: WindowSpec) -> int:
        """How many hours before the first row of a window the feature looks at."""
        base = spec.base.reach if self.based else 0
        if self.at is At.AHEAD:  # weeks back from the hour to forecast, as the base is
            trend = WEEK if spec.base.has_trend else 0
            return max(self.reach + trend, base)
        return self.reach + base
