"""The health of a fleet as a table."""

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
    assert report.counts(ROWS[2:]) == {
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
    assert report.status_object(ROWS[2]) == {
        "device": "cbd-gateway",
        "inSync": False,
        "connected": True,
        "health": "Degraded",
        "reason": "module m is backoff",
    }


def test_what_a_device_reports_cannot_steer_the_terminal():
    row = DeviceStatus("a", True, True, Health(HealthState.DEGRADED, "\x1b[2Jgone"))
    assert "\x1b" not in report.text([row])


def many(number, state=HealthState.CONVERGED, reason="", in_sync=True):
    return [
        DeviceStatus(f"{state.value}-{i:04}", in_sync, True, Health(state, reason))
        for i in range(number)
    ]


def test_every_state_of_health_has_its_place_and_style():
    assert sorted(report.ORDER) == sorted(HealthState)
    assert report.STYLE.keys() == set(HealthState)


def test_a_large_fleet_fits_on_one_screen_with_the_worst_first():
    rows = many(2000) + many(1000, HealthState.DEGRADED, "x" * 300) + many(3, HealthState.UNKNOWN)
    lines = report.text(rows, gone=[f"gone-{i}" for i in range(900)]).splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 110
    assert lines[1].startswith("Degraded-0000 ")
    assert "and 2,973 more: --all shows them" in lines
    assert any(line.startswith("900 devices no longer in git: gone-0, gone-1,") for line in lines)
    assert len(report.text(rows, every=True).splitlines()) == 3003 + 3


def test_what_is_well_is_left_out_first():
    assert report.text(many(2999) + many(1, HealthState.OFFLINE, "last active x")).splitlines() == [
        "DEVICE         IN SYNC   CONNECTED   HEALTH    REASON",
        "Offline-0000   yes       yes         Offline   last active x",
        "and 2,999 more, Converged and in sync: --all shows them",
        "",
        "3,000 devices: 3,000 in sync, 3,000 connected; 2,999 Converged, 1 Offline",
    ]
    assert report.text(many(3000)).splitlines()[0] == (
        "3,000 devices, Converged and in sync: --all shows them"
    )


def test_a_converged_device_that_is_not_in_sync_is_not_well():
    drifted = DeviceStatus("z", False, True, Health(HealthState.CONVERGED))
    text = report.text([*many(2999), drifted])
    assert "\nz        no " in text


def test_long_names_and_reasons_fit_and_json_has_them_whole():
    name, reason = "d" * 128, "because " * 40
    rows = [DeviceStatus(name, False, False, Health(HealthState.PROGRESSING, reason))]
    assert max(map(len, report.text(rows).splitlines())) <= 110
    device = report.status_object(rows[0])
    assert (device["device"], device["reason"]) == (name, reason)


def test_of_equal_health_what_is_not_in_sync_comes_first_and_drift_is_named():
    rows = [status("a"), status("b", in_sync=False), status("c", in_sync=False)]
    lines = report.text(rows, drifted={"c"}).splitlines()
    assert [line.split()[:2] for line in lines[1:4]] == [["b", "no"], ["c", "drift"], ["a", "yes"]]


def status(name, *, in_sync=True):
    health = Health(HealthState.UNKNOWN, "never connected")
    return DeviceStatus(name, in_sync=in_sync, connected=False, health=health)
