"""Creating, cancelling and listing jobs, and how many there can be."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hub_jobs import (
    Clock,
    Link,
    call,
    reached,
    rows,
    run,
    run_until,
    started,
    statistics,
    status,
    update,
)

from edgeops.localhub.service import job_runner, jobs, registry
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.jobs import MAX_ACTIVE, MAX_SCHEDULED
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.steps import finish
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


def test_a_job_for_later_is_scheduled_and_starts_at_its_time(hub, devices, clock):
    update(hub, startTime=(clock() + timedelta(seconds=0.3)).isoformat())

    async def main():
        async with job_runner.running(started(hub)):
            await reached(lambda: status(hub) == "scheduled")
            assert rows(hub) == {}
            await reached(lambda: status(hub) == "completed")

    asyncio.run(main())
    job = jobs.get_job(hub, "j1")
    assert job["createdTime"] < job["startTime"] <= job["endTime"]
    assert statistics(job) == (50, 50, 0, 0, 0)


def test_a_job_is_cancelled_before_it_runs_and_never_after(hub, devices, clock):
    later = (clock() + timedelta(hours=1)).isoformat()
    update(hub, "queued", startTime=later)
    assert jobs.cancel_job(hub, "queued")["status"] == "cancelled"
    update(hub, "scheduled", startTime=later)
    asyncio.run(run_until(hub, lambda: status(hub, "scheduled") == "scheduled"))
    assert jobs.cancel_job(hub, "scheduled")["status"] == "cancelled"
    clock.ahead = timedelta(hours=2)
    update(hub, "now")
    run(hub, "now")
    assert {row["jobId"] for row in rows(hub).values()} == {"now"}
    for name in ("queued", "scheduled", "now"):
        with pytest.raises(HubFault, match=r"Job cannot be cancelled in '(Cancelled|Completed)'"):
            jobs.cancel_job(hub, name)
    with pytest.raises(HubFault) as caught:
        jobs.cancel_job(hub, "none")
    assert caught.value.code == "JobNotFound"


def test_a_running_job_cannot_be_cancelled(hub, devices):
    call(hub, condition="deviceId = 'd03'")
    Link(hub, ("d03", ""), lambda: None)
    asyncio.run(run_until(hub, lambda: statistics(jobs.get_job(hub, "j1"))[3] == 1))
    with pytest.raises(HubFault, match="in 'Running' status") as caught:
        jobs.cancel_job(hub, "j1")
    assert (caught.value.status, caught.value.code) == (405, "OperationNotAllowedInCurrentState")


# --- limits ------------------------------------------------------------------------------


def refused(hub, name, **options):
    with pytest.raises(HubFault) as caught:
        update(hub, name, **options)
    return caught.value.status, caught.value.code


def test_an_id_is_used_once(hub):
    update(hub)
    assert refused(hub, "j1") == (409, "JobAlreadyExists")
    run(hub)
    assert refused(hub, "j1") == (409, "JobAlreadyExists")


def test_the_number_of_active_and_of_scheduled_jobs_is_limited(hub, clock):
    later = (clock() + timedelta(hours=1)).isoformat()
    for number in range(MAX_SCHEDULED):
        update(hub, f"later-{number}", startTime=later)
    too_many = (429, "ThrottlingMaxActiveJobCountExceeded")
    assert refused(hub, "later", startTime=later) == too_many
    names = [f"now-{number}" for number in range(MAX_ACTIVE)]
    for name in names:
        update(hub, name)
    assert refused(hub, "now") == too_many
    run(hub, *names)
    update(hub, "now")


def test_scheduled_jobs_that_are_due_at_once_wait_for_one_another(hub, devices, clock):
    link = Link(hub, ("d03", ""), lambda: None)
    names = [f"j{number}" for number in range(MAX_ACTIVE + 5)]
    start = (clock() + timedelta(minutes=1)).isoformat()
    for name in names:
        call(hub, name, condition="deviceId = 'd03'", startTime=start)
    clock.ahead = timedelta(minutes=2)

    async def main():
        async with job_runner.running(started(hub)):
            for count in (MAX_ACTIVE, *range(MAX_ACTIVE + 1, len(names) + 1)):
                await reached(lambda count=count: len(link.calls) == count)
                for _ in range(50):
                    await asyncio.sleep(0)
                active = [status(hub, name) for name in names].count("running")
                assert (len(link.calls), active) == (count, MAX_ACTIVE)
                *_, request = link.calls[count - MAX_ACTIVE]
                hub.links.method_responded(link.name, request, 200, b"1")
            for *_, request in link.calls[-MAX_ACTIVE:]:
                hub.links.method_responded(link.name, request, 200, b"1")
            await reached(lambda: {status(hub, name) for name in names} == {"completed"})

    asyncio.run(main())


def test_old_jobs_and_their_device_jobs_are_forgotten(hub, devices, clock):
    update(hub)
    run(hub)
    clock.ahead = timedelta(days=31)
    update(hub, "j2", condition="deviceId = 'd03'")
    run(hub, "j2")
    asyncio.run(run_until(hub, lambda: hub.store.jobs.job("j1") is None))
    assert [row["jobId"] for row in jobs.device_job_documents(hub)] == ["j2"]
    update(hub)  # the id is free again


# --- lists -------------------------------------------------------------------------------


def test_jobs_are_listed_in_pages_by_type_and_status(hub, devices):
    for number in range(5):
        update(hub, f"u{number}")
    call(hub, "c0", condition="deviceId = 'none'")
    run(hub, "u4", "c0")
    call(hub, "c1")

    def names(kind=None, wanted=None, size=100):
        found, after = [], 0
        while after is not None:
            page, after = finish(jobs.query_jobs(hub, kind, wanted, size, after))
            assert len(page) <= size
            found += [str(row).partition('jobId":"')[2].partition('"')[0] for row in page]
        return found

    everything = ["u0", "u1", "u2", "u3", "u4", "c0", "c1"]
    assert names() == names(size=1) == names(size=7) == everything
    assert names("scheduleDeviceMethod") == ["c0", "c1"]
    assert names("scheduleDeviceMethod", "completed") == ["c0"]
    assert names(wanted="queued") == ["c1"]
    assert names("scheduleUpdateTwin", "failed") == []


def test_device_jobs_go_on_after_any_of_them(hub, devices):
    for name in ("j2", "j10"):
        update(hub, name, condition="deviceId < 'd04'")
    run(hub, "j2", "j10")
    everything = list(jobs.device_job_documents(hub))
    keys = [(row["deviceId"], row.get("moduleId", ""), row["jobId"]) for row in everything]
    assert keys == [(f"d{n:02}", "", job) for n in range(4) for job in ("j10", "j2")]
    for position, key in enumerate(keys):
        assert list(jobs.device_job_documents(hub, key)) == everything[position + 1 :]
