"""How far rows are apart: jitter, steps that do not divide an hour, changes, and events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.spec import Hour
from edgeops.training.data.cadence import stretches
from edgeops.training.data.data_file import DataFile
from edgeops.training.data.table import read_table
from edgeops.training.recipe import TableSection

START = datetime(2024, 5, 1, tzinfo=UTC)
DAY = 24 * 3600


def table(seconds, values=None, **options):
    values = np.ones(len(seconds)) if values is None else values
    rows = [
        f"{(START + timedelta(seconds=int(at))).isoformat()},{value:g}"
        for at, value in zip(seconds, values, strict=True)
    ]
    file = DataFile("counts.csv", "\n".join(["timestamp,a", *rows]).encode())
    return read_table(file, TableSection("counts.csv", **options), "UTC")


def every(step: float, days: float, first: float = 0) -> np.ndarray:
    return np.arange(first, first + days * DAY, step)


def test_rows_that_jitter_belong_to_their_slot():
    exact = every(600, 20)
    jitter = np.random.default_rng(1).integers(-20, 21, len(exact))
    data = table(np.maximum(exact + jitter, 0))
    assert set(data.series.column("a")) == {6}
    assert data.hour == Hour("sum", 10, early=60)
    assert not data.warnings


def test_a_lost_row_of_those_that_jitter_makes_its_hour_missing():
    exact = every(600, 20)
    jitter = np.random.default_rng(1).integers(-20, 21, len(exact))
    kept = np.arange(len(exact)) != 6 * 50 + 3
    values = table(np.maximum(exact + jitter, 0)[kept]).series.column("a")
    assert np.flatnonzero(np.isnan(values)).tolist() == [50]


@pytest.mark.parametrize("late", [1, 30, 299])
def test_rows_that_mark_the_end_of_their_slot_stay_in_their_hour(late):
    data = table(every(600, 10, first=600 - late))
    assert set(data.series.column("a")) == {6}
    assert len(data.series) == 240


def test_rows_every_seven_minutes():
    values = table(every(420, 7)).series.column("a")
    assert set(values) == {8, 9}
    data = table(every(420, 7), combine="mean")
    assert set(data.series.column("a")) == {1}
    assert (data.hour, data.warnings) == (Hour("mean", 7), ())
    assert "do not divide an hour: its sum is of 8 or 9 rows" in table(every(420, 7)).warnings[0]


def test_a_lost_row_of_those_every_seven_minutes():
    seconds = every(420, 7)
    kept = seconds != 420 * 100  # at 11:40
    values = table(seconds[kept]).series.column("a")
    assert np.flatnonzero(np.isnan(values)).tolist() == [11]


def test_a_cadence_that_becomes_coarser_for_good():
    data = table(np.concatenate([every(900, 30), every(3600, 30, first=30 * DAY)]))
    values = data.series.column("a")
    assert set(values[: 30 * 24]) == {4}
    assert set(values[30 * 24 :]) == {1}
    assert data.hour == Hour()
    assert "the rows are 15 minutes, then 60 minutes apart" in data.notes[0]


def test_rows_lost_for_some_days_are_not_a_coarser_cadence():
    seconds = every(900, 30)
    lost = (seconds >= 10 * DAY) & (seconds < 14 * DAY) & (seconds % 1800 > 0)
    data = table(seconds[~lost])
    values = data.series.column("a")
    assert np.isnan(values[10 * 24 : 14 * 24]).all()
    assert np.isnan(values).sum() == 96
    assert data.hour == Hour("sum", 15)
    assert "a: 13% of the hours are missing (13% have fewer than the 4 rows" in data.warnings[0]


def passages(hours: int) -> np.ndarray:
    return np.unique(np.cumsum(np.random.default_rng(3).exponential(700, hours * 5)).astype(int))


def test_a_row_for_each_passage_is_a_warning_with_what_to_do():
    told = " ".join(table(passages(300)).warnings)
    assert "the rows are not evenly spaced" in told
    assert "an hour is expected to have" in told
    assert "cadenceMinutes: 0" in told
    assert "of the hours are missing" in told


def test_events_are_counted_and_an_hour_without_one_is_zero():
    seconds = passages(300)
    seconds = seconds[(seconds < 50 * 3600) | (seconds > 53 * 3600)]
    data = table(seconds, cadence_minutes=0)
    np.testing.assert_array_equal(data.series.column("a"), np.bincount(seconds // 3600))
    assert data.series.column("a")[51] == 0
    assert (data.hour, data.warnings) == (Hour("sum", 0), ())


def test_events_of_the_same_second_add_up():
    data = table([5, 70, 70, 70, 3600], cadence_minutes=0)
    assert data.series.column("a").tolist() == [4, 1]
    assert data.warnings[0].startswith("2 rows are of the same second as the row before")


def test_events_of_the_same_second_in_the_hour_that_the_clock_repeats():
    times = ["02:10:00", "02:10:00", "02:20:00", "02:05:00", "02:05:00"]
    rows = ["timestamp,a", *(f"2024-10-27T{time},1" for time in times)]
    options = TableSection("counts.csv", cadence_minutes=0)
    read = read_table(DataFile("counts.csv", "\n".join(rows).encode()), options, "Europe/Berlin")
    assert read.series.column("a").tolist() == [5]


def test_measurements_of_the_same_second_are_not_added_up():
    with pytest.raises(EdgeOpsError, match="occurs twice") as caught:
        table([5, 70, 70])
    assert "`cadenceMinutes: 0` if each row is an event" in str(caught.value.hint)
    with pytest.raises(EdgeOpsError, match="occurs twice"):
        table([5, 70, 70], combine="mean", cadence_minutes=0)


def test_a_cadence_that_model_yaml_says():
    seconds = every(900, 2)
    data = table(seconds, combine="sum", cadence_minutes=5)
    assert np.isnan(data.series.column("a")).all()
    assert data.hour == Hour("sum", 5)


@pytest.mark.parametrize(
    ("combine", "value", "hour"),
    [
        ("sum", 6.0, Hour("sum", 15)),
        ("mean", 1.5, Hour("mean", 15)),
        ("last", 3.0, Hour("last", 15)),
    ],
)
def test_how_the_rows_of_an_hour_become_its_value(combine, value, hour):
    data = table(every(900, 1), np.tile([0, 1, 2, 3], 24), combine=combine)
    assert set(data.series.column("a")) == {value}
    assert data.hour == hour


@pytest.mark.parametrize("combine", ["mean", "last"])
def test_the_hours_of_measurements_say_how_a_repeated_one_is_combined(combine):
    assert table(every(3600, 2), combine=combine).hour == Hour(combine, 60)


def test_the_cadence_of_a_single_row():
    assert stretches(np.array([7]))[0].seconds == 3600


def test_gaps_and_cells_without_a_value_are_told_apart():
    seconds = every(3600, 40)
    values = np.ones(len(seconds))
    values[100:300] = np.nan
    kept = (seconds < 500 * 3600) | (seconds >= 700 * 3600)
    told = table(seconds[kept], values[kept]).warnings
    assert told == (
        "a: 42% of the hours are missing (21% have no row, 21% have rows without a value)",
    )
