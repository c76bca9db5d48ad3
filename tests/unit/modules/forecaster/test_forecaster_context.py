"""Forecasts that rest on what is known ahead, and what is said where it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from edgeops.features.spec import Base, Site, WindowSpec
from edgeops.features.spec_json import to_json
from edgeops.modules.forecaster.context_keeper import ContextKeeper
from edgeops.modules.forecaster.desired import ForecasterSettings
from edgeops.modules.forecaster.forecaster import AGAIN_SECONDS, Forecaster
from edgeops.modules.forecaster.model import Keeper, load_model
from edgeops.modules.forecaster.observations import HOUR, Observation
from edgeops.modules.forecaster.recorder import Recorder
from edgeops.modules.forecaster.status import iso

SCHEMA = Path(__file__).parents[4] / "schemas/modules/forecaster.reported.schema.json"
NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z
SPEC = WindowSpec(
    ("weather:rain",),
    ("count",),
    Site("UTC"),
    steps=4,
    horizon=4,
    base=Base("median", 1),
    level_hours=24,
    unknown=(8.0,),
)


class World:
    """A forecaster with a model that forecasts the mean of the rain in the four hours ahead."""

    def __init__(self, storage, model, later) -> None:
        self.storage = storage
        self.context = ContextKeeper(storage.root)
        recorder = Recorder(storage.root)
        hours = range(int(NOON // HOUR) - 60, int(NOON // HOUR))
        recorder.history.add(Observation(hour * HOUR, "count", 10.0) for hour in hours)
        keeper = Keeper(storage.root, load_model, later)
        self.forecaster = Forecaster(recorder, keeper, lambda: 0.0, self.context)
        self.forecaster.settings = ForecasterSettings("crowdedness")
        says = {"window": "features", "window_spec": json.dumps(to_json(SPEC))}
        storage.put(model(inputs=SPEC.features, steps=4, horizon=4, quantiles=(0.5,), says=says))
        self.forecaster.step(NOON)
        later.run()

    def tell(self, values: list[float], hours: int = 0, issued: int = 0) -> None:
        rain = {"start": iso(NOON + hours * HOUR), "values": values}
        said = {"context": 1, "issued": iso(NOON + issued * HOUR), "series": {"rain": rain}}
        self.context.take(json.dumps(said), NOON)

    def forecast(self, after: float = 0) -> Any:
        return self.forecaster.step(NOON + after)

    @property
    def reported(self) -> Any:
        reported = self.forecaster.reported()
        jsonschema.validate(
            {**reported, "forecaster": {"version": "1"}}, json.loads(SCHEMA.read_bytes())
        )
        return reported


@pytest.fixture
def world(storage, model, later) -> World:
    return World(storage, model, later)


def test_a_forecast_rests_on_the_weather_and_says_so(world):
    world.tell([1, 2, 3, 6], issued=-6)
    forecast = world.forecast()
    assert forecast["quantiles"]["0.5"] == [3] * 4
    rain = {
        "column": "weather:rain",
        "state": "fresh",
        "hours": 4,
        "of": 4,
        "issued": "2026-01-01T06:00:00Z",
    }
    assert forecast["context"] == [rain]
    assert world.reported["context"] == {"columns": [rain], "message": "context is 6 h old"}
    assert world.reported["model"]["state"] == "Ready"
    assert "reason" not in world.reported["model"]


def test_what_is_not_known_any_more_is_as_usual_and_the_forecaster_says_it(world):
    world.tell([1, 3], issued=-6)
    assert world.forecast()["quantiles"]["0.5"] == [(1 + 3 + 8 + 8) / 4] * 4
    model = world.reported["model"]
    assert (model["state"], model["reason"]) == (
        "Ready",
        "context is 6 h old; weather:rain is known for 2 of 4 hours ahead",
    )
    assert world.reported["context"]["columns"][0]["state"] == "stale"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (False, "no context for weather:rain"),
        (True, "context is 12 h old; no context for weather:rain ahead"),
    ],
)
def test_without_any_context_it_falls_back_and_says_it(world, told, reason):
    if told:
        world.tell([1, 2], hours=-12, issued=-12)
    assert world.forecast()["quantiles"]["0.5"] == [8] * 4
    assert (world.reported["model"]["state"], world.reported["model"]["reason"]) == (
        "Ready",
        reason,
    )


def test_new_context_leads_to_a_forecast_at_once_but_not_to_a_flood(world):
    world.tell([1] * 4, issued=-1)
    assert world.forecast()["quantiles"]["0.5"] == [1] * 4
    assert world.forecast(AGAIN_SECONDS + 1) is None
    for after in range(AGAIN_SECONDS + 2, 2 * AGAIN_SECONDS, 7):
        world.tell([after] * 4)
        forecast = world.forecast(after)
        assert (forecast is not None) is (after == AGAIN_SECONDS + 2)
    assert world.forecast(2 * AGAIN_SECONDS + 3)["quantiles"]["0.5"] == [after] * 4


def test_a_slot_without_context_is_reported(world):
    world.forecaster.settings = ForecasterSettings(
        "crowdedness", context=("weather", "crowdedness")
    )
    world.forecast()
    assert world.reported["context"]["slots"] == [
        "context: the slot weather is empty",
        "context: in the slot crowdedness: the format is onnx, not edgeops-context",
    ]


def test_what_a_message_says_wrong_is_counted(world):
    world.context.take(b"{", NOON)
    world.forecast()
    context = world.reported["context"]
    assert (context["refused"], context["lastFault"]) == (1, "context is not JSON")


def test_a_model_without_context_says_nothing_of_it(storage, model, later):
    forecaster = Forecaster(
        Recorder(storage.root), Keeper(storage.root, load_model, later), lambda: 0
    )
    forecaster.settings = ForecasterSettings("crowdedness")
    storage.put(model())
    forecaster.step(NOON)
    later.run()
    forecaster.step(NOON)
    assert "context" not in forecaster.reported()
