"""Models from Python: what needs no training; a whole pipeline is in tests/e2e."""

import shutil
from pathlib import Path

import pytest

from edgeops.api import Workspace, data_quality, evaluate, publish, train
from edgeops.api.extras import extra
from edgeops.errors import EdgeOpsError, InvalidState, UsageError

REPOSITORY = Path(__file__).parents[2] / "training" / "repository"


@pytest.fixture
def models(tmp_path):
    shutil.copytree(REPOSITORY, tmp_path / "fleet")
    return Workspace.find(tmp_path / "fleet")


def test_how_good_the_data_is(models):
    quality = data_quality(models, "small")
    assert quality.hours > 1000
    assert quality.columns


@pytest.mark.parametrize("verb", [evaluate, publish])
def test_one_step_needs_the_step_before(models, verb):
    with pytest.raises(EdgeOpsError, match="small is not trained"):
        verb(models, "small")


@pytest.mark.parametrize("verb", [data_quality, train, evaluate, publish])
def test_a_model_that_is_not_there_or_not_valid(models, verb):
    with pytest.raises(EdgeOpsError, match=r"there is no models/none/model.yaml"):
        verb(models, "none")
    file = models.root / "models/small/model.yaml"
    file.write_text(file.read_text().replace("epochs: ", "epochs: -"))
    with pytest.raises(InvalidState, match="models/small/"):
        verb(models, "small")


def test_a_horizon_and_a_shard_exclude_each_other(models):
    with pytest.raises(UsageError, match="--horizon cannot be combined with --shard"):
        train(models, "small", horizon=1, shard="1/2")
    with pytest.raises(UsageError, match="`3/2` is not a shard"):
        train(models, "small", shard="3/2")


def test_a_missing_package_names_the_extra():
    absent = "the package nothing_of_this_name is not installed"
    with pytest.raises(EdgeOpsError, match=absent) as missing, extra("train"):
        import nothing_of_this_name  # noqa: F401
    assert missing.value.hint == "pip install 'edgeops[train]'"
