"""What a network learns from before its target: also the neighbours of a single series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeops.features.series import HourlySeries
from edgeops.training.data.dataset import Dataset
from edgeops.training.data.load import split_of
from edgeops.training.examples import training_data_of
from edgeops.training.model_file import ModelFile
from edgeops.training.pretrain_columns import pretrain_columns, pretrain_stride
from edgeops.training.samples import Experiment
from tests.training.conftest import LEAST

HOURS = np.arange(24 * 7 * 30)
BUSY = 50 + 20 * np.sin(HOURS / 24 * 2 * np.pi)
SPLIT = {"trainUntil": "2024-05-31", "validateUntil": "2024-06-30", "testUntil": "2024-07-20"}
COLUMNS = {
    "gate": BUSY,
    "door": BUSY * 3,
    "late": np.where(HOURS < 24 * 100, np.nan, BUSY),  # begins within the hours for training
    "broken": np.where(HOURS < 24 * 100, 0, BUSY),
    "degrees": BUSY - 60,
    "short": np.where(HOURS < 24 * 140, BUSY, np.nan),  # ends before the validation part
}


def experiment(target=("gate",), except_=(), table=COLUMNS, **pretrain) -> Experiment:
    spec = {
        **LEAST,
        "data": {"source": "table", "site": {"timeZone": "UTC"}},
        "target": {"name": "one", "columns": list(target), "except": list(except_)},
        "training": {
            "steps": 20,
            "batch": 32,
            "learningRate": 0.01,
            "pretrain": {"steps": 40, "learningRate": 0.01, **pretrain},
        },
        "split": SPLIT,
    }
    model = ModelFile("m", Path(), spec, "")
    values = np.column_stack(list(table.values()))
    series = HourlySeries(np.datetime64("2024-01-01T00", "h"), tuple(table), values)
    return Experiment(model, Dataset("counts.csv", series, ""), None, split_of(model), "")


def test_the_neighbours_of_a_series_but_those_that_lack_too_much():
    assert pretrain_columns(experiment()) == ("gate", "door", "short")
    assert pretrain_columns(experiment(except_=["door"])) == ("gate", "short")
    assert pretrain_columns(experiment(("short", "gate"))) == ("short", "gate", "door")


def test_where_the_target_is_below_zero_neighbours_may_be():
    assert "degrees" in pretrain_columns(experiment(("degrees",)))


def test_a_column_without_one_window_is_left_out():
    holes = np.where(HOURS % 24 == 3, np.nan, BUSY)
    assert pretrain_columns(experiment(table={"gate": BUSY, "holes": holes})) == ("gate",)


def windows(experiment):
    return [len(stage.data.windows) for stage in training_data_of(experiment).stages]


def test_the_columns_of_the_target_are_the_last_to_be_learned():
    both, target = windows(experiment(stride=5)), windows(experiment(stride=5, columns="target"))
    assert both[0] < both[1] == target[1]
    assert target[0] == target[1]  # a single column keeps all its windows


@pytest.mark.parametrize(("columns", "stride"), [(1, 1), (2, 6), (400, 6), (1000, 13)])
def test_many_columns_are_thinned_to_what_memory_holds(columns, stride):
    made = experiment(stride=6)
    assert len(made.rows("one", "train")) == 2951
    assert pretrain_stride(made, columns) == stride
