"""The files by which editors know the names of a fleet."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from edgeops.api import Workspace, write_editor_files
from edgeops.errors import Refused

CHECKOUT = Path(__file__).parents[3]
CALENDAR = """\
apiVersion: edgeops/v1
kind: Context
metadata: {name: city-events}
spec: {names: [concert], events: []}
"""


@pytest.fixture
def fleet(tmp_path):
    """The example fleet, and a calendar."""
    shutil.copytree(CHECKOUT / "fleet", tmp_path / "fleet")
    for release in CHECKOUT.glob("models/*/releases/*.yaml"):
        place = tmp_path / release.relative_to(CHECKOUT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(release, place)
    (tmp_path / "fleet/events.yaml").write_text(CALENDAR)
    return Workspace.find(tmp_path)


def editor(fleet):
    """What an editor does with the schema that the settings name."""
    settings = json.loads((fleet.root / ".vscode/settings.json").read_text())
    (path,) = settings["yaml.schemas"]
    schema = json.loads((fleet.root / path).read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_fleet_itself_is_valid_in_the_editor(fleet):
    write_editor_files(fleet)
    validator = editor(fleet)
    files = [*(fleet.root / "fleet").rglob("*.yaml")]
    assert len(files) > 25
    for file in files:
        for document in yaml.safe_load_all(file.read_text()):
            assert [*validator.iter_errors(document)] == [], file


GROUP = {
    "apiVersion": "edgeops/v1",
    "kind": "Group",
    "metadata": {"name": "new"},
    "spec": {"selector": {"matchLabels": {"ring": "canary"}}},
}
DEVICE = {"apiVersion": "edgeops/v1", "kind": "Device", "metadata": {"name": "new"}, "spec": {}}


@pytest.mark.parametrize(
    ("manifest", "part", "right", "wrong"),
    [
        (GROUP, "hubs", ["production"], ["prodution"]),
        (GROUP, "models", {"a": "street-24h@1.0.0"}, {"a": "street-24h@9.0.0"}),
        (GROUP, "models", {"a": "${model}@1.0.0"}, {"a": "nothing"}),
        (GROUP, "contexts", {"a": "city-events", "b": None}, {"a": "city-event"}),
        (GROUP, "modules", {"forecaster": {}}, {"forcaster": {}}),
        (GROUP, "modules", {"second": {"from": "forecaster"}}, {"second": {"from": "forcaster"}}),
        (GROUP, "modules", {"second": None}, {"second": {}}),
        (DEVICE, "parent", "cbd-gateway", "cbd-gatevay"),
        (DEVICE, "parent", None, "new"),
    ],
)
def test_a_name_that_does_not_exist_is_marked(fleet, manifest, part, right, wrong):
    write_editor_files(fleet)
    validator = editor(fleet)
    for value, is_valid in ((right, True), (wrong, False)):
        changed = {**manifest, "spec": {**manifest["spec"], part: value}}
        assert validator.is_valid(changed) is is_valid, value


def test_labels_slots_and_modules_are_proposed(fleet):
    write_editor_files(fleet)
    defined = editor(fleet).schema["$defs"]
    rings = defined["labels"]["properties"]["ring"]["anyOf"][0]["enum"]
    assert rings == ["all", "canary", "half"]
    assert {*defined["models"]["properties"]} == {"cbd-total", "crowdedness"}
    assert {*defined["modules"]["properties"]} == {"forecaster", "model_loader"}


def test_other_settings_stay(fleet):
    settings = fleet.root / ".vscode/settings.json"
    settings.parent.mkdir()
    before = {"editor.tabSize": 2, "yaml.schemas": {"a.json": "*.yaml"}, "files.eol": "\\n"}
    settings.write_text(json.dumps(before))
    assert ".vscode/settings.json" in write_editor_files(fleet).files
    after = json.loads(settings.read_text())
    added = after["yaml.schemas"].pop("./.vscode/edgeops.schema.json")
    assert (added, after, [*after]) == ("fleet/**/*.yaml", before, [*before])
    assert write_editor_files(fleet).files == (".vscode/edgeops.schema.json",)


@pytest.mark.parametrize(
    "text",
    ["// mine\n{}", '{"a": 1,}', '{"a": 1, "a": 2}', "[]", "", '{"yaml.schemas": []}'],
)
def test_settings_that_would_lose_something_stay_as_they_are(fleet, text):
    settings = fleet.root / ".vscode/settings.json"
    settings.parent.mkdir()
    settings.write_text(text)
    with pytest.raises(Refused, match="is not a plain JSON object") as refused:
        write_editor_files(fleet)
    assert settings.read_text() == text
    assert not (fleet.root / ".vscode/edgeops.schema.json").exists()
    assert '"yaml.schemas": {"./.vscode/edgeops.schema.json": "fleet/**/*.yaml"}' in (
        refused.value.hint
    )
    by_hand = '{"yaml.schemas": {"./.vscode/edgeops.schema.json": "fleet/**/*.yaml"}} // mine'
    settings.write_text(by_hand)
    assert write_editor_files(fleet).files == (".vscode/edgeops.schema.json",)
    assert settings.read_text() == by_hand


def test_a_link_is_not_followed(fleet, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (fleet.root / ".vscode").symlink_to(elsewhere)
    with pytest.raises(Refused, match="is a link"):
        write_editor_files(fleet)
    assert [*elsewhere.iterdir()] == []


def test_comments_that_editors_follow_instead_are_told_or_removed(fleet):
    told = write_editor_files(fleet).named_otherwise
    assert "fleet/fleet.yaml" in told
    before = (fleet.root / "fleet/fleet.yaml").read_text()
    dropped = write_editor_files(fleet, drop_comments=True)
    assert {*told} <= {*dropped.files}
    after = (fleet.root / "fleet/fleet.yaml").read_text()
    assert after == before.split("\n", 1)[1]
    assert write_editor_files(fleet).named_otherwise == ()


def test_a_fleet_with_problems_has_the_names_that_can_be_read(fleet):
    (fleet.root / "fleet/broken.yaml").write_text("kind: [")
    assert write_editor_files(fleet).unread == 1
    assert editor(fleet).is_valid(DEVICE)


def test_an_empty_fleet_has_a_schema(tmp_path):
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet/a.yaml").write_text("")
    empty = Workspace.find(tmp_path)
    write_editor_files(empty)
    assert editor(empty).is_valid(DEVICE)
