"""A device that is told events and weather has the windows that training had of them.

Over both changes of the clock, with gaps, events that cross them, and messages and a file.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeops.features.wall_clock import time_zone, to_wall_clock
from edgeops.modules.forecaster.context_keeper import FORMAT, ContextKeeper
from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.metadata import parse_metadata
from edgeops.modules.forecaster.observations import HOUR, Observation
from edgeops.modules.forecaster.status import iso
from edgeops.modules.forecaster.windows import FeatureWindowMaker
from edgeops.modules.runtime.slots import CurrentModel, write_current
from edgeops.training.artifact import metadata
from edgeops.training.context_dropout import context_of
from edgeops.training.data.load import window_spec
from edgeops.training.examples import training_data_of
from edgeops.training.model_file import ModelFile
from edgeops.training.samples import Experiment, experiment

FIRST = int(datetime(2024, 7, 1, tzinfo=UTC).timestamp()) // HOUR
HOURS = 300 * 24
SPRING = int(datetime(2024, 9, 28, 14, tzinfo=UTC).timestamp()) // HOUR
AUTUMN = int(datetime(2025, 4, 5, 14, tzinfo=UTC).timestamp()) // HOUR
FEATURES = (
    "log_base",
    "event:market",
    "known:event:market",
    "weather:rain",
    "known:weather:rain",
)
MARKETS = [
    ("2024-09-01T10:00", "2024-09-01T16:30"),
    ("2024-09-29T01:00", "2024-09-29T04:00"),  # over the hour that the clock skips
    ("2025-04-06T01:30", "2025-04-06T05:00"),  # over the one that comes twice
]
SPEC = {
    "data": {
        "source": "table",
        "table": {"path": "counts.csv"},
        "site": {"timeZone": "Pacific/Auckland"},
        "events": "events.csv",
        "weather": {"path": "rain.csv", "kind": "forecast"},
    },
    "target": {"name": "total", "columns": "all"},
    "features": list(FEATURES),
    "network": {"kind": "sequence-lstm", "encoder": 2, "decoder": 2, "head": 2},
    "training": {"epochs": 1, "batch": 32, "learningRate": 0.01, "contextDropout": 0.2},
    "split": {
        "trainUntil": "2024-09-15",
        "validateUntil": "2024-09-20",
        "testUntil": "2025-04-25",
    },
}


def counts() -> np.ndarray:
    return np.random.default_rng(1).integers(20, 900, HOURS).astype(float)


def rain() -> np.ndarray:
    values = np.random.default_rng(2).gamma(2, 3, HOURS).round(2)
    values[::17] = np.nan
    return values


def lines(name: str, values: np.ndarray) -> str:
    rows = (
        f"{iso((FIRST + hour) * HOUR)},{'' if value != value else value}"
        for hour, value in enumerate(values)
    )
    return "\n".join([f"timestamp,{name}", *rows]) + "\n"


@pytest.fixture(scope="module")
def of(tmp_path_factory) -> Experiment:
    root = tmp_path_factory.mktemp("repository")
    (root / "counts.csv").write_text(lines("count", counts()))
    (root / "rain.csv").write_text(lines("rain", rain()))
    rows = "".join(f"market,{start},{end}\n" for start, end in MARKETS)
    (root / "events.csv").write_text(f"name,start,end\n{rows}")
    return experiment(ModelFile("m", root, SPEC, ""))


def maker_of(of: Experiment) -> FeatureWindowMaker:
    spec = window_spec(of.model, of.columns, of.dataset.series, of.known)
    return FeatureWindowMaker(parse_metadata(metadata("m", "", spec, (0.5,), "")))


def tell(keeper: ContextKeeper, now: float) -> None:
    """The weather of the coming two days, as a weather module sends it."""
    first = int(now // HOUR) - 3
    values = [None if value != value else value for value in rain()[first - FIRST :][:60]]
    series = {"rain": {"start": iso(first * HOUR), "values": values}}
    document = {"context": 1, "issued": iso(now), "series": series}
    keeper.take(json.dumps(document), now)


def put_events(storage: Path) -> None:
    found = [{"name": "market", "start": start, "end": end} for start, end in MARKETS]
    data = json.dumps({"context": 1, "events": found}).encode()
    (storage / "events").mkdir()
    path = storage / "events/events.json"
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    write_current(CurrentModel("events", path, "c", "1", digest, "", len(data), FORMAT, ""))


@pytest.mark.parametrize("change", [SPRING, AUTUMN, SPRING + 1000])
def test_the_windows_are_those_of_training(of, tmp_path, change):
    put_events(tmp_path)
    keeper = ContextKeeper(tmp_path)
    keeper.look(("events",))
    maker, zone = maker_of(of), time_zone("Pacific/Auckland")
    every = [of.samples("total", part) for part in ("test", "later") if len(of.rows("total", part))]
    windows = {
        origin: window
        for samples in every
        for origin, window in zip(samples.origins.tolist(), samples.windows, strict=True)
    }
    seen = counts()
    compared = 0
    for last in (change + offset for offset in (-26, -25, -24, -3, -2, -1, 0, 1, 2, 3, 24)):
        now = float((last + 1) * HOUR + 60)
        begin = last - 2600
        history = History()
        history.add(
            Observation(hour * HOUR, "count", seen[hour - FIRST])
            for hour in range(max(begin, FIRST), last + 1)
        )
        tell(keeper, now)
        window = maker.make(history, None, now, lambda *asked, now=now: keeper.ahead(now, *asked))
        told = to_wall_clock(last - 5, ("count",), np.ones((6, 1)), zone)
        origin = told.hours[-1].tolist()
        if origin in windows:
            compared += 1
            np.testing.assert_array_equal(window.values, windows[origin], err_msg=str(origin))
            assert {each.column: each.ever for each in window.context} == {
                "event:market": True,
                "weather:rain": True,
            }
    assert compared >= 9


def test_unknown_weather_has_the_mean_of_training_and_so_is_nothing_to_the_network(of):
    spec = of.builder("total").spec
    end = (datetime(2024, 9, 15, 12, tzinfo=UTC).timestamp() // HOUR) - FIRST  # midnight there
    assert spec.unknown[0] == pytest.approx(np.nanmean(rain()[: int(end)]), rel=1e-5)
    assert training_data_of(of).context == context_of(spec)


def test_without_any_context_a_device_has_what_drop_out_hides(of):
    maker: Any = maker_of(of)
    history = History()
    last = AUTUMN - 100
    history.add(
        Observation(hour * HOUR, "count", counts()[hour - FIRST])
        for hour in range(last - 2600, last + 1)
    )
    window = maker.make(history, None, float((last + 1) * HOUR + 60))
    for column, value in context_of(of.builder("total").spec):
        assert (window.values[:, column] == np.float32(value)).all()
