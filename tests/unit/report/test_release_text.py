"""The list of releases."""

import json

from edgeops.api.releases import ReleaseRow, Spread
from edgeops.promotion.slots import Mention
from edgeops.release import ModelRelease, ReleaseFile, Variant
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
    "k.pub",
)
CANARY = ReleaseRow(
    _release("1.1.0"), 0.0732, True, (Mention("Group", "canary", "crowdedness"),), Spread(2, 2)
)
OTHERS = ReleaseRow(_release("0.1.0", 1_434_837))


def test_a_table():
    assert (
        report.text([OTHERS, STABLE, CANARY])
        == """\
MODEL             VERSION   WAPE     GATES    BYTES       SIGNED BY   ON THE HUB           IN GIT
crowdedness-24h   0.1.0          –   –        1,434,837   unsigned    –                    not used
crowdedness-24h   1.0.0      7.45%   passed     133,143   k.pub       20 of 21 Converged   \
Group stable (crowdedness), Device cbd-gateway (total)
crowdedness-24h   1.1.0      7.32%   passed     133,143   unsigned    2 of 2 Converged     \
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
        "variants": [],
        "fileName": "crowdedness-24h-1.0.0.onnx",
        "size": 133143,
        "sha256": "ab" * 32,
        "signedBy": "k.pub",
        "git": [
            {"kind": "Group", "name": "stable", "slot": "crowdedness"},
            {"kind": "Device", "name": "cbd-gateway", "slot": "total"},
        ],
        "hub": {"converged": 20, "devices": 21},
    }
    assert other["hub"] is None
    assert other["git"] == []


SEVERAL = ModelRelease(
    "inspection",
    "1.0.0",
    "savedmodel",
    (ReleaseFile("a.pb", 1000, "aa", path="a"), ReleaseFile("v/b", 2000, "bb", path="b")),
)
VARIANTS = ModelRelease(
    "inspection",
    "1.1.0",
    variants=(
        Variant((("class", "jetson"),), "engine", (ReleaseFile("m", 5000, "cc", path="c"),)),
        Variant((), "onnx", SEVERAL.files),
    ),
)


def test_several_files_and_variants_have_a_column():
    assert (
        report.text([ReleaseRow(VARIANTS), ReleaseRow(SEVERAL), ReleaseRow(_release("1.0.0"))])
        == """\
MODEL             VERSION   WAPE     GATES   FILES        BYTES         SIGNED BY   IN GIT
inspection        1.1.0          –   –       2 variants   up to 5,000   unsigned    not used
inspection        1.0.0          –   –       2 files            3,000   unsigned    not used
crowdedness-24h   1.0.0          –   –       1 file           133,143   unsigned    not used

3 releases of 2 models"""
    )


def test_variants_in_json():
    (row,) = json.loads(report.as_json([ReleaseRow(VARIANTS)]))["releases"]
    assert row["variants"] == [
        {"when": {"class": "jetson"}, "format": "engine", "files": ["m"], "size": 5000},
        {"when": {}, "format": "onnx", "files": ["a.pb", "v/b"], "size": 3000},
    ]
    assert (row["fileName"], row["files"]) == (None, ["m", "a.pb", "v/b"])
