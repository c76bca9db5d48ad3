"""What `model forecast` takes: files of devices and tables of users, and what is known ahead."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from edgeops.api import Workspace
from edgeops.api.model_forecast import forecast
from edgeops.errors import EdgeOpsError
from edgeops.features.spec import Base, Hour, Site, WindowSpec

START = datetime(2025, 1, 6, tzinfo=UTC)
HOURS = 1000
NEXT = START + timedelta(hours=HOURS)
ZONE = ZoneInfo("Asia/Kathmandu")
VALUES = np.random.default_rng(1).integers(1, 4000, HOURS) / 4


def stamps(*, local: bool = False) -> list[str]:
    hours = (START + timedelta(hours=hour, minutes=15) for hour in range(HOURS))
    if local:
        return [hour.astimezone(ZONE).strftime("%d/%m/%Y %H:%M") for hour in hours]
    return [hour.isoformat() for hour in hours]


def comma(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    (tmp_path / "fleet").mkdir()
    fleet = "apiVersion: edgeops/v1\nkind: Fleet\nmetadata: {name: own}\nspec: {}\n"
    (tmp_path / "fleet/fleet.yaml").write_text(fleet)
    return Workspace.find(tmp_path)


@pytest.fixture
def model(tmp_path, seasonal_model) -> str:
    features = ("log_base", "event:market", "weather:rain")
    spec = WindowSpec(
        features,
        ("gate",),
        Site(ZONE.key),
        base=Base("median", 1),
        level_hours=168,
        hour=Hour("sum", 60),
    )
    path = tmp_path / "m.onnx"
    path.write_bytes(seasonal_model(spec))
    return str(path)


def written(path, header: str, rows) -> object:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.fixture
def history(tmp_path):
    rows = (f"{stamp},{value}" for stamp, value in zip(stamps(), VALUES, strict=True))
    return written(tmp_path / "plain.csv", "timestamp,gate", rows)


@pytest.mark.parametrize(
    ("header", "row", "local"),
    [
        ("timestamp;gate", "{0};{1}", False),
        ("timestamp;gate", "{0};{1}", True),
        ("unique_id;ds;y", "gate;{0};{1}", True),
    ],
)
def test_a_table_of_the_users_own_is_as_the_file_of_a_device(
    workspace, model, history, tmp_path, header, row, local
):
    cells = zip(stamps(local=local), map(comma, VALUES), strict=True)
    own = written(tmp_path / "own.csv", header, (row.format(*each) for each in cells))
    mine, plain = (forecast(workspace, model, path) for path in (own, history))
    assert (mine.refused, plain.refused) == (0, 0)
    assert mine.telemetry["quantiles"] == plain.telemetry["quantiles"]
    assert mine.observed == plain.observed


def test_what_is_known_ahead_comes_from_tables_and_documents(workspace, model, history, tmp_path):
    bare = forecast(workspace, model, history)
    assert bare.context == "no context for event:market; no context for weather:rain"
    rows = (f"{(NEXT + timedelta(hours=hour)).isoformat()};{hour},5" for hour in range(-2, 30))
    rain = written(tmp_path / "rain.csv", "timestamp;rain", rows)
    events = ["market,2025-02-17T10:00,2025-02-17T12:00"]
    market = written(tmp_path / "market.csv", "name,start,end", events)
    told = forecast(workspace, model, history, context=(rain, market))
    states = [(each["column"], each["state"]) for each in told.telemetry["context"]]
    assert states == [("event:market", "fresh"), ("weather:rain", "fresh")]
    assert told.context is None
    document = {"context": 1, "events": [], "calendar": {"names": ["market"]}}
    (tmp_path / "market.json").write_text(json.dumps(document))
    told = forecast(workspace, model, history, context=(tmp_path / "market.json",))
    assert told.context == "no context for weather:rain"


def test_what_cannot_be_used_is_one_error(workspace, model, history, tmp_path):
    def says(name: str, text: str, **told: object) -> str:
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(EdgeOpsError) as caught:
            forecast(workspace, model, **{"history": history, "context": (path,), **told})
        return f"{caught.value.message}: {caught.value.hint}"

    wind = says("wind.csv", f"timestamp,wind\n{NEXT.isoformat()},1\n")
    assert "has nothing that the model uses, which is event:market, weather:rain" in wind
    assert "it has weather:wind" in wind
    zone = json.dumps({"context": 1, "timeZone": "Mars/Base", "events": []})
    assert "timeZone is not known: Mars/Base" in says("zone.json", zone)
    assert "bad.csv:2: start: the value is not a time" in says("bad.csv", "name,start,end\na,x,y")
    other = written(tmp_path / "other.csv", "timestamp,door", [f"{START.isoformat()},1"])
    assert "no column `gate`" in says("x.json", "{}", history=other)
    short = written(tmp_path / "short.csv", "timestamp,gate", [f"{START.isoformat()},1"])
    assert "gate has 1 of the" in says("y.csv", "timestamp,rain\n", history=short, context=())
