"""Where values come from."""

import json

from edgeops.fleet.explain import Explained, Overridden
from edgeops.fleet.model import Place
from edgeops.report import explain_text as report

DEVICE = "fleet/devices/queen-street-210.yaml"
VALUES = [
    Explained("/edge", True, Place(DEVICE, 8, 3), "device"),
    Explained("/authentication", "sas", None, "default"),
    Explained(
        "/tags/location/lat",
        -36.84,
        Place(DEVICE, 9, 20),
        "device",
        (
            Overridden(1, Place("fleet/groups/canary.yaml", 7, 5), "group canary"),
            Overridden(None, Place("fleet/fleet.yaml", 3, 1), "fleet defaults"),
        ),
    ),
]


def test_one_line_a_value():
    assert report.text(VALUES).split("\n") == [
        "edge = true                  fleet/devices/queen-street-210.yaml:8:3",
        'authentication = "sas"       default of edgeops',
        "tags.location.lat = -36.84   fleet/devices/queen-street-210.yaml:9:20"
        "   overrode 1 (group canary, fleet/groups/canary.yaml:7:5);"
        " a removal (fleet defaults, fleet/fleet.yaml:3:1)",
    ]


def test_json():
    assert json.loads(report.as_json(VALUES[1:])) == [
        {
            "pointer": "/authentication",
            "value": "sas",
            "layer": "default",
            "file": None,
            "line": None,
            "column": None,
            "overrode": [],
        },
        {
            "pointer": "/tags/location/lat",
            "value": -36.84,
            "layer": "device",
            "file": DEVICE,
            "line": 9,
            "column": 20,
            "overrode": [
                {
                    "value": 1,
                    "layer": "group canary",
                    "file": "fleet/groups/canary.yaml",
                    "line": 7,
                    "column": 5,
                },
                {
                    "value": None,
                    "layer": "fleet defaults",
                    "file": "fleet/fleet.yaml",
                    "line": 3,
                    "column": 1,
                },
            ],
        },
    ]


def test_secrets_are_masked():
    secret = Explained("/desired/password", "hunter2", Place(DEVICE), "device")
    assert "hunter2" not in report.text([secret]) + report.as_json([secret])
