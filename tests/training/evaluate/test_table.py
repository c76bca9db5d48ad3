"""The table of all forecasts of an evaluation."""

from __future__ import annotations

import numpy as np
import pytest
from pyarrow.parquet import read_table

from edgeops.training.evaluate.table import write_table
from edgeops.training.forecasts import Forecasts

ORIGINS = np.array(["2024-01-01T22", "2024-01-02T10"], "datetime64[h]")
ACTUAL = np.array([[1.0, 2.0], [3.0, np.nan]])
VALUES = np.arange(12.0).reshape(2, 2, 3)
MODEL = Forecasts("cbd", ORIGINS, ACTUAL, VALUES, (0.1, 0.5, 0.9))
NAIVE = Forecasts("cbd", ORIGINS, ACTUAL, VALUES[:, :, :1])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "forecasts.parquet"


def test_there_is_a_row_for_each_origin_and_step(path):
    write_table(path, {"test": {"model": [MODEL], "naive": [NAIVE]}})
    table = read_table(path)
    columns = ["part", "model", "series", "origin", "horizon", "hour", "y", "yhat", "lo", "hi"]
    assert table.column_names == columns
    rows = table.to_pylist()
    assert len(rows) == 8
    first = rows[0]
    assert (first["part"], first["model"], first["series"]) == ("test", "model", "cbd")
    assert first["origin"].isoformat() == "2024-01-01T22:00:00"
    assert [(row["horizon"], row["hour"]) for row in rows[:4]] == [
        (1, 23),
        (2, 0),
        (1, 11),
        (2, 12),
    ]
    assert [row["y"] for row in rows[:4]] == [1, 2, 3, None]
    assert [(row["lo"], row["yhat"], row["hi"]) for row in rows[:2]] == [(0, 1, 2), (3, 4, 5)]
    assert [(row["lo"], row["yhat"], row["hi"]) for row in rows[4:6]] == [
        (None, 0, None),
        (None, 3, None),
    ]


def test_a_failed_write_leaves_the_file_as_it_was(path):
    write_table(path, {"test": {"model": [MODEL]}})
    before = path.read_bytes()
    without_median = Forecasts("x", ORIGINS, ACTUAL, VALUES, (0.1, 0.2, 0.3))
    with pytest.raises(ValueError, match="not in tuple"):
        write_table(path, {"test": {"model": [MODEL, without_median]}})
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["forecasts.parquet"]
