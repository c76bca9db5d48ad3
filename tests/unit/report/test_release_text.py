"""The list of releases."""

import json

from edgeops.api.releases import ReleaseRow, Spread
from edgeops.promotion.slots import Mention
from edgeops.release import ModelRelease
from edgeops.report import release_text as report


def _release(version, size=133_143):
    name = f"crowdedness-24h-{version}.onnx"
    return ModelRelease.of_file(
        "crowdedness-24h", version, name, size, "ab" * 32, "cd" * 16, "onnx", "a/b"
    )


STABLE = ReleaseRow(
    _release("1.0.0"),
    0.0745,
    True,
    (Mention("Group", "stable", "crowdedness"), Mention("Device", "cbd-gateway", "total")),
    Spread(20, 21),
)
CANARY = ReleaseRow(
    _release("1.1.0"), 0.0732, True, (Mention("Group", "canary", "crowdedness"),), Spread(2, 2)
)
OTHERS = ReleaseRow(_release("0.1.0", 1_434_837))


def test_a_table():
    assert (
        report.text([OTHERS, STABLE, CANARY])
        == """\
MODEL             VERSION   WAPE     GATES    BYTES       ON THE HUB           IN GIT
crowdedness-24h   0.1.0          –   –        1,434,837   –                    not used
crowdedness-24h   1.0.0      7.45%   passed     133,143   20 of 21 Converged   \
Group stable (crowdedness), Device cbd-gateway (total)
crowdedness-24h   1.1.0      7.32%   passed     133,143   2 of 2 Converged     \
Group canary (crowdedness)

3 releases of 1 model"""
    )


def test_without_a_hub_there_is_no_column_for_it():
    assert "HUB" not in report.text([OTHERS])


def test_no_releases():
    assert report.text([]) == "0 releases of 0 models"


def test_many_places_are_cut():
    places = tuple(Mention("Device", f"queen-street-{n}", "crowdedness") for n in range(21))
    text = report.text([ReleaseRow(_release("1.0.0"), in_git=places)])
    assert "queen-street-3 (crowdedness), and 17 more" in text


def test_gates_that_failed_are_red():
    row = ReleaseRow(_release("1.0.0"), 0.2, False)
    assert "\x1b[31mFAILED\x1b[0m" in report.text([row], color=True)


def test_json():
    stable, other = json.loads(report.as_json([STABLE, OTHERS]))["releases"]
    assert stable == {
        "name": "crowdedness-24h",
        "version": "1.0.0",
        "wape": 0.0745,
        "passed": True,
        "files": ["crowdedness-24h-1.0.0.onnx"],
        "fileName": "crowdedness-24h-1.0.0.onnx",
        "size": 133143,
        "sha256": "ab" * 32,
        "git": [
            {"kind": "Group", "name": "stable", "slot": "crowdedness"},
            {"kind": "Device", "name": "cbd-gateway", "slot": "total"},
        ],
        "hub": {"converged": 20, "devices": 21},
    }
    assert other["hub"] is None
    assert other["git"] == []
