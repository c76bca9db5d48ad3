"""A list of devices in its forms."""

import csv
import io
import json

import pytest
import yaml

from edgeops.api import SeenFleet
from edgeops.errors import UsageError
from edgeops.health.device import DeviceStatus, Health, HealthState
from edgeops.health.quality import LiveModel, LiveQuality, LiveScore, SlotQuality
from edgeops.health.seen import SeenDevice, Standing, Versions
from edgeops.report import device_columns, device_list, device_summary
from edgeops.report.device_list import DeviceList

LIVE = LiveModel("a" * 64, last28=LiveScore(200, 0.07, -0.01, 0.1, 0.81))
REPORT = LiveQuality("forecaster", (LIVE,), until="2026-11-29T13:00:00Z")
SHA = "9f5c33a642da2e26141636c88b646ab1defb9099"
CANARY = SeenDevice(
    DeviceStatus("canary-1", True, True, Health(HealthState.CONVERGED)),
    labels={"site": "cbd", "ring": "canary"},
    groups=("all", "canary"),
    models={"crowdedness": Versions("street@1.1.0", "street@1.1.0")},
    quality={
        "crowdedness": SlotQuality(LiveQuality("f", (LIVE,), until="2026-11-29T13:00:00Z"), LIVE)
    },
    images={"camera": Versions("registry.example/team/camera:2", "registry.example/team/camera:1")},
    commit=SHA,
)
BROKEN = SeenDevice(
    DeviceStatus("b", False, False, Health(HealthState.DEGRADED, "module m is backoff")),
    labels={"site": "port"},
    models={"crowdedness": Versions("street@1.1.0", None)},
    drift=True,
)
OTHER = SeenDevice(
    DeviceStatus("theirs", False, True, Health(HealthState.UNKNOWN)), Standing.FOREIGN
)
LEFT = SeenDevice(DeviceStatus("old", False, False, Health(HealthState.UNKNOWN)), Standing.GONE)
FLEET = SeenFleet("tiny", "production", SHA, (BROKEN, CANARY), gone=(LEFT,))


def test_the_table_has_what_devices_run_and_the_last_sync():
    assert device_list.text(DeviceList(FLEET)) == (
        "DEVICE     IN SYNC   CONNECTED   HEALTH      MODELS                             "
        "COMMIT    REASON\n"
        "b          drift     no          Degraded    crowdedness none -> street@1.1.0   "
        "-         module m is backoff\n"
        "canary-1   yes       yes         Converged   crowdedness street@1.1.0           "
        "9f5c33a\n"
        "\n"
        "2 devices: 1 in sync, 1 connected; 1 Converged, 1 Degraded\n"
        "1 device no longer in git: old\n"
        "  hint: `edgeops sync --prune` deletes them, `edgeops forget` lets go of them"
    )


def test_columns_are_chosen_and_devices_sorted():
    shown = ("device", "label:site", "model:crowdedness", "image:camera")
    assert device_list.text(DeviceList(FLEET, shown, ("-label:site",))).splitlines()[:3] == [
        "DEVICE     SITE   CROWDEDNESS            CAMERA",
        "b          port   none -> street@1.1.0   -",
        "canary-1   cbd    street@1.1.0           camera:1 -> camera:2",
    ]
    by_health = DeviceList(FLEET, sort=("-health", "device"))
    assert [device.name for device in by_health.devices] == ["canary-1", "b"]


def test_the_live_error_and_its_ratio_to_naive_are_columns_to_sort_by():
    shown = ("device", "wape", "ratio")
    for by, first in (("-wape", "canary-1"), ("ratio", "b")):
        lines = device_list.text(DeviceList(FLEET, shown, (by,))).splitlines()[:3]
        assert lines[1].startswith(first)
    assert sorted(lines) == [
        "DEVICE     WAPE                RATIO",
        "b          -                   -",
        "canary-1   crowdedness 7.00%   crowdedness 0.70",
    ]


@pytest.mark.parametrize("name", ["helth", "", "label:", "nonsense:x", "-health"])
def test_a_column_that_there_is_not(name):
    with pytest.raises(UsageError, match="there is no column"):
        device_list.text(DeviceList(FLEET, (name,)))


def test_json_and_yaml_are_one_document():
    document = json.loads(device_list.as_json(DeviceList(FLEET)))
    assert yaml.safe_load(device_list.as_yaml(DeviceList(FLEET))) == document
    assert (document["fleet"], document["hub"], document["revision"]) == ("tiny", "production", SHA)
    assert document["noLongerInGit"] == ["old"]
    assert document["devices"][1] == {
        "device": "canary-1",
        "inSync": True,
        "connected": True,
        "health": "Converged",
        "reason": "",
        "git": "in git",
        "drift": False,
        "commit": SHA,
        "labels": {"site": "cbd", "ring": "canary"},
        "groups": ["all", "canary"],
        "models": {"crowdedness": {"wanted": "street@1.1.0", "reported": "street@1.1.0"}},
        "images": {
            "camera": {
                "wanted": "registry.example/team/camera:2",
                "reported": "registry.example/team/camera:1",
            }
        },
        "quality": {
            "crowdedness": {
                "score": {
                    "hours": 200,
                    "wape": 0.07,
                    "naiveWape": 0.1,
                    "bias": -0.01,
                    "coverage": 0.81,
                },
                "versusNaive": pytest.approx(0.7),
                "until": "2026-11-29T13:00:00Z",
                "reason": None,
            }
        },
    }


def test_csv_has_all_columns_unless_some_are_chosen():
    rows = list(csv.DictReader(io.StringIO(device_list.as_csv(DeviceList(FLEET)))))
    assert rows[1]["labels"] == "ring=canary, site=cbd"
    assert rows[1]["commit"] == SHA
    assert (rows[0]["sync"], rows[0]["drift"]) == ("drift", "yes")
    assert device_list.as_csv(DeviceList(FLEET, ("device", "health"))) == (
        "device,health\nb,Degraded\ncanary-1,Converged\n"
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "=cmd|' /C calc'!A0"])
def test_a_spreadsheet_runs_nothing_that_a_device_reports(text):
    row = SeenDevice(DeviceStatus("a", True, True, Health(HealthState.DEGRADED, text)))
    out = device_list.as_csv(DeviceList(SeenFleet("f", "h", None, (row,)), ("reason",)))
    assert list(csv.reader(io.StringIO(out)))[1] == [f"'{text}"]


def test_foreign_text_is_inert_and_without_secrets():
    evil = "\x1b[2J\n::error::x password=hunter22 \u202e"
    row = SeenDevice(
        DeviceStatus("a", True, True, Health(HealthState.DEGRADED, evil)),
        models={"m": Versions("m@1", evil)},
        images={"i": Versions(None, evil)},
    )
    listed = DeviceList(SeenFleet("f", "h", None, (row,)))
    forms = (device_list.text, device_list.as_json, device_list.as_yaml, device_list.as_csv)
    for form in forms:
        out = form(listed)
        assert not {"\x1b", "\u202e"} & set(out)
        assert "hunter22" not in out
    assert "\n::error" not in device_list.text(listed) + device_list.as_csv(listed)


def test_devices_that_git_does_not_have():
    fleet = SeenFleet("tiny", "production", SHA, (LEFT, OTHER))
    assert device_list.text(DeviceList(fleet)) == (
        "DEVICE   GIT                CONNECTED   COMMIT\n"
        "old      no longer in git   no          -\n"
        "theirs   not managed        yes         -\n"
        "\n"
        "2 devices on hub production not in git"
    )
    document = json.loads(device_list.as_json(DeviceList(fleet)))
    assert [(d["git"], d["inSync"], d["health"]) for d in document["devices"]] == [
        ("no longer in git", None, None),
        ("not managed", None, None),
    ]


def test_counts_by_the_values_of_a_label():
    by = device_summary.Summary(FLEET, "ring")
    assert device_summary.text(by) == (
        "RING     DEVICES   IN SYNC   CONNECTED   DEGRADED   CONVERGED\n"
        "canary   1         1         1           0          1\n"
        "(none)   1         0         0           1          0\n"
        "\n"
        "2 devices: 1 in sync, 1 connected; 1 Converged, 1 Degraded"
    )
    document = json.loads(device_summary.as_json(by))
    assert yaml.safe_load(device_summary.as_yaml(by)) == document
    assert [(v["value"], v["devices"]) for v in document["values"]] == [("canary", 1), (None, 1)]
    rows = list(csv.DictReader(io.StringIO(device_summary.as_csv(by))))
    assert [(row["ring"], row["Degraded"]) for row in rows] == [("canary", "0"), ("", "1")]


def test_no_device_of_the_hub_is_missing_in_git():
    nothing = DeviceList(SeenFleet("tiny", "production", SHA, ()), not_in_git=True)
    assert device_list.text(nothing) == "0 devices on hub production not in git"


def test_names_that_no_device_has_are_told():
    asked = ["label:ring", "label:sit", "model:x", "image:x", "health"]
    assert device_columns.nowhere(FLEET.devices, asked) == [
        "no listed device has a label `sit`; there is ring, site",
        "no listed device has a model slot `x`; there is crowdedness",
        "no listed device has a module `x`; there is camera",
    ]
    assert device_columns.nowhere((), asked) == []
    assert device_columns.nowhere([OTHER], ["label:x"]) == ["no listed device has a label `x`"]
