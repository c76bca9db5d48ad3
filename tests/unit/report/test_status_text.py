"""The health of a fleet as a table."""

import json

from edgeops.health.device import Health, HealthState
from edgeops.report import status_text as report
from edgeops.report.status_text import DeviceStatus

ROWS = [
    DeviceStatus("queen-street-210", True, True, Health(HealthState.CONVERGED)),
    DeviceStatus("quay-street-107", True, False, Health(HealthState.UNKNOWN, "never connected")),
    DeviceStatus("cbd-gateway", False, True, Health(HealthState.DEGRADED, "module m is backoff")),
    DeviceStatus("a", True, True, Health(HealthState.CONVERGED)),
]


def test_the_worst_comes_first():
    assert report.text(ROWS) == (
        "DEVICE             IN SYNC   CONNECTED   HEALTH      REASON\n"
        "cbd-gateway        no        yes         Degraded    module m is backoff\n"
        "quay-street-107    yes       no          Unknown     never connected\n"
        "a                  yes       yes         Converged\n"
        "queen-street-210   yes       yes         Converged\n"
        "\n"
        "4 devices: 3 in sync, 3 connected; 2 Converged, 1 Unknown, 1 Degraded"
    )


def test_an_empty_fleet():
    assert report.text([]) == "0 devices: 0 in sync, 0 connected"


def test_json():
    document = json.loads(report.as_json(ROWS[2:]))
    assert document["summary"] == {
        "devices": 2,
        "inSync": 1,
        "connected": 2,
        "health": {
            "Converged": 1,
            "Paused": 0,
            "Waiting": 0,
            "Progressing": 0,
            "Unknown": 0,
            "Offline": 0,
            "Degraded": 1,
        },
    }
    assert document["devices"][0] == {
        "device": "cbd-gateway",
        "inSync": False,
        "connected": True,
        "health": "Degraded",
        "reason": "module m is backoff",
    }


def test_what_a_device_reports_cannot_steer_the_terminal():
    row = DeviceStatus("a", True, True, Health(HealthState.DEGRADED, "\x1b[2Jgone"))
    assert "\x1b" not in report.text([row])
