"""What the store keeps of jobs, and that databases of earlier versions get the tables for them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edgeops.localhub.service import registry
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state import device_jobs, jobs
from edgeops.localhub.state.jobs import DeviceJobCounts
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.store import HubStore

MOMENT = Moment(datetime(2026, 1, 2, tzinfo=UTC), lambda: "key")
BODY = {
    "type": "scheduleUpdateTwin",
    "updateTwin": {"etag": "*", "tags": {}},
    "queryCondition": "*",
}


@pytest.fixture
def store(tmp_path):
    with HubStore(tmp_path / "hub.db") as store:
        yield store


def add(store, name, *devices):
    job = jobs.created(name, BODY, MOMENT)
    store.jobs.add(job)
    pending = [device_jobs.pending(job, device, "", MOMENT) for device in devices]
    store.jobs.add_pending(name, pending)
    return job, pending


def test_a_job_comes_back_as_it_was_saved(store):
    job, _ = add(store, "j1")
    assert store.jobs.job("j1") == (job, DeviceJobCounts())
    ran = jobs.moved(job, "running", MOMENT)
    store.jobs.save(ran)
    assert store.jobs.job("j1") == (ran, DeviceJobCounts())
    assert store.jobs.job("j2") is None


def test_device_jobs_are_counted_and_measured_by_status(store):
    _, (first, second) = add(store, "j1", "d1", "d2")
    empty = store.jobs.size("j1")
    store.jobs.save_device_job(first, device_jobs.running(first, MOMENT))
    answer = {"status": 200, "payload": "x" * 1000}
    done = device_jobs.completed(second, MOMENT, answer)
    store.jobs.save_device_job(second, done)
    assert store.jobs.job("j1")[1] == DeviceJobCounts(running=1, completed=1)
    assert store.jobs.device_jobs_of("j1", "completed", 5) == [done]
    assert store.jobs.device_jobs_of("j1", "pending", 5) == []
    assert 1000 < store.jobs.size("j1") - empty < 1200


def test_a_device_has_a_job_once_however_often_it_is_found(store):
    job, (first,) = add(store, "j1", "d1")
    store.jobs.save_device_job(first, device_jobs.completed(first, MOMENT))
    size = store.jobs.size("j1")
    again = [device_jobs.pending(job, device, "", MOMENT) for device in ("d1", "d2")]
    store.jobs.add_pending("j1", again)
    assert store.jobs.job("j1")[1] == DeviceJobCounts(pending=1, completed=1)
    assert [row.status for row in store.jobs.device_jobs()] == ["completed", "pending"]
    assert 0 < store.jobs.size("j1") - size < 500


def test_a_job_is_deleted_with_its_device_jobs_a_few_at_a_time(store):
    add(store, "j1", *(f"d{number}" for number in range(5)))
    add(store, "j2", "d1")
    assert [store.jobs.delete_some("j1", 2) for _ in range(3)] == [False, False, True]
    assert store.jobs.job("j1") is None
    assert [row.job for row in store.jobs.device_jobs()] == ["j2"]
    assert [row.id for row in store.jobs.rows("queued")] == ["j2"]


def test_device_jobs_are_read_while_others_are_written(store):
    add(store, "j1", *(f"d{number:03}" for number in range(100)))
    seen = []
    for row in store.jobs.device_jobs():
        seen.append(row.device)
        store.jobs.save_device_job(row, device_jobs.completed(row, MOMENT))
    assert seen == [f"d{number:03}" for number in range(100)]


def test_the_next_device_jobs_are_found_without_reading_those_that_are_done(store):
    _, rows = add(store, "j1", *(f"d{number:04}" for number in range(3000)))
    for row in rows[:-1]:
        store.jobs.save_device_job(row, device_jobs.completed(row, MOMENT))
    steps = []
    store._sqlite.set_progress_handler(lambda: steps.append(1), 100)
    assert store.jobs.device_jobs_of("j1", "pending", 5) == [rows[-1]]
    assert len(steps) < 10, "a scan of all takes more than 100"


def test_a_hub_without_jobs_gets_the_tables_for_them(tmp_path, store):
    registry.put_device(EmulatedHub(store), "d1", {"deviceId": "d1"}, None)
    store._sqlite.executescript(
        "DROP TABLE jobs; DROP TABLE job_requests; DROP TABLE device_jobs; PRAGMA user_version = 3;"
    )
    with HubStore(tmp_path / "hub.db") as later:
        add(later, "j1", "d1")
        assert later.jobs.job("j1")[1] == DeviceJobCounts(pending=1)
        assert later.entry("d1") is not None
