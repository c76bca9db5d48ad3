"""The repairs, each asserted on the real data."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.features.repair import total, without_outages
from edgeops.training.data.akl import packaged_file
from edgeops.training.data.csv_file import csv_rows
from edgeops.training.data.quality import quality
from edgeops.training.data.targets import target

WEEK = 168


def hour(text: str) -> np.datetime64:
    return np.datetime64(text, "h")


@pytest.fixture(scope="module")
def raw() -> list[list[str]]:
    return [cells for _, cells in csv_rows(packaged_file())][1:]


@pytest.fixture(scope="module")
def counts(auckland, streets):
    """The sum of what the sensors say, an hour; missing when one of them is."""
    return auckland.series.select(streets).values.sum(axis=1)


def distance(values, first, end, shift=0):
    """How far an hour is from that of the week before, in logarithms, on average."""
    rows = np.arange(first, end)
    logs = np.log1p(values)
    return np.nanmean(np.abs(logs[rows + shift] - logs[rows - WEEK]))


def test_the_extent_of_the_data(auckland):
    series = auckland.series
    assert (str(series.hours[0]), str(series.hours[-1])) == ("2019-01-01T06", "2026-01-01T05")
    assert len(series) == 61_367 + 1  # one row is not in the file: 2024-09-29 02:00
    assert len(series.columns) == 21
    assert auckland.sha256.startswith("6281ce41")
    assert "CC-BY-4.0" in auckland.attribution


def test_rows_after_midnight_belong_to_the_next_day(auckland, counts):
    """The crowd of New Year is in the first hour of the year, every year but the lockdown's."""
    at = auckland.series.index
    for year in (2020, 2021, 2022, 2023, 2024, 2025):
        midnight = counts[at(hour(f"{year}-01-01T00"))]
        assert midnight > 4 * counts[at(hour(f"{year}-01-02T00"))]
    assert counts[at(hour("2020-01-01T00"))] == 23_092


def test_the_order_of_rows_is_the_time_where_labels_are_wrong(auckland, raw):
    series = auckland.series
    skipped = series.index(hour("2024-09-29T02"))
    labels = [int(row[1].partition(":")[0]) for row in raw]
    hours = np.delete(series.hours, skipped).astype(np.int64) % 24
    assert labels == hours.tolist()
    dates = [np.datetime64(row[0], "D") for row in raw]
    days = (np.delete(series.hours, skipped) - np.timedelta64(6, "h")).astype("datetime64[D]")
    wrong = np.flatnonzero(np.array(dates) != days)
    assert 0 < len(wrong) < 200
    at_wrong = np.delete(series.hours, skipped)[wrong].astype("datetime64[M]")
    assert set(map(str, at_wrong)) <= {"2024-09", "2025-01"}


@pytest.mark.parametrize("year", [2019, 2020, 2021, 2022])
def test_zeros_in_the_skipped_hour_are_gone(auckland, raw, year):
    days = {2019: "09-29", 2020: "09-27", 2021: "09-26", 2022: "09-25"}
    at = auckland.series.index(hour(f"{year}-{days[year]}T02"))
    assert all(float(cell or 0) == 0 for cell in raw[at][3:])
    assert np.isnan(auckland.series.values[at]).all()


@pytest.mark.parametrize(
    ("first", "last"),
    [("2023-09-24T02", "2023-10-01T05"), ("2025-09-28T02", "2025-10-01T05")],
)
def test_weeks_that_are_an_hour_early_are_moved(auckland, counts, first, last):
    series = auckland.series
    begin, end = series.index(hour(first)), series.index(hour(last))
    assert np.isnan(series.values[begin]).all()
    assert not np.isnan(series.values[begin + 1 : end + 1]).all(axis=1).any()
    repaired = distance(counts, begin + 1, end + 1)
    as_it_was = distance(counts, begin + 1, end, shift=1)
    assert repaired < 0.75 * as_it_was
    assert repaired < 0.28


def test_the_year_without_a_row_for_the_skipped_hour(auckland):
    at = auckland.series.index(hour("2024-09-29T02"))
    assert np.isnan(auckland.series.values[at]).all()
    assert not np.isnan(auckland.series.values[at + 1]).all()


def test_the_doubled_hour_of_autumn_is_a_sum(auckland, counts):
    """It has more than the mean of its neighbours of a night that falls hour by hour."""
    sums = []
    for day in ("2019-04-07", "2022-04-03", "2024-04-07", "2025-04-06"):
        at = auckland.series.index(hour(f"{day}T02"))
        sums.append(counts[at] / np.sqrt(counts[at - 1] * counts[at + 1]))
    assert min(sums) > 1.4


def test_repairs_are_listed(auckland):
    assert [(str(repair.first), repair.hours) for repair in auckland.repairs] == [
        ("2019-09-29T02", 1),
        ("2020-09-27T02", 1),
        ("2021-09-26T02", 1),
        ("2022-09-25T02", 1),
        ("2023-09-24T02", 171),
        ("2025-09-28T02", 75),
    ]


def test_the_sensors_that_are_left_out(auckland, streets):
    assert len(streets) == 17
    columns = {column.name: column for column in quality(auckland, 12).columns}
    assert sum(outage.hours for outage in columns["107 Quay Street"].outages) > 25_000
    assert columns["188 Quay Street Lower Albert (EW)"].missing > 32_000
    assert len(columns["205 Queen Street"].outages) > 50
    for name in streets:
        assert columns[name].missing < 200
        assert len(columns[name].outages) <= 6


def test_outages_of_zeros_become_missing(auckland):
    street = auckland.series.column("1 Courthouse Lane")
    first = auckland.series.index(hour("2021-07-12T15"))
    repaired = without_outages(street, 12)
    assert (repaired[first : first + 11] == 0).all()  # nobody could know yet
    assert np.isnan(repaired[first + 11 : first + 715]).all()


def test_the_total_has_a_value_in_nearly_every_hour(auckland, streets):
    inputs = total(auckland.series, streets, 12)
    missing = auckland.series.hours[np.isnan(inputs)]
    assert len(missing) < 100
    assert set(map(str, missing.astype("datetime64[Y]"))) == {"2021"}  # a month without one street
    compared = target(auckland.series, streets, 12, 1)
    test = auckland.series.hours >= hour("2024-07-01T00")
    assert not np.isnan(compared[test]).any()
    half = test & (auckland.series.hours < hour("2025-01-01T00"))
    assert compared[half].min() == 106
    # Inputs and targets differ only where there was something to repair.
    assert (np.abs(inputs - compared)[test] > 0.5).sum() < 25
