"""`model init` on tables as people have them: what it writes is ready to train, or it says how."""

from __future__ import annotations

import gzip
import io
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edgeops.api import Workspace, init_model
from edgeops.errors import EdgeOpsError, UsageError
from edgeops.training.model_file import load_model_file
from edgeops.training.samples import experiment

DAYS = 116
START = datetime(2024, 1, 1)  # noqa: DTZ001 - on the wall
AT = [START + timedelta(hours=hour) for hour in range(24 * DAYS)]
VALUES = [round(20 + 9 * np.sin(hour / 24 * 2 * np.pi), 1) for hour in range(24 * DAYS)]


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet/fleet.yaml").write_text(
        "apiVersion: edgeops/v1\nkind: Fleet\nmetadata: {name: own}\nspec: {hubs: {local: {}}}\n"
    )
    return Workspace.find(tmp_path)


def csv(header: str, row: str, stamp: str = "%Y-%m-%d %H:%M", mark: str = ".") -> str:
    """A row an hour; `row` has `{at}`, `{value}` and `{number}`."""
    rows = (
        row.format(at=at.strftime(stamp), value=str(value).replace(".", mark), number=number)
        for number, (at, value) in enumerate(zip(AT, VALUES, strict=True))
    )
    return "\n".join([header, *rows]) + "\n"


def init(workspace: Workspace, content: str | bytes, *, name="t.csv", **options):
    """The series of the model that `model init` writes for a table."""
    file = workspace.root / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    init_model(workspace, "gate", file, time_zone=options.pop("time_zone", "UTC"), **options)
    model = load_model_file(workspace.root, "gate")
    data = experiment(model)
    for part in ("train", "validation", "test"):
        data.check_part(data.series[0], part)
    return data.dataset.series


def parquet(frame: pd.DataFrame) -> bytes:
    made = io.BytesIO()
    frame.to_parquet(made)
    return made.getvalue()


FRAME = pd.DataFrame({"flow": VALUES}, index=pd.DatetimeIndex(AT))
NAMED = FRAME.rename_axis("when")

READ_RIGHT = {
    "excel": (csv("Zeit;flow", "{at};{value}", "%d.%m.%Y %H:%M", ","), {}),
    "excel with a mark": (b"\xef\xbb\xbf" + csv("Zeit;flow", "{at};{value}").encode(), {}),
    "long": (csv("unique_id,ds,y", "flow,{at},{value}"), {}),
    "long with names of its own": (
        csv("gate;when;count", "flow;{at};{value}", mark=","),
        {"settings": ["long.series=gate", "long.value=count"]},
    ),
    "a note": (csv("timestamp,flow,note", "{at},{value},-x"), {"settings": ["ignore=note"]}),
    "a format": (
        csv("t,flow", "{at},{value}", "%Y%m%d %H"),
        {"settings": ["timestampFormat=%Y%m%d %H"]},
    ),
    "row numbers": (csv(",when,flow", "{number},{at},{value}"), {"settings": ["ignore="]}),
    "pandas with its index": (csv(",flow", "{at},{value}"), {}),
    "the time in the middle": (csv("place,when,flow", "7,{at},{value}"), {"columns": ["flow"]}),
    "parquet": (parquet(NAMED.reset_index()), {"name": "t.parquet"}),
    "parquet with an index": (parquet(NAMED), {"name": "t.parquet"}),
    "parquet with an index without a name": (parquet(FRAME), {"name": "t.parquet"}),
    "parquet in a zone": (
        parquet(FRAME.tz_localize("UTC").tz_convert("Asia/Tokyo")),
        {"name": "t.parquet", "time_zone": "UTC"},
    ),
    "parquet without some rows": (
        parquet(NAMED.reset_index()[FRAME.flow.to_numpy() != 0.1].iloc[3:]),
        {"name": "t.parquet"},
    ),
    "gzip": (gzip.compress(csv("t,flow", "{at},{value}").encode()), {"name": "t.csv.gz"}),
}  # fmt: skip


@pytest.mark.parametrize("case", READ_RIGHT)
def test_what_it_writes_is_ready_to_train(workspace, case):
    content, options = READ_RIGHT[case]
    series = init(workspace, content, **options)
    assert series.columns == ("flow",)
    missing = len(AT) - len(series)
    assert missing in (0, 3)
    np.testing.assert_array_equal(series.column("flow"), VALUES[missing:])


@pytest.mark.parametrize(
    ("content", "options", "message", "hint"),
    [
        ("t,flow\n01/02/2024 00:00,1\n", {}, "t.csv:2: ", '`--set timestampFormat="%d/%m/%Y %H'),
        ("t;flow\n2024-01-01;1,234\n", {}, "t.csv:2: ", '`--set decimal=","`'),
        ("t,flow\n2024-01-01,x\n", {}, "t.csv:2: ", "`--set ignore=...`"),
        ("t,a,flow\n2024-01-01,x,1\n", {}, "t.csv:2: ", "`--set long.series=COLUMN --set long.v"),
        (",t,flow\n0,2024-01-01,1\n", {}, "t.csv:1: column 1 has no name", '`--set ignore=""`'),
        ("t,flow\n2024-01-01,1\n2024-01-01,1\n", {}, "t.csv:3: ", "`--set cadenceMinutes=0`"),
        ("t,flow\n2024-03-31T02:30,1\n", {"time_zone": "Europe/Berlin"}, ":2: ", "--set skippedHo"),
        ("t,Fl\xfcsse\n".encode("latin-1"), {}, "t.csv:1: ", "`--set encoding=windows-1252`"),
        ("2024-01-01T00:00,1\n2024-01-01T01:00,1\n", {}, "t.csv:1: has a time", "first line must"),
        ("t,flow\n2024-01-01,1\n", {"timestamp": "T"}, "t.csv:1: ", "`--timestamp ...`"),
        ("t,flow\n2024-01-01,1\n", {"columns": ["x"]}, "t.csv:1: ", "`--column ...`"),
        ("t,flow\n2024-01-01,1\n", {"settings": ["decimal"]}, "is not KEY=VALUE", "--set decimal="),
        ("t,flow\n2024-01-01,1\n", {"settings": ["decima=,"]}, "--set decima", "mean `decimal`"),
        ("t,flow\n2024-01-01,1\n", {"settings": ["long=a"]}, "--set long", "long.series"),
        ("t,flow\n2024-01-01,1\n", {"settings": ["decimal=;"]}, "--set decimal: is `;`", ""),
        ("t,flow\n2024-01-01,1\n", {"settings": ["cadenceMinutes=x"]}, "a whole number", ""),
        ("t,flow\n2024-01-01,1\n", {"settings": ["weather.kind=forecast"]}, "--set weather", ""),
        ("t,flow\n2024-01-01,1\n", {"name": "ü.csv"}, "--csv: `ü.csv` is not", "rename it"),
        ("t,flow\n2024-01-01,1\n", {"time_zone": "Berlin"}, "`Berlin` is not a time zone", ""),
    ],
)  # fmt: skip
def test_what_is_in_doubt_is_an_error_that_names_the_option(
    workspace, content, options, message, hint
):
    with pytest.raises(EdgeOpsError) as caught:
        init(workspace, content, **options)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "model.yaml" not in caught.value.hint
    assert not (workspace.root / "models/gate/model.yaml").exists()


def test_events_and_weather_are_features_at_once(workspace):
    (workspace.root / "e.csv").write_text(
        'name,start,end\n"fair, big",2024-01-02,2024-01-03\nfair,2024-03-02,2024-03-03\n'
    )
    weather = csv("t;rain;note", "{at};{value};x", "%m/%d/%Y %H:%M", mark=",")
    (workspace.root / "w.csv").write_text(weather)
    with pytest.raises(EdgeOpsError, match=r"none.csv is not a file") as caught:
        init(workspace, "", events=Path("none.csv"))
    assert caught.value.hint == "name a CSV or Parquet file with --events"
    known = {"events": workspace.root / "e.csv", "weather": workspace.root / "w.csv"}
    with pytest.raises(EdgeOpsError, match=r"w.csv:2: column 3") as caught:
        init(workspace, csv("t,flow", "{at},{value}"), **known)
    assert "`--set weather.ignore=...`" in caught.value.hint
    more = ["weather.ignore=note", "weather.kind=forecast", "site.country=DE"]
    init(workspace, csv("t,flow", "{at},{value}"), settings=more, **known)
    recipe = load_model_file(workspace.root, "gate").recipe
    added = ("event:fair", "event:fair, big", "weather:rain")
    assert recipe.features[-6:] == (*added, *(f"known:{name}" for name in added))
    assert "hol" in recipe.features
    assert recipe.data.weather is not None
    assert recipe.data.weather.kind == "forecast"


def test_a_setting_can_be_a_column_with_the_time(workspace):
    text = csv("t,when,flow", "2024-01-01,{at},{value}")
    settings = ["timestamp=when", "ignore=t"]
    assert init(workspace, text, settings=settings).columns == ("flow",)


def test_a_usage_error_is_one(workspace):
    with pytest.raises(UsageError):
        init(workspace, "t,flow\n2024-01-01,1\n", settings=["decimal"])
