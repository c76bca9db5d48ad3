"""What is known ahead reaches the forecaster: by messages over a route, and by a file in a slot."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from onnx import TensorProto, helper
from shared_state import share_state

from edgeops.features.spec import Base, Site, WindowSpec
from edgeops.features.spec_json import to_json
from tests.support.edge_modules import FORECASTER, MODEL_LOADER

FLEET = (
    """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec: {hubs: {local: {}}}
"""
    + MODEL_LOADER
    + """\
  desired: {models: {weather: %(weather)s}}
"""
    + FORECASTER
    + """\
  startupOrder: 1
  desired: {model: crowdedness, intervalSeconds: 1%(slots)s}
  routes: {forecasts: "FROM /messages/modules/forecaster/outputs/* INTO $upstream"}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: weather}
spec:
  image: "example/weather:2"
  routes:
    context: >-
      FROM /messages/modules/weather/outputs/context
      INTO BrokeredEndpoint("/modules/forecaster/inputs/context")
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: a}
spec:
  edge: true
  modules: {model_loader: {}, forecaster: {}%(weather_module)s}
  models: {crowdedness: rain@1.0.0}
  contexts: {%(contexts)s}
"""
)
WEATHER = """\
from datetime import UTC, datetime
from edgeops.modules.runtime import run_module

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0).isoformat()


def follow(module, desired):
    rain = {"start": NOW, "minutes": 60, "values": [3, 3, "wet", 3, 3]}
    module.send({"context": 1, "series": {"rain": rain}}, "context")


run_module("weather", follow)
"""


def model_of(column: str) -> bytes:
    """A model that forecasts, for one hour, the value that the column has in that hour."""
    spec = WindowSpec(
        (column,),
        ("total",),
        Site("UTC"),
        steps=1,
        horizon=1,
        base=Base("median", 1),
        level_hours=24,
        unknown=(8.0,) if column.startswith("weather:") else (),
    )
    graph = helper.make_graph(
        [helper.make_node("ReduceMean", ["window"], ["forecast"], axes=[1, 2], keepdims=1)],
        "rain",
        [helper.make_tensor_value_info("window", TensorProto.FLOAT, [1, 1, 1])],
        [helper.make_tensor_value_info("forecast", TensorProto.FLOAT, [1, 1, 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    says = {"inputs": json.dumps([column]), "window_steps": "1", "horizon": "1"}
    says |= {"window": "features", "window_spec": json.dumps(to_json(spec))}
    helper.set_model_props(model, says)
    return bytes(model.SerializeToString())


def weather_file(values: list[float], issued: datetime) -> bytes:
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    rain = {"start": start.isoformat(), "values": values}
    document = {"context": 1, "issued": issued.isoformat(), "series": {"rain": rain}}
    return json.dumps(document).encode()


@pytest.fixture
def deliver(empty_repo, local_mqtt_hub, tmp_path) -> Callable[..., Any]:
    """Puts a fleet into git and on the hub; gives the repository and a history."""

    def put(name: str, data: bytes) -> dict[str, Any]:
        local_mqtt_hub.artifacts.mkdir(parents=True, exist_ok=True)
        (local_mqtt_hub.artifacts / name).write_bytes(data)
        return {
            "url": f"https://{local_mqtt_hub.endpoint.hostname}/artifacts/{name}",
            "fileName": name,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "md5": hashlib.md5(data).hexdigest(),
        }

    def go(
        weather: bytes,
        *,
        slots: str,
        module: str,
        calendar: str = "",
    ) -> Any:
        needs, column = {"weather": ["rain"]}, "weather:rain"
        if calendar:
            needs, column = {"events": ["market"]}, "event:market"
        text = {
            "weather": json.dumps(put("weather.json", weather)),
            "slots": slots,
            "weather_module": module,
            "contexts": "events: city-events" if calendar else "",
        }
        release = {
            "apiVersion": "edgeops/v1",
            "kind": "ModelRelease",
            "metadata": {"name": "rain", "version": "1.0.0"},
            "spec": {**put("rain.onnx", model_of(column)), "format": "onnx"},
        }
        release["spec"]["context"] = needs  # type: ignore[index]
        empty_repo.write("fleet/fleet.yaml", FLEET % text)
        if calendar:
            empty_repo.write("fleet/events.yaml", calendar)
        empty_repo.write("models/rain/releases/1.0.0.yaml", json.dumps(release))
        share_state(empty_repo.root, local_mqtt_hub.state_dir)
        empty_repo.commit()
        result = empty_repo.edgeops("sync")
        assert result.code == 0, result.out + result.err
        return empty_repo

    return go


@pytest.fixture
def history(tmp_path):
    path = tmp_path / "history.csv"
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = (now - timedelta(hours=ago) for ago in range(60, 0, -1))
    rows = "".join(f"{hour.isoformat()},10\n" for hour in hours)
    path.write_text(f"timestamp,total\n{rows}")
    return str(path)


def forecast_of(value: float) -> Callable[[Any], bool]:
    def fits(event: Any) -> bool:
        if event["source"] != "Telemetry" or event["moduleId"] != "forecaster":
            return False
        return bool(event["body"]["quantiles"] == {"0.5": [value]})

    return fits


def test_weather_that_another_module_sends_changes_the_forecast(
    deliver, next_event, in_background, history, tmp_path
):
    repo = deliver(b"{}", slots="", module=", weather: {}")
    program = tmp_path / "weather.py"
    program.write_text(WEATHER)
    in_background(repo, "a", "--history", history, "--program", f"weather={program}")
    (rain,) = next_event(forecast_of(3))["body"]["context"]
    assert (rain["column"], rain["state"]) == ("weather:rain", "fresh")


def test_weather_in_a_slot_and_without_it_the_forecaster_falls_back(
    deliver, next_event, in_background, history
):
    issued = datetime.now(UTC) - timedelta(hours=6, minutes=5)
    repo = deliver(weather_file([5] * 9, issued), slots=", context: [weather]", module="")
    in_background(repo, "a", "--history", history)
    (rain,) = next_event(forecast_of(5))["body"]["context"]
    assert rain["state"] == "fresh"
    twin = json.loads(repo.edgeops("device", "show", "a", "-o", "json").out)
    assert "context is 6 h old" in json.dumps(twin)
    repo.edit("fleet/fleet.yaml", ", context: [weather]", "")
    repo.commit()
    assert repo.edgeops("validate").code == 3  # nobody delivers it any more


CALENDAR = """\
apiVersion: edgeops/v1
kind: Context
metadata: {name: city-events}
spec:
  names: [market]
  events:
"""


def test_a_calendar_in_git_reaches_the_forecaster_and_so_does_a_commit_that_changes_it(
    deliver, next_event, in_background, history
):
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    times = f"start: {now.isoformat()}, end: {(now + timedelta(hours=9)).isoformat()}"
    calendar = f"{CALENDAR}  - {{name: market, {times}, value: 4}}\n"
    repo = deliver(b"{}", slots=", context: [events]", module="", calendar=calendar)
    in_background(repo, "a", "--history", history)
    (market,) = next_event(forecast_of(4))["body"]["context"]
    assert (market["column"], market["state"]) == ("event:market", "fresh")
    repo.write("fleet/events.yaml", f"{calendar}  - {{name: market, {times}}}\n")
    repo.commit()
    result = repo.edgeops("sync")
    assert result.code == 0, result.err
    assert "uploads: city-events" in result.out
    next_event(forecast_of(5))  # the values of events at one time add up
    repo.edit("models/rain/releases/1.0.0.yaml", '"market"', '"fair"')
    invalid = repo.edgeops("validate")
    assert invalid.code == 3
    assert "add `fair` to `names` of the Context `city-events`" in invalid.out + invalid.err


def test_the_file_of_a_calendar_for_another_store(deliver):
    calendar = CALENDAR.replace("events:\n", "events: []\n")
    repo = deliver(b"{}", slots=", context: [events]", module="", calendar=calendar)
    printed = repo.edgeops("render", "--context", "city-events")
    assert printed.code == 0
    assert json.loads(printed.out)["calendar"] == {"names": ["market"]}
    (stored,) = (repo.root / ".edgeops/artifacts/contexts").rglob("*.json")
    assert stored.read_text() == printed.out
    assert repo.edgeops("render", "a", "--context", "city-events").code == 64
    assert "did you mean `city-events`" in repo.edgeops("render", "--context", "city-event").err
