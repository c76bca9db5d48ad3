"""Health, from what devices report."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.health.device import Health, HealthState, device_status, health
from edgeops.release import ModelRelease
from edgeops.twin import LiveDevice, Twin

RELEASE = ModelRelease.of_file(
    "crowd", "1.0.0", "crowd.onnx", 9, "ab" * 32, "cd" * 16, "onnx", path="p"
)
DONE = {"models": {"crowdedness": {"state": "ready", "sha256": RELEASE.sha256}}}


def device(edge=False, models=True):
    return DesiredDevice(
        name="d",
        labels={},
        groups=(),
        edge=edge,
        authentication="sas",
        protect=False,
        tags={},
        desired={},
        modules={"model_loader": DesiredModule("model_loader", {}, {})},
        models={"crowdedness": RELEASE} if models else {},
        edge_content={},
    )


def loader(reported, connected=True):
    twin = Twin("d", "model_loader", reported=reported, connected=connected)
    return LiveDevice(Twin("d"), {"model_loader": twin})


def agent(reported, version=3, connected=True):
    edge = Twin("d", "$edgeAgent", reported=reported, desired_version=version, connected=connected)
    return LiveDevice(Twin("d", edge=True), {"$edgeAgent": edge})


def confirmed(code=200, seen=3, **more):
    return {"lastDesiredVersion": seen, "lastDesiredStatus": {"code": code}, **more}


def edge_health(reported):
    return health(device(edge=True, models=False), agent(reported), True)


def test_a_device_that_reports_the_wanted_model_has_converged_connected_or_not():
    assert health(device(), loader(DONE), True) == Health(HealthState.CONVERGED)
    assert health(device(), loader(DONE, connected=False), True) == Health(HealthState.CONVERGED)


def test_an_edge_device_has_converged_when_its_agent_confirms_the_current_version():
    assert edge_health(confirmed()) == Health(HealthState.CONVERGED)


@pytest.mark.parametrize(
    ("reported", "reason"),
    [
        ({}, "$edgeAgent has not seen its deployment yet"),
        (confirmed(seen=2), "$edgeAgent has not seen its deployment yet"),
        (confirmed(seen=2, code=500), "$edgeAgent has not seen its deployment yet"),
        ({"lastDesiredVersion": 3}, "$edgeAgent has not confirmed its deployment yet"),
    ],
)
def test_an_edge_device_progresses_until_its_agent_confirms(reported, reason):
    assert edge_health(reported) == Health(HealthState.PROGRESSING, reason)


def test_an_edge_device_whose_agent_twin_is_missing_progresses():
    live = LiveDevice(Twin("d", connected=True))
    assert health(device(edge=True, models=False), live, True).state is HealthState.PROGRESSING


@pytest.mark.parametrize(
    ("reported", "reason"),
    [
        (confirmed(code=400), "$edgeAgent refused its deployment (400)"),
        (
            confirmed(modules={"model_loader": {"runtimeStatus": "backoff"}}),
            "module model_loader is backoff",
        ),
        (
            confirmed(systemModules={"edgeHub": {"runtimeStatus": "failed"}}),
            "module edgeHub is failed",
        ),
    ],
)
def test_an_edge_device_degrades(reported, reason):
    assert edge_health(reported) == Health(HealthState.DEGRADED, reason)


def test_the_agent_says_why_and_a_foreign_module_is_not_our_fault():
    status = {"code": 412, "description": "bad\nschema"}
    reported = confirmed() | {"lastDesiredStatus": status}
    assert edge_health(reported).reason == "$edgeAgent refused its deployment (412): bad schema"
    assert edge_health(confirmed(modules={"theirs": {"runtimeStatus": "failed"}})).state is (
        HealthState.CONVERGED
    )


def test_an_error_with_a_code_is_shown_with_its_message():
    slot = {"state": "error", "error": {"code": "NotFound", "message": "no such file (404)"}}
    judged = health(device(), loader({"models": {"crowdedness": slot}}), True)
    assert judged == Health(HealthState.DEGRADED, "model crowdedness: NotFound: no such file (404)")


def test_a_slot_that_reports_an_error_degrades():
    slot = {"state": "error", "error": "digest differs"}
    degraded = health(device(), loader({"models": {"crowdedness": slot}}), True)
    assert degraded == Health(HealthState.DEGRADED, "model crowdedness: digest differs")
    bare = health(device(), loader({"models": {"crowdedness": {"state": "error"}}}), True)
    assert bare.reason == "model crowdedness: error"


def test_a_slot_with_another_digest_progresses():
    slot = {"state": "downloading", "sha256": "old"}
    progressing = health(device(), loader({"models": {"crowdedness": slot}}), True)
    assert progressing == Health(
        HealthState.PROGRESSING, "model crowdedness: crowd@1.0.0 not there yet (downloading)"
    )


def test_the_same_bytes_of_another_release_are_not_there_yet():
    slot = {"state": "ready", "sha256": RELEASE.sha256, "name": "crowd", "version": "1.0.0"}
    assert health(device(), loader({"models": {"crowdedness": slot}}), True).state is (
        HealthState.CONVERGED
    )
    for other in ({"version": "0.9.0"}, {"name": "mass"}, {"version": 1}):
        reported = {"models": {"crowdedness": slot | other}}
        assert health(device(), loader(reported), True) == Health(
            HealthState.PROGRESSING, "model crowdedness: crowd@1.0.0 not there yet (ready)"
        )


def test_a_device_out_of_sync_has_not_converged():
    assert health(device(), loader(DONE), False) == Health(
        HealthState.PROGRESSING, "not in sync with git"
    )


def test_unknown_offline_and_not_on_the_hub():
    never = LiveDevice(Twin("d", last_activity="0001-01-01T00:00:00Z"))
    assert health(device(), None, False) == Health(HealthState.UNKNOWN, "not on the hub")
    assert health(device(), never, True) == Health(HealthState.UNKNOWN, "never connected")
    active = LiveDevice(Twin("d", last_activity="2026-01-01T00:00:00Z"))
    assert health(device(), active, True) == Health(
        HealthState.OFFLINE, "last active 2026-01-01T00:00:00Z"
    )
    gone = loader({"models": {}}, connected=False)
    assert health(device(), gone, True) == Health(HealthState.OFFLINE, "not connected")


def test_a_device_with_nothing_to_report_is_healthy_while_connected():
    plain = device(models=False)
    assert health(plain, loader({}), True).state is HealthState.CONVERGED
    assert health(plain, loader({}, connected=False), True).state is HealthState.UNKNOWN


SECTIONS = ["models", "crowdedness", "modules", "model_loader", "systemModules", "edgeAgent"]
FIELDS = ["state", "error", "sha256", "runtimeStatus", "code", "description"]
WORDS = [*SECTIONS, *FIELDS, "lastDesiredVersion", "lastDesiredStatus"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner),
)


@given(json_values, json_values, st.booleans())
def test_devices_may_report_anything(agent_reports, loader_reports, connected):
    live = agent(agent_reports, connected=connected)
    twin = Twin("d", "model_loader", reported=loader_reports)
    live = replace(live, modules={**live.modules, "model_loader": twin})
    assert health(device(edge=True), live, True).state in HealthState


BROKEN = {"models": {"crowdedness": {"error": "x"}}}


@pytest.mark.parametrize("live", [None, loader(DONE), loader(BROKEN)])
def test_what_a_paused_device_reports_counts_while_it_is_in_sync(live):
    paused = replace(device(), paused=True)
    assert health(paused, live, False).state is HealthState.PAUSED
    assert health(paused, live, True) == health(device(), live, True)


def test_nobody_waits_for_a_paused_device():
    paused = replace(device(), paused=True)
    assert device_status(paused, loader(DONE), False).is_left_alone
    assert not device_status(paused, loader(DONE, connected=False), True).is_left_alone
