"""All forecasts as one table in a Parquet file: a row per origin and step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeops.files import beside
from edgeops.training.forecasts import Forecasts


def write_table(path: Path, by_part: Mapping[str, Mapping[str, Sequence[Forecasts]]]) -> None:
    """Write the forecasts of each part, model and series; the file is replaced atomically.

    `origin` is the wall-clock hour of the newest observation, `horizon` counts
    steps from 1, `hour` is the forecast hour of the day, `y` the observed value
    (null where unknown), `yhat` the median; `lo` and `hi` are the outer quantiles,
    null if there are none.
    """
    from pyarrow.parquet import ParquetWriter

    with beside(path) as part:
        writer: Any = None
        for table in _tables(by_part):
            writer = writer or ParquetWriter(part, table.schema, compression="zstd")
            writer.write_table(table)
        if writer is not None:
            writer.close()
            part.replace(path)


def _tables(by_part: Mapping[str, Mapping[str, Sequence[Forecasts]]]) -> Iterator[Any]:
    for part, by_model in by_part.items():
        for model, by_series in by_model.items():
            for forecasts in by_series:
                yield _table(part, model, forecasts)


def _table(part: str, model: str, forecasts: Forecasts) -> Any:
    import pyarrow

    count, horizon = forecasts.actual.shape
    outer = len(forecasts.quantiles) > 1
    missing = np.full(forecasts.actual.shape, np.nan)
    values = {
        "y": forecasts.actual,
        "yhat": forecasts.point,
        "lo": forecasts.values[:, :, 0] if outer else missing,
        "hi": forecasts.values[:, :, -1] if outer else missing,
    }
    names = {"part": part, "model": model, "series": forecasts.series}
    columns: dict[str, Any] = {
        name: pyarrow.DictionaryArray.from_arrays(
            np.zeros(count * horizon, np.int32), pyarrow.array([text])
        )
        for name, text in names.items()
    }
    columns["origin"] = pyarrow.array(np.repeat(forecasts.origins.astype("datetime64[s]"), horizon))
    columns["horizon"] = np.tile(np.arange(1, horizon + 1, dtype=np.int16), count)
    columns["hour"] = forecasts.hour_of_day.ravel().astype(np.int8)
    for name, value in values.items():
        numbers = value.ravel().astype(np.float32)
        columns[name] = pyarrow.array(numbers, mask=np.isnan(numbers))
    return pyarrow.table(columns)
