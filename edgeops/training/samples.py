"""From data to samples: the windows of a series, and the observed values after each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgeops.errors import EdgeOpsError
from edgeops.features.calendar import hour_of_day
from edgeops.features.repair import without_outages
from edgeops.features.series import FloatArray, HourlySeries, Hours, IntArray
from edgeops.features.spec import COUNTS, Unit
from edgeops.features.transforms import aggregate
from edgeops.features.unit import measured
from edgeops.features.window import WindowBuilder
from edgeops.training.data.dataset import Dataset
from edgeops.training.data.find import data_files
from edgeops.training.data.load import (
    outage_hours,
    read_data,
    read_known,
    split_of,
    target_columns,
    window_spec,
)
from edgeops.training.data.remarks import notes, warnings
from edgeops.training.data.split import Split, parts
from edgeops.training.data.targets import target, targets_of
from edgeops.training.forecasts import Forecasts, targets_after
from edgeops.training.model_file import ModelFile

_FEW = 200  # windows
_MANY = 0.05  # of the hours


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """The windows of one series, with the observed values after each.

    `windows` has the shape (n, steps, features); `origins` are the wall-clock
    hours at which the newest observed step begins, `rows` their indexes into
    `history`, the whole series by step, repaired in hindsight and NaN where
    unknown. `scale` is the mean level plus 1 at each origin, in `unit`, (n,);
    `actual` has the shape (n, horizon).
    """

    series: str
    features: tuple[str, ...]
    windows: NDArray[np.float32]
    origins: Hours
    rows: IntArray
    scale: FloatArray
    actual: FloatArray
    history: FloatArray
    interval: int = 1
    unit: Unit = COUNTS

    def __len__(self) -> int:
        return len(self.windows)

    @property
    def ratio(self) -> FloatArray:
        """The target of a network: (value in the unit + 1) / scale, n x horizon."""
        return (measured(self.actual, self.unit) + 1) / self.scale[:, None]

    @property
    def targets(self) -> Hours:
        """The wall-clock hour at which each forecast step begins: n x horizon."""
        return targets_after(self.origins, self.actual.shape[1], self.interval)

    @property
    def hour_of_day(self) -> IntArray:
        """The hour of the day, 0 to 23, of each forecast step: n x horizon."""
        return hour_of_day(self.targets)

    def forecasts(self, values: FloatArray, quantiles: tuple[float, ...] = (0.5,)) -> Forecasts:
        """Forecasts of the samples with these values, n x horizon x quantiles."""
        return Forecasts(self.series, self.origins, self.actual, values, quantiles, self.interval)

    def chosen(self, which: NDArray[np.bool_] | IntArray) -> Samples:
        """The samples of a mask or of indexes."""
        return replace(
            self,
            windows=self.windows[which],
            origins=self.origins[which],
            rows=self.rows[which],
            scale=self.scale[which],
            actual=self.actual[which],
        )


@dataclass(frozen=True)
class Experiment:
    """The data of a model file, ready to be cut into samples.

    `sha256` covers all its files, `digests` has that of each by what it has.
    """

    model: ModelFile
    dataset: Dataset
    known: HourlySeries | None
    split: Split
    sha256: str
    digests: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of the data that make up the target."""
        return target_columns(self.model, self.dataset.series.columns)

    @property
    def series(self) -> tuple[str, ...]:
        """The names of the series: the target, or each column of a pooled target."""
        target = self.model.recipe.target
        return self.columns if target.is_pooled else (target.name,)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was recognised in the data, then what is probably not meant."""
        doubts = warnings(self.model, self.dataset, self.known)
        return (*notes(self.model, self.dataset), *(f"warning: {doubt}" for doubt in doubts))

    def columns_of(self, series: str) -> tuple[str, ...]:
        """The columns whose sum is a series."""
        return (series,) if self.model.recipe.target.is_pooled else self.columns

    def builder(self, series: str) -> WindowBuilder:
        """The window builder of a series. Raises `EdgeOpsError` for an invalid specification."""
        return self._builder(self.columns_of(series))

    def samples(self, series: str, part: str, stride: int = 1) -> Samples:
        """The usable samples of a series in a part of `split`, at every `stride`-th step.

        Samples without any known target are left out. Raises `EdgeOpsError` if none is left.
        """
        return self._samples(series, self.columns_of(series), part, stride)

    def samples_of_column(self, column: str, part: str, stride: int = 1) -> Samples:
        """As `samples`, for one column as a separate series."""
        return self._samples(column, (column,), part, stride)

    def rows(self, series: str, part: str) -> IntArray:
        """The origins of all samples of a series in a part, as indexes into its `history`."""
        columns = self.columns_of(series)
        return self._rows(self._builder(columns), self._history(columns), part)

    def check_part(self, series: str, part: str) -> None:
        """Raises `EdgeOpsError` if a part of a series has no sample."""
        columns = self.columns_of(series)
        if not len(self.rows(series, part)):
            raise self._too_little(series, self.builder(series), part)
        if not self._has_samples(columns, part):
            raise self._full_of_gaps(series, columns, part)

    def has_samples_of_column(self, column: str, part: str) -> bool:
        """Whether `samples_of_column` would give any."""
        return self._has_samples((column,), part)

    def _has_samples(self, columns: tuple[str, ...], part: str) -> bool:
        builder = self._builder(columns)
        rows = self._rows(builder, self._history(columns), part)
        few = rows[:: max(1, len(rows) // _FEW)]  # mostly, a few say it
        return any(
            len(some) > 0 and builder.windows(self.dataset.series, some, self.known).usable.any()
            for some in (few, rows)
        )

    def history(self, series: str) -> FloatArray:
        """A whole series by step, repaired in hindsight; NaN where unknown."""
        return self._history(self.columns_of(series))

    def _samples(self, name: str, columns: tuple[str, ...], part: str, stride: int) -> Samples:
        builder, history, data = self._builder(columns), self._history(columns), self.dataset.series
        rows = self._rows(builder, history, part)
        rows = rows[rows % stride == 0]
        if not len(rows):
            raise self._too_little(name, builder, part)
        windows = builder.windows(data, rows, self.known)
        samples = Samples(
            name,
            builder.spec.features,
            windows.values,
            windows.origins,
            rows,
            windows.scale,
            targets_of(history, rows, builder.spec.horizon),
            history,
            builder.spec.interval,
            builder.spec.unit,
        )
        if not windows.usable.any():
            raise self._full_of_gaps(name, columns, part)
        return samples if windows.usable.all() else samples.chosen(windows.usable)

    def _too_little(self, name: str, builder: WindowBuilder, part: str) -> EdgeOpsError:
        return EdgeOpsError(
            f"{name} has too little history for the {part} part of {self.model.name}",
            f"a window needs {builder.hours:,} hours, the data has {len(self.dataset.series):,};"
            " see `split` in model.yaml",
        )

    def _full_of_gaps(self, name: str, columns: tuple[str, ...], part: str) -> EdgeOpsError:
        hours = outage_hours(self.model, self.dataset.series)
        values = self.dataset.series.select(columns).values
        zeros = (np.isnan(without_outages(values, hours)) & ~np.isnan(values)).mean()
        message = f"each window of {name} in the {part} part of {self.model.name} has a gap"
        if zeros < _MANY:
            missing = np.isnan(values).mean()
            return EdgeOpsError(
                f"{message}: {missing:.0%} of the hours are missing",
                f"see `edgeops model data {self.model.name}`",
            )
        return EdgeOpsError(
            f"{message}: {zeros:.0%} of the hours are zeros that follow {hours} others, which"
            " count as an outage",
            "if they are usual, leave `repairs.outageHours` out of model.yaml, or set it to 0",
        )

    def _builder(self, columns: tuple[str, ...]) -> WindowBuilder:
        data = self.dataset
        return WindowBuilder(window_spec(self.model, columns, data.series, self.known, data.hour))

    def _rows(self, builder: WindowBuilder, history: FloatArray, part: str) -> IntArray:
        """The origins of a part that have a full window and any known target."""
        spec, steps = builder.spec, builder.steps(self.dataset.series)
        rows = parts(self.split, steps, spec.horizon, spec.interval)[part]
        rows = rows[rows >= builder.hours // spec.interval - 1]
        hours = self.model.recipe.window.origins
        if hours and part != "train":
            rows = rows[np.isin(hour_of_day(steps[rows]), hours)]
        known = ~np.isnan(targets_of(history, rows, spec.horizon)).all(axis=1)
        return np.asarray(rows[known])

    def _history(self, columns: tuple[str, ...]) -> FloatArray:
        """The sum of columns by step, repaired in hindsight."""
        data, repairs = self.dataset.series, self.model.recipe.repairs
        zeros = self._builder(columns).spec.outage_hours
        hourly = target(data, columns, zeros, repairs.interpolate_hours)
        return aggregate(data.start, hourly, self.model.recipe.transforms.interval_hours)[1]


def experiment(model: ModelFile, *, with_rows: bool = False) -> Experiment:
    """The experiment of a model file, with its data read. Raises `EdgeOpsError`.

    `with_rows` is for those who show the rows of its table to a device: see `read_data`.
    """
    files = data_files(model)
    data = read_data(model, files.observed, with_rows=with_rows)
    known = read_known(model, files, data.series)
    return Experiment(model, data, known, split_of(model), files.sha256, files.digests)
