"""A series of the user's own: from a table to a forecast that is what a device would say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from edgeops.api import (
    Workspace,
    evaluate,
    forecast,
    init_model,
    model_features,
    model_runs,
    train,
)
from edgeops.errors import EdgeOpsError, Refused

DAYS = 125
START = datetime(2025, 1, 6, tzinfo=UTC)


def degrees() -> np.ndarray:
    """Colder than zero at night, with weather that lasts for a day or two."""
    hour = np.arange(24 * DAYS)
    random = np.random.default_rng(7)
    weather = np.convolve(random.normal(0, 1, len(hour) + 47), np.ones(48) / 48, "valid") * 12
    return 2 + 6 * np.sin(2 * np.pi * (hour - 8) / 24) + weather + random.normal(0, 0.3, len(hour))


def table(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        f"{(START + timedelta(hours=hour)).isoformat()},{value:.3f}"
        for hour, value in enumerate(values.tolist())
    ]
    path.write_text("\n".join(["timestamp,roof", *rows]) + "\n")
    return path


def spreadsheet(path: Path, values: np.ndarray) -> Path:
    """The same as a spreadsheet in Germany writes it."""
    lines = table(path, values).read_text().splitlines()
    cells = [line.split(",") for line in lines[1:]]
    rows = [
        f"{datetime.fromisoformat(at):%d.%m.%Y %H:%M};{value.replace('.', ',')}"
        for at, value in cells
    ]
    path.write_bytes("\r\n".join(["Zeit;roof", *rows, ";"]).encode("utf-8-sig"))
    return path


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    root = tmp_path_factory.mktemp("own")
    (root / "fleet").mkdir()
    (root / "fleet/fleet.yaml").write_text(
        "apiVersion: edgeops/v1\nkind: Fleet\nmetadata: {name: own}\nspec: {}\n"
    )
    return Workspace.find(root)


@pytest.mark.slow
def test_from_a_table_to_a_forecast(workspace):
    file = spreadsheet(workspace.root / "data/roof.csv", degrees())
    done = init_model(workspace, "roof", file, time_zone="UTC", unit="°C", capacity=40)
    assert (done.file.as_posix(), done.days) == ("models/roof/model.yaml", DAYS)
    with pytest.raises(Refused, match=r"models/roof/model.yaml exists"):
        init_model(workspace, "roof", file, time_zone="UTC")
    used = model_features(workspace, "roof").used
    assert used is not None
    assert "hol" not in used

    with pytest.raises(EdgeOpsError, match="there is no build of roof"):
        model_runs(workspace, "roof")
    train(workspace, "roof")
    card = evaluate(workspace, "roof").scorecard
    assert card.passed, [verdict.reason for verdict in card.gates]
    (run,) = model_runs(workspace, "roof")
    assert run.metrics["wape"] == pytest.approx(card.metrics["wape"], rel=1e-4)
    assert run.validation_wape is not None
    assert 0 < run.validation_wape < 1
    assert (run.passed, run.settings, [*run.files]) == (True, {}, ["observed"])

    _as_evaluated(workspace, degrees())


def _as_evaluated(workspace: Workspace, values: np.ndarray) -> None:
    (path,) = workspace.state.glob("models/roof/*/evaluation/forecasts.parquet")
    rows = [row for row in pq.read_table(path).to_pylist() if row["model"] == "model"]
    origin = max(row["origin"] for row in rows)
    expected = sorted((row for row in rows if row["origin"] == origin), key=lambda r: r["horizon"])
    hours = int((origin.replace(tzinfo=UTC) - START).total_seconds() // 3600) + 1
    history = table(workspace.root / "recent.csv", values[:hours])
    made = forecast(workspace, "roof", history)
    sent = made.telemetry
    assert (sent["unit"], made.refused) == ("°C", 0)
    assert min(item.value for item in made.observed) < 0
    for share, name in (("0.1", "lo"), ("0.5", "yhat"), ("0.9", "hi")):
        told = [row[name] for row in expected]
        np.testing.assert_allclose(sent["quantiles"][share], told, rtol=1e-4, atol=1e-4)
    assert all(value <= 40 for value in sent["quantiles"]["0.9"])


def test_what_a_device_could_not_use_is_the_error(workspace, seasonal_model):
    from edgeops.features.spec import Site, WindowSpec

    model = workspace.root / "small.onnx"
    model.write_bytes(seasonal_model(WindowSpec(("log_base", "log_y"), ("roof",), Site("UTC"))))
    short = table(workspace.root / "short.csv", np.ones(100))
    with pytest.raises(EdgeOpsError, match=r"a device could not forecast: roof has 100 of the"):
        forecast(workspace, str(model), short)
    short.write_text("when,roof\n2025-01-01T00:00Z,1\n")
    with pytest.raises(EdgeOpsError, match="the first column of the CSV file must be `timestamp`"):
        forecast(workspace, str(model), short)
    model.write_bytes(b"no model")
    good = table(workspace.root / "good.csv", np.ones(2000))
    with pytest.raises(EdgeOpsError, match="a device would refuse"):
        forecast(workspace, str(model), good)
    with pytest.raises(EdgeOpsError, match="there is no release roof@9"):
        forecast(workspace, "roof@9", good)
    with pytest.raises(EdgeOpsError, match="cannot read"):
        forecast(workspace, str(workspace.root / "none.onnx"), good)


def test_a_table_elsewhere_or_without_a_name_is_refused(workspace, tmp_path):
    inside = table(workspace.root / "data/short.csv", np.ones(100))
    with pytest.raises(EdgeOpsError, match="is not in the repository"):
        init_model(workspace, "x", table(tmp_path / "a.csv", np.ones(10)), time_zone="UTC")
    with pytest.raises(EdgeOpsError, match="is not a file"):
        init_model(workspace, "x", tmp_path / "none.csv", time_zone="UTC")
    with pytest.raises(EdgeOpsError, match="cannot be the name of a model"):
        init_model(workspace, "../x", inside, time_zone="UTC")
    with pytest.raises(EdgeOpsError, match="has 4 days"):
        init_model(workspace, "x", inside, time_zone="UTC")
    assert not (workspace.root / "models/x").exists()
