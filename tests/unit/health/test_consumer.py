"""A module can veto the health of its device: when its word counts, and what it says."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.model import DesiredDevice, DesiredModule, HealthCheck
from edgeops.health.device import Health, HealthState, health
from edgeops.release import ModelRelease
from edgeops.twin import LiveDevice, Twin

WANTED, OLD, OTHER = "ab" * 32, "cd" * 32, "ef" * 32
RELEASE = ModelRelease.of_file("crowd", "2.0.0", "crowd.onnx", 9, WANTED, "", "onnx", path="p")
SECOND = ModelRelease.of_file("street", "1.0.0", "street.onnx", 9, OTHER, "", "onnx", path="p")
CHECK = HealthCheck(
    path=("model", "state"),
    good=("Ready", "Warming"),
    digests=(("model", "error", "sha256"), ("model", "sha256")),
    slot="crowds",
)
CONVERGED = Health(HealthState.CONVERGED)


def device(check=CHECK, edge=True, models=None, **spec):
    modules = {
        "model_loader": DesiredModule("model_loader", {}, {}),
        "vision": DesiredModule("vision", spec, {}, check),
    }
    return DesiredDevice(
        name="d",
        labels={},
        groups=(),
        edge=edge,
        authentication="sas",
        protect=False,
        tags={},
        desired={},
        modules=modules,
        models={"crowds": RELEASE} if models is None else models,
        edge_content={},
    )


def judged(wanted, reported, status="running", connected=True, slots=(("crowds", WANTED),)):
    """The health of a device whose loader has the models, and whose module reports this."""
    loaded = {slot: {"state": "ready", "sha256": sha256} for slot, sha256 in slots}
    agent = {
        "lastDesiredVersion": 1,
        "lastDesiredStatus": {"code": 200},
        "modules": {"vision": {"runtimeStatus": status}} if status else {},
    }
    modules = {
        "$edgeAgent": Twin("d", "$edgeAgent", desired_version=1, reported=agent),
        "model_loader": Twin("d", "model_loader", reported={"models": loaded}, connected=True),
        "vision": Twin("d", "vision", reported=reported, connected=connected),
    }
    return health(wanted, LiveDevice(Twin("d", edge=wanted.edge), modules), True)


def says(state, sha256=WANTED, **more):
    return {"model": {"state": state, "sha256": sha256, **more}}


def progressing(reason):
    return Health(HealthState.PROGRESSING, reason)


def degraded(reason):
    return Health(HealthState.DEGRADED, reason)


@pytest.mark.parametrize("state", ["Ready", "Warming"])
def test_a_good_value_of_the_wanted_model_agrees(state):
    assert judged(device(), says(state)) == CONVERGED
    assert judged(device(), says(state, WANTED.upper())) == CONVERGED


@pytest.mark.parametrize(
    ("beside", "reason"),
    [
        ({"error": {"code": "InputShape", "message": "7 columns"}}, "InputShape: 7 columns"),
        ({"error": "7\ncolumns", "reason": "hidden"}, "7 columns"),
        ({"reason": "too dark"}, "too dark"),
        ({"message": "see the log"}, "see the log"),
    ],
)
def test_any_other_value_is_a_fault_with_what_is_reported_beside_it(beside, reason):
    assert judged(device(), says("Error", **beside)) == degraded(f"vision: Error: {reason}")
    assert judged(device(), says("Error")) == degraded("vision: Error")


def test_a_fault_of_the_model_before_is_not_one_of_the_new_model():
    waits = progressing("vision does not use crowd@2.0.0 yet (Error)")
    assert judged(device(), says("Error", OLD)) == waits
    assert judged(device(), says("Ready", OLD)).state is HealthState.PROGRESSING


def test_an_error_can_be_of_another_model_than_the_one_in_use():
    refused = says("Error", OLD, error={"code": "BadMetadata", "message": "x", "sha256": WANTED})
    assert judged(device(), refused) == degraded("vision: Error: BadMetadata: x")
    stale = says("Error", WANTED, error={"code": "BadMetadata", "message": "x", "sha256": OLD})
    assert judged(device(), stale).state is HealthState.PROGRESSING


@pytest.mark.parametrize("status", ["stopped", "unknown", "dead", None])
@pytest.mark.parametrize("said", [says("Ready"), says("Error"), {}])
def test_the_word_of_a_module_that_does_not_run_does_not_count(status, said):
    shown = status or "not reported"
    assert judged(device(), said, status) == progressing(f"vision is not running ({shown})")


def test_a_module_that_keeps_crashing_stays_the_fault_it_was():
    assert judged(device(), says("Ready"), "backoff") == degraded("module vision is backoff")


def test_a_module_that_git_wants_stopped_has_no_say():
    assert judged(device(status="stopped"), says("Error"), "stopped") == CONVERGED


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, "vision does not use crowd@2.0.0 yet"),
        ({"model": "Ready"}, "vision does not use crowd@2.0.0 yet"),
        (says("Ready", 7), "vision does not use crowd@2.0.0 yet (Ready)"),
        (says("NoModel", None), "vision does not use crowd@2.0.0 yet (NoModel)"),
        ({"model": {"sha256": WANTED}}, "vision has not reported model/state yet"),
    ],
)
def test_what_was_not_reported_is_waited_for(said, reason):
    assert judged(device(), said) == progressing(reason)


def test_without_a_model_in_its_slot_a_consumer_has_no_say():
    assert judged(device(models={}), says("NoModel", None)) == CONVERGED
    second = device(models={"street": SECOND})
    assert judged(second, says("Error", OLD), slots=[("street", OTHER)]) == CONVERGED


def test_without_a_slot_it_may_use_any_model_of_the_device():
    both = device(replace(CHECK, slot=None), models={"crowds": RELEASE, "street": SECOND})
    slots = [("crowds", WANTED), ("street", OTHER)]
    assert judged(both, says("Ready"), slots=slots) == CONVERGED
    assert judged(both, says("Error", OTHER), slots=slots) == degraded("vision: Error")
    waits = "vision does not use crowd@2.0.0 or street@1.0.0 yet (Ready)"
    assert judged(both, says("Ready", OLD), slots=slots) == progressing(waits)
    none = device(replace(CHECK, slot=None), models={})
    assert judged(none, says("Error", OLD), slots=[]) == CONVERGED


@pytest.mark.parametrize(
    ("good", "value", "agrees"),
    [
        (True, True, True),
        (True, 1, False),
        (True, "true", False),
        (0, 0, True),
        (0, 0.0, True),
        (0, False, False),
        (0, "0", False),
        ("ok", ["ok"], False),
    ],
)
def test_a_module_without_a_model_is_asked_for_its_value_and_types_count(good, value, agrees):
    plain = device(HealthCheck(("ok",), (good,)), models={})
    found = judged(plain, {"ok": value}, slots=[])
    assert found.state is (HealthState.CONVERGED if agrees else HealthState.DEGRADED), found


def test_a_reported_value_is_shown_on_one_short_line_as_json_has_it():
    plain = device(HealthCheck(("ok",), (True,)), models={})
    assert judged(plain, {"ok": False}, slots=[]) == degraded("vision: false")
    long = judged(plain, {"ok": "no\n" * 999}, slots=[]).reason
    assert ("\n" in long, len(long) < 250) == (False, True)


@pytest.mark.parametrize("more", [{"edge": False}, {"deployed": False}])
def test_where_no_edge_agent_runs_it_the_connection_of_the_module_counts(more):
    without = device(**more)
    assert judged(without, says("Ready"), None) == CONVERGED
    assert judged(without, says("Error"), None) == degraded("vision: Error")
    gone = judged(without, says("Error"), None, connected=False)
    assert gone == progressing("vision is not connected")


def test_a_module_that_the_hub_does_not_have_is_waited_for():
    agent = Twin(
        "d",
        "$edgeAgent",
        desired_version=1,
        connected=True,
        reported={
            "lastDesiredVersion": 1,
            "lastDesiredStatus": {"code": 200},
        },
    )
    live = LiveDevice(Twin("d", edge=True), {"$edgeAgent": agent})
    plain = device(HealthCheck(("ok",), (True,)), models={})
    assert health(plain, live, True) == progressing("vision is not on the hub")


def test_a_forecaster_that_names_no_slot_is_not_asked():
    assert judged(device(replace(CHECK, slot="")), says("NoModel", None)) == CONVERGED


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["model", "state", "sha256", "error"]), inner)
    ),
    max_leaves=8,
)


@given(said=ANYTHING, status=ANYTHING)
def test_whatever_devices_report_gives_a_health_with_a_short_reason(said, status):
    for check in (CHECK, HealthCheck(("model", "state"), (True, 1))):
        found = judged(device(check), {"model": said}, status)
        assert found.state is not HealthState.CONVERGED or said["state"] in ("Ready", 1)
        assert len(found.reason) < 700


def test_several_modules_are_all_heard():
    loud = replace(
        device(),
        modules={
            name: DesiredModule(name, {"deployed": False}, {}, HealthCheck(("ok",), (True,)))
            for name in ("model_loader", "vision")
        },
    )
    assert judged(loud, {"ok": 3}) == degraded("vision: 3")
