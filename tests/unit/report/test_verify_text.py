"""What was verified, as a table and as JSON."""

import json

from edgeops.api.releases import Verified
from edgeops.artifacts.verify import Check, Found
from edgeops.report.verify_text import as_json, text

ROWS = (
    Verified(
        "m@1.0.0", (Check("git", Found.SAME), Check("store", Found.ABSENT, "not there")), True
    ),
    Verified(
        "m@1.1.0",
        (Check("git", Found.CHANGED, "it changed"), Check("url", Found.SAME)),
        False,
        "keys/releases.pub",
    ),
    Verified("m@2.0.0", (Check("git", Found.ABSENT), Check("store", Found.ABSENT, "gone")), False),
)


def test_the_table_and_what_is_wrong():
    assert text(ROWS).splitlines() == [
        "RELEASE   GIT       STORE    URL    SIGNED BY",
        "m@1.0.0   same      absent          unsigned",
        "m@1.1.0   changed            same   keys/releases.pub",
        "m@2.0.0   absent    absent          unsigned",
        "",
        "m@1.1.0 (git): it changed",
        "m@2.0.0 (store): gone",
        "3 releases: 2 not confirmed",
    ]
    assert text(ROWS[:1]).splitlines()[-1] == "1 release: all match what was published"
    assert text(()) == "no releases in models/"


def test_json():
    releases = json.loads(as_json(ROWS[1:2]))["releases"]
    assert releases == [
        {
            "release": "m@1.1.0",
            "good": False,
            "signedBy": "keys/releases.pub",
            "checks": [
                {"place": "git", "found": "changed", "reason": "it changed", "file": ""},
                {"place": "url", "found": "same", "reason": "", "file": ""},
            ],
        }
    ]


def test_of_several_files_it_says_which_is_wrong():
    checks = (
        Check("git", Found.ABSENT, file="model.onnx"),
        Check("store", Found.SAME, file="model.onnx"),
        Check("git", Found.SAME, file="labels/en.txt"),
        Check("store", Found.CHANGED, "it changed", file="labels/en.txt"),
    )
    assert text([Verified("m@1.0.0", checks, False)]).splitlines() == [
        "RELEASE   GIT               STORE              SIGNED BY",
        "m@1.0.0   absent (1 of 2)   changed (1 of 2)   unsigned",
        "",
        "m@1.0.0 (labels/en.txt, store): it changed",
        "1 release: 1 not confirmed",
    ]
