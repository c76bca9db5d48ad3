"""A job runs on each of its devices once, and goes on after the hub has stopped."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest
from hub_jobs import (
    REBOOT,
    Clock,
    Link,
    call,
    codes_of_failed,
    reached,
    rows,
    run,
    run_until,
    started,
    statistics,
    status,
    update,
)

from edgeops.localhub.service import job_runner, jobs, registry, twins
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.job_runner import CONCURRENT_CALLS
from edgeops.localhub.store import HubStore


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def hub(tmp_path, clock):
    with HubStore(tmp_path / "hub.db") as store:
        yield EmulatedHub(store, clock=clock)


@pytest.fixture
def devices(hub):
    """Devices d00 to d49."""
    names = [f"d{number:02}" for number in range(50)]
    for name in names:
        registry.put_device(hub, name, {"deviceId": name}, None)
    return names


@pytest.fixture
def small_steps(monkeypatch):
    """So that others are served after every few devices."""
    monkeypatch.setattr(job_runner, "_ROWS_PER_TRANSACTION", 3)
    monkeypatch.setattr("edgeops.localhub.service.scheduler.SECONDS_PER_TURN", 1e-5)


# --- twin updates ------------------------------------------------------------------------


def test_the_twins_that_match_are_updated_and_their_devices_hear_of_it(hub, devices):
    link = Link(hub, ("d03", ""))
    update(hub, condition="DeviceId IN ['d03', 'd07', 'nobody']")
    job = run(hub)

    assert (job["status"], statistics(job)) == ("completed", (2, 2, 0, 0, 0))
    assert job["endTime"] >= job["startTime"]
    assert [row["status"] for row in rows(hub).values()] == ["completed", "completed"]
    assert link.heard == [{"x": 1}]
    changed = [name for name in devices if "tags" in twins.get_twin(hub, name)]
    assert changed == ["d03", "d07"]
    assert hub.store.events(0, 1000, "d03")[-1]["opType"] == "updateTwin"


def test_a_job_can_be_for_modules(hub):
    registry.put_device(hub, "gw", {"deviceId": "gw", "capabilities": {"iotEdge": True}}, None)
    registry.put_module(hub, "gw", "m1", {"deviceId": "gw", "moduleId": "m1"}, None)
    update(hub, condition="FROM devices.modules WHERE deviceId = 'gw'")
    assert statistics(run(hub)) == (3, 1, 2, 0, 0)
    assert twins.get_twin(hub, "gw", "m1")["tags"] == {"ring": 1}
    assert rows(hub)["gw", "m1"]["status"] == "completed"
    for module in ("$edgeAgent", "$edgeHub"):
        error = rows(hub)["gw", module]["error"]
        assert error["code"] == "SystemModuleModifyUnauthorizedAccess"


def test_a_job_for_no_device_is_completed(hub, devices):
    update(hub, condition="tags.ring = 5")
    job = run(hub)
    assert (job["status"], statistics(job)) == ("completed", (0, 0, 0, 0, 0))


@pytest.mark.parametrize(
    "condition", ["SELECT * FROM devices", "deviceId =", "FROM nowhere", "FROM devices WHERE"]
)
def test_a_condition_that_is_not_a_query_fails_the_job(hub, devices, condition):
    assert update(hub, condition=condition)["status"] == "queued"
    job = run(hub)
    assert (job["status"], statistics(job)) == ("failed", (0, 0, 0, 0, 0))
    assert job["failureReason"].startswith("SQL query parse failed: ")


def test_a_device_that_cannot_take_the_update_fails_alone_and_wholly(hub, devices):
    large = {"desired": {str(number): "x" * 4000 for number in range(8)}}
    twins.patch_twin(hub, "d07", "", {"properties": large}, None)
    before = twins.get_twin(hub, "d07")
    update(hub, patch={"tags": {"a": 1}, "properties": {"desired": {"more": "x" * 1000}}})
    job = run(hub)

    assert (job["status"], statistics(job)) == ("completed", (50, 49, 1, 0, 0))
    assert rows(hub)["d07", ""]["error"]["code"] == "DeviceModelMaxPropertiesExceeded"
    assert twins.get_twin(hub, "d07") == before


def test_a_device_that_is_deleted_meanwhile_fails(hub, devices, small_steps):
    update(hub)

    async def main():
        async with job_runner.running(started(hub)):
            await reached(lambda: hub.store.jobs.job("j1")[0].targeted)
            registry.delete_device(hub, "d49", None)
            await reached(lambda: status(hub) == "completed")

    asyncio.run(main())
    assert codes_of_failed(hub) == {"d49": "DeviceNotFound"}


# --- direct methods ----------------------------------------------------------------------


def test_the_devices_answer_the_method(hub, devices):
    link = Link(hub, ("d03", ""), lambda: (404, b'{"n":1}'))
    Link(hub, ("d07", ""), lambda: (200, b"{"))
    call(hub, condition="deviceId IN ['d03', 'd05', 'd07']")
    job = run(hub)

    assert (job["status"], statistics(job)) == ("completed", (3, 1, 2, 0, 0))
    assert [named[:3] for named in link.calls] == [(("d03", ""), "reboot", b'{"now":true}')]
    answer = {"deviceMethodResponse": {"status": 404, "payload": {"n": 1}}}
    assert rows(hub)["d03", ""]["outcome"] == answer
    assert codes_of_failed(hub) == {"d05": "DeviceNotOnline", "d07": "BadDeviceResponse"}


def test_methods_are_called_on_a_limited_number_of_devices_at_a_time(hub):
    calls, most = [], CONCURRENT_CALLS
    for number in range(most + 20):
        name = f"d{number:03}"
        registry.put_device(hub, name, {"deviceId": name}, None)
        Link(hub, (name, ""), lambda: None, calls)
    call(hub)

    async def main():
        async with job_runner.running(started(hub)):
            await reached(lambda: len(calls) >= most)
            for _ in range(100):
                await asyncio.sleep(0)
            assert len(calls) == most
            assert statistics(jobs.get_job(hub, "j1")) == (most + 20, 0, 0, most, 20)
            answered = 0
            while status(hub) != "completed":
                for name, _, _, request in calls[answered:]:
                    answered += 1
                    hub.links.method_responded(name, request, 200, b"1")
                await asyncio.sleep(0)

    asyncio.run(main())
    assert statistics(jobs.get_job(hub, "j1")) == (most + 20, most + 20, 0, 0, 0)


def test_large_responses_are_kept_up_to_a_limit(hub, devices, monkeypatch):
    monkeypatch.setattr(job_runner, "MAX_JOB_BYTES", 100_000)
    for name in devices:
        Link(hub, (name, ""), lambda: (200, b'"' + b"x" * 10_000 + b'"'))
    call(hub)
    assert statistics(run(hub)) == (50, 50, 0, 0, 0)
    answers = [row["outcome"]["deviceMethodResponse"] for row in rows(hub).values()]
    assert {answer["status"] for answer in answers} == {200}
    assert 0 < sum(answer["payload"] is not None for answer in answers) < 10


# --- time --------------------------------------------------------------------------------


@pytest.mark.parametrize("create", [update, call])
def test_devices_for_which_it_is_too_late_fail(hub, devices, clock, create):
    create(hub, maxExecutionTimeInSeconds=60)
    clock.ahead = timedelta(seconds=61)
    job = run(hub)
    assert (job["status"], statistics(job)) == ("completed", (50, 0, 50, 0, 0))
    assert set(codes_of_failed(hub).values()) == {"JobRunPreconditionFailed"}
    assert "tags" not in twins.get_twin(hub, "d03")


def test_a_call_lasts_no_longer_than_the_job(hub, devices):
    Link(hub, ("d03", ""), lambda: None)
    method = REBOOT | {"connectTimeoutInSeconds": 300, "responseTimeoutInSeconds": 300}
    condition = "deviceId = 'd03' OR deviceId = 'd04'"
    call(hub, condition=condition, method=method, maxExecutionTimeInSeconds=1)
    run(hub)
    assert codes_of_failed(hub) == {"d03": "GatewayTimeout", "d04": "DeviceNotOnline"}


# --- what survives -----------------------------------------------------------------------


def test_a_job_that_was_stopped_goes_on_and_updates_each_twin_once(hub, devices, small_steps):
    link = Link(hub, ("d00", ""))
    update(hub)
    seen = set()

    def stopped():
        """After each transaction the hub stops once."""
        now = status(hub), *statistics(jobs.get_job(hub, "j1"))
        new = now not in seen
        seen.add(now)
        return new

    while status(hub) != "completed":
        asyncio.run(run_until(hub, stopped))
    assert len(seen) > 30
    assert statistics(jobs.get_job(hub, "j1")) == (50, 50, 0, 0, 0)
    for name in devices:
        twin = twins.get_twin(hub, name)
        assert twin["properties"]["desired"]["$version"] == 2
    assert link.heard == [{"x": 1}]


def test_a_call_that_was_cut_short_has_failed_and_is_not_repeated(hub, devices):
    silent = Link(hub, ("d03", ""), lambda: None)
    call(hub, condition="deviceId IN ['d03']")
    asyncio.run(run_until(hub, lambda: silent.calls))
    assert statistics(jobs.get_job(hub, "j1")) == (1, 0, 0, 1, 0)
    assert statistics(run(hub)) == (1, 0, 1, 0, 0)
    assert len(silent.calls) == 1
    assert codes_of_failed(hub) == {"d03": "ServiceUnavailable"}


def test_a_job_that_fails_unexpectedly_does_not_stop_the_others(hub, devices, caplog):
    def broken():
        raise RuntimeError("broken")

    Link(hub, ("d03", ""), broken)
    call(hub, "broken")
    update(hub, "good")
    with caplog.at_level(logging.ERROR):
        run(hub, "broken", "good")
    job = jobs.get_job(hub, "broken")
    assert (job["status"], "log says why" in job["failureReason"]) == ("failed", True)
    assert status(hub, "good") == "completed"
    [record] = caplog.records
    assert "job broken failed" in record.getMessage()
    assert "broken" in record.getMessage()


def test_when_a_job_cannot_start_the_others_go_on(hub, devices, caplog):
    link = Link(hub, ("d03", ""), lambda: None)
    call(hub, "j1", condition="deviceId = 'd03'")

    async def main():
        runner = started(hub)
        async with job_runner.running(runner):
            await reached(lambda: link.calls)
            hub.store._sqlite.execute("UPDATE jobs SET start = 'broken', status = 'queued'")
            runner.jobs_changed.notify_all()
            await reached(lambda: caplog.records)
            hub.store._sqlite.execute("UPDATE jobs SET status = 'running'")
            *_, request = link.calls[0]
            hub.links.method_responded(link.name, request, 200, b"1")
            await reached(lambda: status(hub) == "completed")

    with caplog.at_level(logging.ERROR):
        asyncio.run(main())
    [record] = caplog.records
    assert "no job can start now" in record.getMessage()
