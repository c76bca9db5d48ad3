"""One device, value by value."""

import json

import pytest
import yaml

from edgeops.api import show_device, sync
from edgeops.api.session import on_hub
from edgeops.errors import UsageError
from edgeops.plan.side_by_side import SeenSection, SeenValue
from edgeops.report import device_show


def values(shown):
    return {
        (section.name, ".".join(value.path)): value
        for section in shown.sections
        for value in section.values
    }


@pytest.fixture
def synced(with_hub, root, git):
    """Interval comes from the first commit, rate from the second; both are on the hub."""
    text = (root / "fleet/fleet.yaml").read_text()
    changed = text.replace("{interval: 60}", "{interval: 60,\n  rate: 2}")
    (root / "fleet/fleet.yaml").write_text(changed)
    git("commit", "--quiet", "--all", "--message", "rate")
    sync(with_hub)
    return with_hub


def on(workspace, work):
    return on_hub(workspace, workspace.at().fleet, work)


async def somebody_writes(hub):
    twin = await hub.twin("a")
    await hub.patch_twin("a", None, tags={"by": "hand"}, desired={"rate": 9}, etag=twin.etag)


def test_each_value_has_its_commit_line_and_time(synced, git):
    shown = show_device(synced, "a")
    rate = values(shown)["desired", "rate"]
    assert (rate.git, rate.hub, rate.mark) == (2, 2, None)
    assert rate.updated.startswith("20")
    origin = shown.origins[None, "desired", ("rate",)]
    assert (origin.place.file, origin.blamed.commit) == (
        "fleet/fleet.yaml",
        git("rev-parse", "HEAD"),
    )
    assert shown.device.commit == git("rev-parse", "HEAD")


def test_drift_is_marked_in_every_form(synced):
    on(synced, somebody_writes)
    shown = show_device(synced, "a")
    text = device_show.text(shown)
    row = next(line for line in text.splitlines() if line.startswith("  rate"))
    assert row.split()[:3] == ["rate", "2", "9"]
    assert row.endswith("drift")
    assert next(line for line in text.splitlines() if line.startswith("  interval")).split()[
        :3
    ] == [
        "interval",
        "60",
        "=",
    ]
    document = json.loads(device_show.as_json(shown))
    assert yaml.safe_load(device_show.as_yaml(shown)) == document
    (section,) = (s for s in document["sections"] if s["section"] == "desired")
    by_pointer = {value["pointer"]: value for value in section["values"]}
    assert by_pointer["/rate"]["differs"] == "drift"
    assert by_pointer["/rate"]["place"]["file"] == "fleet/fleet.yaml"
    assert by_pointer["/interval"]["differs"] is None
    (tags,) = (s for s in document["sections"] if s["section"] == "tags")
    assert [(v["pointer"], v["updatedAt"], v["commit"]) for v in tags["values"]] == [
        ("/by", None, None)
    ]


def test_a_device_that_git_no_longer_has(synced, root, git):
    text = (root / "fleet/fleet.yaml").read_text()
    (root / "fleet/fleet.yaml").write_text(text.replace("{name: a}, ", ""))
    git("commit", "--quiet", "--all", "--message", "without a")
    shown = show_device(synced, "a")
    assert values(shown)["desired", "rate"].hub == 2
    assert "no longer in git" in device_show.text(shown)


def test_a_device_that_is_nowhere(synced):
    with pytest.raises(UsageError, match="neither git nor hub local has a device `c`"):
        show_device(synced, "c")


def test_long_and_hostile_values_are_cut_and_inert_and_whole_in_json(synced):
    evil = "begin \x1b[2J \u202e " + "x" * 500

    async def write(hub):
        twin = await hub.twin("a")
        tags = {"note": evil, "password": "hunter22", "oddKey": evil}
        await hub.patch_twin("a", None, tags=tags, desired={}, etag=twin.etag)

    on(synced, write)
    shown = show_device(synced, "a")
    text = device_show.text(shown)
    assert max(map(len, text.splitlines())) <= 130
    assert "\x1b" not in text + device_show.as_json(shown)
    assert "hunter22" not in text + device_show.as_json(shown) + device_show.as_yaml(shown)
    notes = [v for s in json.loads(device_show.as_json(shown))["sections"] for v in s["values"]]
    assert evil in [value["hub"] for value in notes]


def test_paths_are_cut_so_that_each_is_another_one():
    ends = [f"systemModules.edge{which}.settings.createOptions" for which in ("Agent", "Hub")]
    alike = [f"modules.{name}-of-the-line.settings.createOptions" for name in ("camera", "scale")]
    paths = [tuple(path.split(".")) for path in (*ends, *alike)]
    section = SeenSection("$edgeAgent", "desired", True, tuple(map(SeenValue, paths)))
    assert device_show.shown_paths(section) == [
        "sys…Agent.settings.createOptions",
        "sys…geHub.settings.createOptions",
        *alike,
    ]


def test_what_is_left_to_others_is_marked(synced, root, git):
    manifest = root / "fleet/fleet.yaml"
    changed = manifest.read_text().replace(
        "spec: {selector: {}, desired: {interval: 60,\n  rate: 2}}",
        "spec: {selector: {}, ignore: [/desired/rate], desired: {interval: 60}}",
    )
    manifest.write_text(changed)
    git("commit", "--quiet", "--all", "--message", "ignore")
    on(synced, somebody_writes)
    shown = show_device(synced, "a")
    (row,) = (line for line in device_show.text(shown).splitlines() if line.startswith("  rate"))
    assert (row.split()[1:3], row.endswith("  ignored")) == (["-", "9"], True)
    (section,) = (s for s in shown.sections if s.name == "desired")
    assert {v.path[0]: v.ignored for v in section.values} == {"interval": False, "rate": True}
