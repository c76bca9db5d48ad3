"""The builds of a model beside each other, from what they left in their folders."""

from __future__ import annotations

import json

import pytest

from edgeops.api import Workspace, model_runs
from edgeops.errors import EdgeOpsError
from edgeops.report import model_runs_text


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet/fleet.yaml").write_text(
        "apiVersion: edgeops/v1\nkind: Fleet\nmetadata: {name: own}\nspec: {}\n"
    )
    return Workspace.find(tmp_path)


def build(workspace, key, *, epochs=3, weather="b" * 64, trained="2026-01-01T00:00:00Z", wape=None):
    folder = workspace.state / "models/gate" / key
    (folder / "evaluation").mkdir(parents=True)
    facts = {
        "files": {"onnx": {"size": 10, "sha256": "c" * 64}},
        "trainedAt": trained,
        "validationWape": 0.1,
        "model": {"training": {"epochs": epochs, "batch": 8}, "features": ["log_base"]},
        "provenance": {"files": {"observed": "a" * 64, "weather": weather}},
    }
    (folder / "artifact.json").write_text(json.dumps(facts))
    if wape is not None:
        card = {"metrics": {"wape": wape, "mase": 1}, "gates": [{"passed": wape < 0.2}]}
        (folder / "evaluation/scorecard.json").write_text(json.dumps({"scorecard": card}))


def test_what_differs_and_how_good_it_is(workspace):
    build(workspace, "two", epochs=9, trained="2026-01-02T00:00:00Z", wape=0.25)
    build(workspace, "one", weather="d" * 64, wape=0.12)
    first, second = model_runs(workspace, "gate")
    assert (first.key, second.key) == ("one", "two")
    assert (first.passed, second.passed) == (True, False)
    assert first.settings == {"data files.weather": "d" * 12, "training.epochs": 3}
    assert second.settings == {"data files.weather": "b" * 12, "training.epochs": 9}
    text = model_runs_text.text((first, second))
    assert "12.00%" in text
    assert "FAILED" in text
    assert "training.epochs" in text
    assert json.loads(model_runs_text.as_json((first, second)))[0]["metrics"] == {"wape": 0.12}


def test_a_build_that_is_not_evaluated_or_damaged(workspace):
    build(workspace, "one")
    (workspace.state / "models/gate/bad").mkdir()
    (workspace.state / "models/gate/bad/artifact.json").write_text("[")
    (run,) = model_runs(workspace, "gate")
    assert (run.passed, dict(run.metrics), run.settings) == (None, {}, {})
    assert "not evaluated" in model_runs_text.text((run,))


def every_part(value):
    """A JSON value with each of its parts replaced by values of other types."""
    yield from (None, [], "x", 1, {}, True)
    if isinstance(value, dict):
        for key, part in value.items():
            yield {name: item for name, item in value.items() if name != key}
            yield from ({**value, key: other} for other in every_part(part))
    if isinstance(value, list):
        yield from ([other] for other in every_part(value[0]))


@pytest.mark.parametrize("name", ["artifact.json", "evaluation/scorecard.json"])
def test_files_that_were_edited_are_no_traceback(workspace, name):
    build(workspace, "one", wape=0.1)
    build(workspace, "two", wape=0.1)
    file = workspace.state / "models/gate/one" / name
    for value in every_part(json.loads(file.read_text())):
        file.write_text(json.dumps(value))
        runs = model_runs(workspace, "gate")
        assert runs[-1].key == "two" or runs[0].key == "two"
        model_runs_text.text(runs)
        model_runs_text.as_json(runs)


@pytest.mark.parametrize("text", ["[", "[]", '{"scorecard": []}', '{"scorecard": {"gates": 1}}'])
def test_a_scorecard_that_is_none_says_so(workspace, text):
    build(workspace, "one", wape=0.1)
    (workspace.state / "models/gate/one/evaluation/scorecard.json").write_text(text)
    (run,) = model_runs(workspace, "gate")
    assert (run.passed, dict(run.metrics), run.fault) == (
        None,
        {},
        "scorecard.json is not a scorecard",
    )
    assert "scorecard.json is not a scorecard" in model_runs_text.text((run,))


@pytest.mark.parametrize("name", ["none", "../gate", ""])
def test_a_model_without_a_build(workspace, name):
    with pytest.raises(EdgeOpsError, match="there is no build of"):
        model_runs(workspace, name)
