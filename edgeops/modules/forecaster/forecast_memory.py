"""The forecasts that a device made, one from each origin: what its live quality is of. No I/O."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeops.features.device_limits import MAX_HORIZON
from edgeops.features.series import FloatArray
from edgeops.files import DISK, Disk
from edgeops.modules.forecaster.windows import Target
from edgeops.modules.runtime.ledger import RecordFile
from edgeops.quality.kept import HIGH, LOW, MIDDLE, KeptForecasts

# Of a model: margins need at most 82 days, and as far as a model looks ahead.
MOST_ORIGINS = 100 * 24
MOST_MODELS = 2  # the one in use, and the one before it
_MARGIN = 3
_LARGEST = 1e30  # so that no sum of errors is infinite
_EPOCH = np.datetime64(0, "h")
_MOST_LINE = 64 * 1024  # of four numbers for each of 336 steps, at 15 characters, it is 20 KB


@dataclass(frozen=True, slots=True)
class ForecastKey:
    """Whose forecasts: the digest of a model, and the digest of what it forecasts."""

    model: str
    target: str


@dataclass(frozen=True, slots=True, eq=False)
class MadeForecast:
    """One forecast: `origin` is its wall-clock hour, counted from 1970.

    `steps` has a row a step, with the low quantile, the median and the high one as the model
    gives them (low and high NaN without an interval), and the margin that was applied;
    float32, and the same after it was on disk.
    """

    key: ForecastKey
    origin: int
    steps: NDArray[np.float32]

    def same(self, other: MadeForecast | None) -> bool:
        """Whether both are the same."""
        return (
            other is not None
            and (self.key, self.origin) == (other.key, other.origin)
            and self.steps.tobytes() == other.steps.tobytes()
        )


def made_forecast(
    key: ForecastKey, origin: np.datetime64, values: FloatArray, margins: FloatArray
) -> MadeForecast:
    """A forecast to keep; `values` are (steps, 3), `margins` (steps,)."""
    steps = np.concatenate([values, margins[:, None]], axis=1).clip(-_LARGEST, _LARGEST)
    hour = int((origin.astype("datetime64[h]") - _EPOCH).astype(np.int64))
    return MadeForecast(key, hour, steps.astype(np.float32))


def target_digest(target: Target) -> str:
    """What tells one thing that is forecast from another: of other columns, zone or steps."""
    text = json.dumps([target.columns, target.time_zone, target.interval])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class ForecastMemory:
    """The newest forecasts of the newest models: the last one that was made from each origin.

    At most `MOST_ORIGINS` of each of `MOST_MODELS`, so about 3 MB for 24 steps.
    """

    def __init__(self) -> None:
        self._made: dict[ForecastKey, dict[int, MadeForecast]] = {}

    def add(self, records: Iterable[MadeForecast]) -> list[MadeForecast]:
        """Add forecasts, each in place of one from the same origin; gives those that are new."""
        return [record for record in records if self._add(record)]

    def records(self) -> Iterator[MadeForecast]:
        """All of them; of the model that was added to last, last."""
        for made in self._made.values():
            yield from (made[origin] for origin in sorted(made))

    def forget(self, key: ForecastKey) -> None:
        """Drop the forecasts of a model."""
        self._made.pop(key, None)

    def __len__(self) -> int:
        return sum(map(len, self._made.values()))

    def kept(self, key: ForecastKey, interval: int) -> KeptForecasts:
        """The forecasts of a model, as they are scored; all have as many steps as the newest."""
        made = self._made.get(key, {})
        horizon = len(made[max(made)].steps) if made else 0
        rows = [made[origin] for origin in sorted(made) if len(made[origin].steps) == horizon]
        steps = np.array([row.steps for row in rows], np.float64)
        steps = steps.reshape(len(rows), horizon, _MARGIN + 1)
        origins = np.array([row.origin for row in rows], np.int64)
        return KeptForecasts(
            _EPOCH + origins.astype("timedelta64[h]"),
            steps[:, :, [LOW, MIDDLE, HIGH]],
            steps[:, :, _MARGIN],
            interval,
        )

    def _add(self, record: MadeForecast) -> bool:
        made = self._made.pop(record.key, {})
        self._made[record.key] = made  # it was added to last
        if record.same(made.get(record.origin)):
            return False
        if len(made) >= MOST_ORIGINS and record.origin not in made:
            oldest = min(made)
            if record.origin < oldest:
                return False
            del made[oldest]
        made[record.origin] = record
        while len(self._made) > MOST_MODELS:
            del self._made[next(iter(self._made))]
        return True


def forecast_file(path: Path, disk: Disk = DISK) -> RecordFile[MadeForecast]:
    """The forecasts of one device in one file."""
    return RecordFile(path, to_record, from_record, _MOST_LINE, disk)


def to_record(made: MadeForecast) -> Any:
    """The forecast as a JSON value: a list of each column, None for one without numbers.

    A number has as many digits as tell it from its neighbours (float32), and no more.
    """
    columns = [
        None if np.isnan(column).any() else [float(str(number)) for number in column]
        for column in made.steps.T
    ]
    if not made.steps[:, _MARGIN].any():
        columns[_MARGIN] = None
    return [made.key.model, made.key.target, made.origin, *columns]


def from_record(value: Any) -> MadeForecast | None:
    """The forecast in a JSON value; None for anything else."""
    match value:
        case [str(model), str(target), int(origin), low, list(median), high, margins] if (
            0 < len(median) <= MAX_HORIZON and abs(origin) < 1 << 31
        ):
            missing = [math.nan] * len(median)
            none = [0.0] * len(median)
            columns = [
                missing if low is None else low,
                median,
                missing if high is None else high,
                none if margins is None else margins,
            ]
        case _:
            return None
    given = [column for column in (low, median, high, margins) if column is not None]
    if not all(isinstance(each, list) and len(each) == len(median) for each in given):
        return None
    if not all(_is_finite(number) for each in given for number in each):
        return None
    return MadeForecast(ForecastKey(model, target), origin, np.array(columns, np.float32).T.copy())


def _is_finite(number: Any) -> bool:
    return type(number) in (int, float) and abs(number) <= _LARGEST
