"""The forecasts that a device keeps, on disk as in memory."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.files import CACHE
from edgeops.modules.forecaster import forecast_memory
from edgeops.modules.forecaster.forecast_memory import (
    ForecastKey,
    ForecastMemory,
    MadeForecast,
    forecast_file,
    from_record,
    made_forecast,
    target_digest,
    to_record,
)
from edgeops.modules.forecaster.windows import Target
from edgeops.modules.runtime.ledger import Ledger

KEY = ForecastKey("a" * 64, "t")
ORIGIN = np.datetime64("2026-01-01T00", "h")


def forecast(hour: int, value: float = 1 / 3, key: ForecastKey = KEY, steps: int = 2):
    values = np.full((steps, 3), value) * [0.5, 1, 2]
    return made_forecast(key, ORIGIN + hour, values, np.full(steps, 0.1))


def as_text(made: MadeForecast) -> str:
    return json.dumps(to_record(made))


NUMBERS = st.floats(-1e15, 1e15)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=5), st.booleans())
def test_it_is_the_same_after_it_was_on_disk(rows, has_interval):
    values = np.array(rows)
    if not has_interval:
        values[:, [0, 2]] = np.nan
    made = made_forecast(KEY, ORIGIN, values, np.linspace(0, 0.7, len(rows)))
    again = from_record(json.loads(as_text(made)))
    assert again is not None
    assert made.same(again)
    np.testing.assert_allclose(made.steps[:, :3], values, rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize(
    "changes",
    [
        {0: 5},
        {2: 1.5},
        {2: 1 << 40},
        {4: []},
        {4: [1, "x"]},
        {4: [1, math.nan]},
        {4: [1, 1e300]},
        {4: None},
        {5: [1, 2, 3]},
        {6: [True, 1]},
        {4: [1] * 400},
    ],
)
def test_anything_else_is_no_forecast(changes):
    record: list[Any] = to_record(forecast(1))
    for at, value in changes.items():
        record[at] = value
    assert from_record(record) is None
    assert from_record([record]) is None
    assert from_record({"a": 1}) is None


def test_a_cut_at_any_byte_leaves_what_was_whole_and_takes_more(tmp_path):
    file = forecast_file(tmp_path / "whole", CACHE)
    file.append(map(forecast, range(3)))
    data = file.path.read_bytes()
    for cut in range(len(data) + 1):
        half = forecast_file(tmp_path / "cut", CACHE)
        half.path.write_bytes(data[:cut])
        half.append([forecast(9)])
        read = [made.origin for made in half.read()]
        hours = [forecast(hour).origin for hour in range(3)]
        assert read[-1] == forecast(9).origin
        assert read[:-1] == hours[: len(read) - 1]
        assert len(read) - 1 >= data[:cut].count(b"\n") - 1


def test_the_newest_origins_of_the_newest_models_are_kept(monkeypatch):
    monkeypatch.setattr(forecast_memory, "MOST_ORIGINS", 5)
    memory = ForecastMemory()
    other = ForecastKey("b" * 64, "t")
    memory.add([forecast(hour) for hour in range(8)])
    assert memory.add([forecast(1)]) == []  # older than all that are kept
    assert memory.add([forecast(7)]) == []  # nothing new
    assert len(memory.add([forecast(7, 5.0)])) == 1
    memory.add([forecast(2, key=other)])
    kept = memory.kept(KEY, 1)
    assert kept.origins.tolist() == (ORIGIN + np.arange(3, 8)).tolist()
    assert kept.values[-1, 0].tolist() == [2.5, 5, 10]
    assert kept.margins[0].tolist() == pytest.approx([0.1, 0.1])
    memory.add([forecast(3, key=ForecastKey("c" * 64, "t"))])
    assert len(memory.kept(KEY, 1)) == 0  # the one that nothing was added to for longest
    assert len(memory.kept(other, 1)) == 1


def test_forecasts_of_other_steps_than_the_newest_are_left_out():
    memory = ForecastMemory()
    memory.add([forecast(1, steps=2), forecast(2, steps=3)])
    assert memory.kept(KEY, 1).values.shape == (1, 3, 3)


def test_other_columns_zones_and_steps_are_other_targets():
    targets = [
        Target(("a",), "UTC", 1),
        Target(("a", "b"), "UTC", 1),
        Target(("a",), "Asia/Kolkata", 1),
        Target(("a",), "UTC", 3),
    ]
    assert len(set(map(target_digest, targets))) == 4


def test_the_file_stays_bounded_and_the_memory_outlives_a_full_disk(tmp_path):
    def opened() -> Ledger[ForecastMemory, MadeForecast]:
        file = forecast_file(tmp_path / "f", CACHE)
        made: Ledger[ForecastMemory, MadeForecast] = Ledger(
            file, ForecastMemory, "the forecasts", 5
        )
        made.save()
        return made

    ledger = opened()
    for value in range(60):
        ledger.unsaved.add(ledger.memory.add([forecast(value % 3, float(value))]))
        ledger.save()
    assert (tmp_path / "f").read_bytes().count(b"\n") <= 12
    (tmp_path / "f").rename(tmp_path / "g")
    (tmp_path / "f").mkdir()
    ledger.unsaved.add(ledger.memory.add([forecast(7)]))
    ledger.save()
    assert ledger.fault is not None
    assert ledger.fault.startswith("cannot read the forecasts: ")
    assert len(ledger.memory) == 4
    (tmp_path / "f").rmdir()
    ledger.save()
    assert ledger.fault is None
    again = [*map(as_text, opened().memory.records())]
    assert again == [*map(as_text, ledger.memory.records())]
