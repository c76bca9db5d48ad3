"""Problems as text, JSON and GitHub annotations."""

import json
from dataclasses import replace

from edgeops.fleet.model import Place, Problem
from edgeops.report import problems as report

UNKNOWN = Problem(
    Place("fleet/devices/queen-street-210.yaml", 9, 5),
    "/spec/desird",
    "`desird` is not known here",
    "did you mean `desired`?",
)
WRONG = Problem(
    Place("fleet/devices/queen-street-210.yaml", 12, 3), "/spec/edge", "must be a boolean"
)
NO_GROUP = Problem(Place("fleet/groups/canary.yaml"), "", "file is empty")
EMPTY = Problem(Place("fleet/x.yaml"), "", "defines nothing", "delete it", warning=True)


def test_text_has_places_to_click_hints_and_counts():
    assert report.text([UNKNOWN, WRONG, NO_GROUP]) == (
        "fleet/devices/queen-street-210.yaml:9:5: `desird` is not known here  /spec/desird\n"
        "    hint: did you mean `desired`?\n"
        "fleet/devices/queen-street-210.yaml:12:3: must be a boolean  /spec/edge\n"
        "\n"
        "fleet/groups/canary.yaml:1:1: file is empty\n"
        "\n"
        "3 problems in 2 files"
    )


def test_warnings_are_named_and_counted_apart():
    assert report.text([NO_GROUP, EMPTY]) == (
        "fleet/groups/canary.yaml:1:1: file is empty\n"
        "\n"
        "fleet/x.yaml:1:1: warning: defines nothing\n"
        "    hint: delete it\n"
        "\n"
        "1 problem and 1 warning in 2 files"
    )
    assert report.text([EMPTY, EMPTY]).endswith("\n2 warnings in 1 file")


def test_having_no_problems_is_shown():
    assert report.text([]) == "no problems"


def test_json_has_every_field():
    assert json.loads(report.as_json([UNKNOWN])) == [
        {
            "file": "fleet/devices/queen-street-210.yaml",
            "line": 9,
            "column": 5,
            "pointer": "/spec/desird",
            "message": "`desird` is not known here",
            "hint": "did you mean `desired`?",
            "severity": "error",
        }
    ]
    assert json.loads(report.as_json([EMPTY]))[0]["severity"] == "warning"


def test_github_marks_the_line():
    assert report.github([UNKNOWN]) == (
        "::error file=fleet/devices/queen-street-210.yaml,line=9,col=5,title=/spec/desird"
        "::`desird` is not known here (did you mean `desired`?)"
    )


def test_github_shows_warnings_as_such_and_problems_first():
    expected = "::warning file=fleet/x.yaml,line=1,col=1,title=edgeops validate::"
    assert report.github([EMPTY]) == f"{expected}defines nothing (delete it)"
    many = [replace(EMPTY, place=Place("fleet/x.yaml", line)) for line in range(1, 12)]
    lines = report.github([*many, UNKNOWN]).splitlines()
    assert lines[0].startswith("::error ")
    assert sum(line.startswith("::warning ") for line in lines) == 10
    assert lines[11:] == [
        "GitHub shows 10 annotations; 1 more warning:",
        "  fleet/x.yaml:11:1: defines nothing (delete it)",
    ]


def test_github_wants_paths_from_the_root_of_the_repository():
    assert "file=deploy/fleet/groups/canary.yaml," in report.github([NO_GROUP], folder="deploy")


def test_github_commands_cannot_be_broken_out_of():
    nasty = Problem(Place("fleet/a,b:c%.yaml", 1, 2), "/x\n::set-env::", "100 %\r\n::error::boo")
    assert report.github([nasty]) == (
        "::error file=fleet/a%2Cb%3Ac%25.yaml,line=1,col=2,title=/x%0A%3A%3Aset-env%3A%3A"
        "::100 %25%0D%0A::error::boo"
    )


def test_what_github_would_drop_goes_to_the_log():
    many = [Problem(Place("fleet/x.yaml", n), "", f"problem {n}") for n in range(1, 13)]
    lines = report.github(many).split("\n")
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert lines[10:] == [
        "GitHub shows 10 annotations; 2 more problems:",
        "  fleet/x.yaml:11:1: problem 11",
        "  fleet/x.yaml:12:1: problem 12",
    ]
