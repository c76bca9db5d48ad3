"""What one step of a workflow gives to the next."""

import json
import shutil
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """The outputs of the step so far."""
    file = tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_OUTPUT", str(file))

    def read():
        lines = file.read_text().splitlines() if file.exists() else []
        return dict(line.split("=", 1) for line in lines)

    return read


@pytest.fixture
def models(tiny_repo):
    """The tiny fleet with two models, committed: one network, and one for each of 24 hours."""
    for name in ("crowdedness-24h", "crowdedness-horizons"):
        model = f"models/{name}/model.yaml"
        (tiny_repo.root / model).parent.mkdir(parents=True)
        shutil.copy(CHECKOUT / model, tiny_repo.root / model)
    tiny_repo.commit("models")
    return tiny_repo


def test_every_model_is_spread_over_as_many_machines_as_it_can_use(models, outputs):
    done = models.edgeops("github", "models", "--changed-since", "", "--only", "")
    assert done.code == 0, done.err
    given = outputs()
    assert json.loads(given["models"]) == ["crowdedness-24h", "crowdedness-horizons"]
    trainings = json.loads(given["trainings"])
    of_one = [
        training["shard"] for training in trainings if training["model"] == "crowdedness-horizons"
    ]
    assert of_one == [f"{number}/8" for number in range(1, 9)]
    assert trainings[-1]["artifact"] == "train@crowdedness-horizons@8"


def test_only_what_a_push_changed(models, outputs):
    before = models.git("rev-parse", "HEAD")
    models.edit("models/crowdedness-24h/model.yaml", "spec:", "spec:  # looked at again")
    models.write("models/crowdedness-horizons/releases/1.0.0.html", "<h1>card</h1>")
    models.commit()
    models.edgeops("github", "models", "--changed-since", before, "--machines", "1")
    assert json.loads(outputs()["models"]) == ["crowdedness-24h"]
    assert [training["shard"] for training in json.loads(outputs()["trainings"])] == ["1/1"]

    done = models.edgeops("github", "models", "--changed-since", "HEAD")
    assert (done.out, outputs()["models"], outputs()["trainings"]) == ("", "[]", "[]")


@pytest.mark.parametrize("before", ["0" * 40, "f" * 40])
def test_after_a_forced_push_everything_counts_as_changed(models, outputs, before):
    done = models.edgeops("github", "models", "--changed-since", before)
    assert (done.code, "all models count as changed" in done.err) == (0, True)
    assert len(json.loads(outputs()["models"])) == 2


def test_models_that_somebody_names(models, outputs):
    models.edgeops("github", "models", "--only", "crowdedness-24h  crowdedness-horizons")
    assert len(json.loads(outputs()["models"])) == 2
    wrong = models.edgeops("github", "models", "--only", "crowdednes-24h")
    assert (wrong.code, "did you mean `crowdedness-24h`?" in wrong.err) == (64, True)


def test_a_model_file_that_is_not_valid_stops_it(models):
    models.edit("models/crowdedness-24h/model.yaml", "kind: Model", "kind: Muddle")
    wrong = models.edgeops("github", "models")
    assert (wrong.code, "models/crowdedness-24h/model.yaml:3:" in wrong.err) == (3, True), wrong.err


def test_a_repository_without_models(tiny_repo, outputs):
    assert tiny_repo.edgeops("github", "models").code == 0
    assert outputs() == {"models": "[]", "trainings": "[]"}


def test_each_value_of_a_json_object_becomes_an_output(edgeops, outputs, tmp_path):
    file = tmp_path / "published.json"
    file.write_text('{"version": "1.1.0", "new": true, "size": 7, "notes": ["a\\n"], "none": null}')
    assert edgeops("github", "outputs", str(file)).code == 0
    assert outputs() == {
        "version": "1.1.0", "new": "true", "size": "7", "notes": '["a\\n"]', "none": "null",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["{", "[]", '{"a": "1\\nnew=true"}', '{"a\\nb": 1}'])
def test_json_that_cannot_become_outputs_is_an_error(edgeops, outputs, tmp_path, text):
    file = tmp_path / "published.json"
    file.write_text(text)
    refused = edgeops("github", "outputs", str(file))
    assert (refused.code, refused.err.startswith("error: ")) == (1, True)
    assert outputs() == {}


@pytest.mark.parametrize("name", ["a<<EOF", "a\nb", "", "1a", "a=b"])
def test_a_name_that_github_would_read_as_something_else(tiny_repo, outputs, tmp_path, name):
    (tmp_path / "x.json").write_text(json.dumps({"ok": "1", name: "x"}))
    done = tiny_repo.edgeops("github", "outputs", str(tmp_path / "x.json"))
    assert (done.code, "is not the name of an output" in done.err) == (1, True)
    assert outputs() == {}
