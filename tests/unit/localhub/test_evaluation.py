"""When configurations are evaluated, what that costs, and what is kept of it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest

from edgeops.localhub.service import bulk, configurations, devices, registry, twins
from edgeops.localhub.service.evaluation import evaluate_pending, keep_evaluating, prepare
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.pending import MAX_DEVICES
from edgeops.localhub.state.configurations import Configuration
from edgeops.localhub.steps import finish
from edgeops.localhub.store import HubStore

ONLY_X = "tags.x = 1"


@pytest.fixture
def hub(tmp_path):
    with HubStore(tmp_path / "hub.db") as store:
        hub = EmulatedHub(store)
        for name in ("d1", "d2"):
            registry.put_device(hub, name, {"deviceId": name}, None)
        yield hub


class RecordingLink:
    """A connected device that remembers what it was told."""

    def __init__(self):
        self.heard = []

    def notify(self, change):
        self.heard.append(change.patch)


@pytest.fixture
def link(hub):
    """The connection of d1."""
    link = RecordingLink()
    hub.links.add(("d1", ""), link)
    return link


def put(hub, name="c1", condition="*", if_match=None, kind="deviceContent", **fields):
    content = {kind: fields.pop("content", {"properties.desired.a": 1})}
    body = {"id": name, "content": content, "targetCondition": condition, **fields}
    return finish(configurations.put_configuration(hub, name, body, if_match))[0]


def get(hub, name="c1"):
    return finish(configurations.get_configuration(hub, name))


def evaluate(hub):
    finish(evaluate_pending(hub))


def desired(hub, device="d1", module=""):
    values = twins.get_twin(hub, device, module)["properties"]["desired"]
    return {key: value for key, value in values.items() if not key.startswith("$")}


def tag(hub, device, **tags):
    twins.patch_twin(hub, device, "", {"tags": tags}, None)


async def until(condition):
    """Let the hub work until a condition is true."""
    async with asyncio.timeout(10):
        while True:
            if condition():
                return
            await asyncio.sleep(0)


def waiting(hub):
    return "everything" if hub.pending.everything else list(hub.pending.devices)


def test_a_configuration_reaches_connected_devices_and_goes_again(hub, link):
    put(hub)
    assert link.heard == []  # the request is answered first
    evaluate(hub)
    assert (link.heard, desired(hub, "d2")) == ([{"a": 1}], {"a": 1})
    assert twins.get_twin(hub, "d1")["configurations"] == {"c1": {"status": "Applied"}}

    put(hub, condition=ONLY_X, if_match="*")
    evaluate(hub)
    assert link.heard[1:] == [{"a": None}]
    tag(hub, "d1", x=1)
    evaluate(hub)
    assert link.heard[2:] == [{"a": 1}]
    configurations.delete_configuration(hub, "c1", None)
    evaluate(hub)
    assert link.heard[3:] == [{"a": None}]
    assert "configurations" not in twins.get_twin(hub, "d1")


def test_a_deployment_makes_and_removes_modules(hub):
    registry.put_device(hub, "gw", {"deviceId": "gw", "capabilities": {"iotEdge": True}}, None)
    for name, module, priority in (("c1", "m1", 1), ("c2", "m2", 2)):
        content = {
            "$edgeAgent": {"properties.desired": {"modules": {module: {}}}},
            module: {"properties.desired": {"a": 1}},
        }
        put(hub, name, kind="modulesContent", content=content, priority=priority)
        evaluate(hub)
        assert list(hub.store.modules("gw")) == ["$edgeAgent", "$edgeHub", module]
        assert desired(hub, "gw", module) == {"a": 1}
    kinds = [event.get("opType") for event in hub.store.events(0, 100, "gw")]
    assert kinds[3:6] == ["createModuleIdentity", "updateTwin", "updateTwin"]
    assert "deleteModuleIdentity" in kinds
    statuses = twins.get_twin(hub, "gw", "$edgeAgent")["configurations"]
    assert statuses == {"c1": {"status": "Targeted"}, "c2": {"status": "Applied"}}


def test_a_deployment_wins_over_content_that_a_user_applies(hub):
    registry.put_device(hub, "gw", {"deviceId": "gw", "capabilities": {"iotEdge": True}}, None)

    def content(module):
        return {"$edgeAgent": {"properties.desired": {"modules": {module: {}}}}}

    put(hub, kind="modulesContent", content=content("m1"))
    evaluate(hub)
    finish(configurations.apply_content(hub, "gw", {"modulesContent": content("m2")}))
    assert "m2" in hub.store.modules("gw")
    evaluate(hub)
    assert list(hub.store.modules("gw")) == ["$edgeAgent", "$edgeHub", "m1"]


@pytest.mark.parametrize(
    "change",
    [
        lambda hub: tag(hub, "d1", x=1),
        lambda hub: twins.replace_twin(hub, "d1", "", {}, None),
        lambda hub: twins.report(hub, "d1", "", {"a": 1}),
        lambda hub: registry.put_device(hub, "d1", {"deviceId": "d1"}, "*"),
        lambda hub: finish(
            bulk.import_devices(hub, [{"id": "d1", "importMode": "updateTwin", "tags": {"x": 1}}])
        ),
        lambda hub: registry.put_module(hub, "d1", "m", {"deviceId": "d1", "moduleId": "m"}, None),
    ],
)
def test_a_change_lets_one_device_be_evaluated(hub, change):
    put(hub)
    evaluate(hub)
    change(hub)
    change = waiting(hub)
    assert change == ["d1"]
    evaluate(hub)
    assert (waiting(hub), desired(hub)) == ([], {"a": 1})


def test_connections_and_telemetry_let_nothing_be_evaluated(hub):
    put(hub)
    evaluate(hub)
    devices.set_connected(hub, "d1", "", connected=True)
    devices.send_telemetry(hub, "d1", "", {}, b"1")
    assert waiting(hub) == []


def test_without_configurations_nothing_waits(hub):
    evaluate(hub)
    tag(hub, "d1", x=1)
    assert waiting(hub) == []


def test_what_waits_is_bounded(hub):
    put(hub)
    evaluate(hub)
    hub.pending.add(f"x{n}" for n in range(MAX_DEVICES))
    hub.pending.add(f"x{n}" for n in range(MAX_DEVICES))
    assert len(waiting(hub)) == MAX_DEVICES
    hub.pending.add(["y"])
    assert (waiting(hub), hub.pending.devices) == ("everything", {})


def test_writes_of_configurations_are_no_reason_to_evaluate_again(hub):
    """A condition on what a configuration writes must not go on for ever."""
    put(hub, condition="NOT is_defined(properties.desired.a)")
    evaluate(hub)
    assert (desired(hub), waiting(hub)) == ({"a": 1}, [])


def test_changes_while_everything_is_evaluated_are_not_lost(hub):
    for n in range(50):
        registry.put_device(hub, f"e{n}", {"deviceId": f"e{n}"}, None)
    put(hub, condition=ONLY_X)
    steps = evaluate_pending(hub)
    for n in range(0, 50, 5):
        for _ in range(7):
            next(steps)
        tag(hub, "d1", x=n % 2)
        tag(hub, f"e{n}", x=1)
        put(hub, condition=ONLY_X, if_match="*", priority=n)
    tag(hub, "d1", x=1)
    finish(steps)
    found = [entry.identity.device for entry in hub.store.devices() if entry.twin.desired.values]
    assert found == sorted(["d1", *(f"e{n}" for n in range(0, 50, 5))])
    assert waiting(hub) == []


def test_a_device_that_is_created_while_the_first_configuration_is_read_is_evaluated(hub):
    evaluate(hub)
    put(hub)
    steps = evaluate_pending(hub)
    next(steps)
    registry.put_device(hub, "a0", {"deviceId": "a0"}, None)  # before those that come next
    finish(steps)
    assert desired(hub, "a0") == {"a": 1}


@pytest.mark.parametrize("times", [1, 9])
def test_what_is_written_while_a_device_is_evaluated_is_kept(hub, times):
    put(hub)
    steps = evaluate_pending(hub)
    for n in range(times):
        next(steps)
        twins.report(hub, "d1", "", {"n": n})
    finish(steps)
    properties = twins.get_twin(hub, "d1")["properties"]
    assert (properties["reported"]["n"], properties["desired"]["a"]) == (times - 1, 1)


def test_a_device_that_is_deleted_meanwhile_is_skipped(hub):
    put(hub)
    evaluate(hub)
    tag(hub, "d1", x=1)
    steps = evaluate_pending(hub)
    next(steps)
    registry.delete_device(hub, "d1", None)
    finish(steps)
    assert desired(hub, "d2") == {"a": 1}


def test_a_hub_that_starts_evaluates_what_it_did_not(hub):
    put(hub)
    later = EmulatedHub(hub.store)
    prepare(later)
    evaluate(later)
    assert desired(later) == {"a": 1}

    configurations.delete_configuration(later, "c1", None)
    latest = EmulatedHub(hub.store)
    prepare(latest)
    assert waiting(latest) == ["d1", "d2"]
    evaluate(latest)
    assert desired(latest) == {}
    prepare(latest)
    assert waiting(latest) == []


def test_what_an_older_version_stored_is_skipped_when_it_makes_no_sense(hub, caplog):
    old = Configuration("old", {"deviceContent": {"tags.a": 1}}, "", "", target_condition="*")
    hub.store.save_configuration(old)
    put(hub)
    with caplog.at_level(logging.WARNING):
        evaluate(hub)
    assert desired(hub) == {"a": 1}
    assert "configuration old is not applied" in caplog.text


def test_devices_that_cannot_take_their_settings_are_named_once(hub, caplog):
    twins.patch_twin(hub, "d1", "", {"properties": {"desired": big("b")}}, None)
    put(hub, content={f"properties.desired.{key}": value for key, value in big("a").items()})
    with caplog.at_level(logging.WARNING):
        evaluate(hub)
        tag(hub, "d1", x=1)
        evaluate(hub)
    assert len(caplog.records) == 1
    assert "device d1 keeps its desired properties" in caplog.text
    assert get(hub)["systemMetrics"]["results"] == {"targetedCount": 2, "appliedCount": 1}


def big(prefix):
    return {f"{prefix}{n}": "x" * 4000 for n in range(5)}


def test_everything_is_evaluated_once_in_a_while(hub, link):
    """What has changed unseen is found: another process may have written."""

    async def main():
        heard = asyncio.Event()
        link.notify = lambda change: (link.heard.append(change.patch), heard.set())
        put(hub)
        task = asyncio.create_task(keep_evaluating(hub, 0.001))
        await asyncio.wait_for(heard.wait(), 10)
        heard.clear()
        entry = hub.store.entry("d1")
        twin = replace(entry.twin, desired=replace(entry.twin.desired, values={}))
        hub.store.save(replace(entry, twin=twin))
        await asyncio.wait_for(heard.wait(), 10)
        hub.stop()
        await asyncio.wait_for(task, 10)

    asyncio.run(main())
    assert link.heard == [{"a": 1}, {"a": 1}]


def test_an_evaluation_that_fails_is_not_the_last_one(hub, caplog):
    """A disk that is full, or the like: here a configuration that cannot be read."""
    unreadable = Configuration("old", content={}, created="", updated="")

    async def main():
        put(hub)
        hub.store.save_configuration(unreadable)
        task = asyncio.create_task(keep_evaluating(hub, 0.001))
        await until(lambda: caplog.messages)
        configurations.delete_configuration(hub, "old", None)
        await until(lambda: not hub.pending)
        hub.stop()
        await asyncio.wait_for(task, 10)

    asyncio.run(main())
    assert caplog.messages[0].startswith("configurations are not evaluated now: KeyError")
    assert desired(hub) == {"a": 1}


# --- metrics -----------------------------------------------------------------------------


def test_metrics_of_a_device_configuration(hub):
    queries = {
        "all": "SELECT * FROM devices",
        "one": "SELECT TOP 1 deviceId FROM devices",
        "ok": "SELECT deviceId FROM devices WHERE configurations.[[c1]].status = 'Applied'"
        " AND properties.reported.ok = true",
        "modules": "SELECT * FROM devices.modules",
        "total": "SELECT COUNT() FROM devices",
    }
    tag(hub, "d1", x=1)
    put(hub, condition=ONLY_X, metrics={"queries": queries, "results": {"all": 99}})
    found = get(hub)
    assert found["systemMetrics"] == {
        "results": {"targetedCount": 1, "appliedCount": 0},
        "queries": {
            "targetedCount": "select deviceId from devices where tags.x = 1",
            "appliedCount": "select deviceId from devices"
            " where configurations.[[c1]].status = 'Applied'",
        },
    }
    evaluate(hub)
    twins.report(hub, "d1", "", {"ok": True})
    found = get(hub)
    assert found["systemMetrics"]["results"] == {"targetedCount": 1, "appliedCount": 1}
    results = {"all": 2, "one": 1, "ok": 1, "modules": 0, "total": 1}
    assert found["metrics"] == {"queries": queries, "results": results}


def test_metrics_of_a_deployment(hub):
    for name in ("gw1", "gw2", "gw3"):
        edge = {"deviceId": name, "capabilities": {"iotEdge": True}}
        registry.put_device(hub, name, edge, None)
    put(
        hub,
        kind="modulesContent",
        content={"$edgeAgent": {"properties.desired": {"modules": {}}}},
    )
    evaluate(hub)
    for name, version, code in (("gw1", 2, 200), ("gw2", 2, 500), ("gw3", 1, 200)):
        status = {"lastDesiredVersion": version, "lastDesiredStatus": {"code": code}}
        twins.report(hub, name, "$edgeAgent", status)
    assert get(hub)["systemMetrics"]["results"] == {
        "targetedCount": 3,
        "appliedCount": 3,
        "reportedSuccessfulCount": 1,
        "reportedFailedCount": 1,
    }


@pytest.mark.parametrize(
    ("kind", "condition", "text"),
    [
        ("deviceContent", "", ""),
        ("deviceContent", "*", "select deviceId from devices"),
        ("modulesContent", "", ""),
        ("modulesContent", "*", "select deviceId from devices where capabilities.iotEdge = true"),
        (
            "modulesContent",
            "tags.x = 1",
            "select deviceId from devices where capabilities.iotEdge = true and tags.x = 1",
        ),
        (
            "modulesContent",
            "tags.x = 1 or tags.x = 2",
            "select deviceId from devices"
            " where capabilities.iotEdge = true and (tags.x = 1 or tags.x = 2)",
        ),
        (
            "moduleContent",
            "FROM devices.modules WHERE tags.x = 1",
            "select deviceId, moduleId FROM devices.modules WHERE tags.x = 1",
        ),
    ],
)
def test_the_query_of_the_targets(hub, kind, condition, text):
    content = {"$edgeAgent": {}} if kind == "modulesContent" else {}
    found = put(hub, kind=kind, condition=condition, content=content)
    assert found["systemMetrics"]["queries"]["targetedCount"] == text
