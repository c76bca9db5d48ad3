"""The rules of jobs: what a request may ask for, and how a job and its device jobs live."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.localhub.service.job_runner import MAX_ENDED, MAX_ENDED_BYTES, outdated
from edgeops.localhub.state import device_jobs, jobs
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.jobs import STATUSES, DeviceJobCounts
from edgeops.localhub.state.moment import Moment, timestamp_of
from edgeops.localhub.store_jobs import JobRow

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MOMENT = Moment(NOW, lambda: "key")
TWIN_JOB = {
    "type": "scheduleUpdateTwin",
    "updateTwin": {"etag": "*", "tags": {"ring": 1}},
    "queryCondition": "*",
}
METHOD_JOB = {
    "type": "scheduleDeviceMethod",
    "cloudToDeviceMethod": {"methodName": "reboot", "responseTimeoutInSeconds": 7},
    "queryCondition": "FROM devices.modules WHERE moduleId = 'm1'",
}


def created(body=TWIN_JOB, **changes):
    return jobs.created("j1", body | changes, MOMENT)


def test_a_job_is_shown_as_the_service_shows_it():
    assert jobs.document(created(), DeviceJobCounts(1, 2, 3, 4)) == {
        "jobId": "j1",
        "type": "scheduleUpdateTwin",
        "status": "queued",
        "createdTime": "2026-01-02T03:04:05.0000000Z",
        "startTime": "2026-01-02T03:04:05.0000000Z",
        "maxExecutionTimeInSeconds": 3600,
        "queryCondition": "*",
        "updateTwin": {"deviceId": None, "etag": "*", "tags": {"ring": 1}},
        "deviceJobStatistics": {
            "deviceCount": 10,
            "failedCount": 4,
            "succeededCount": 3,
            "runningCount": 2,
            "pendingCount": 1,
        },
    }
    failed = jobs.moved(created(METHOD_JOB), "failed", MOMENT, "why")
    shown = jobs.document(failed, DeviceJobCounts())
    assert shown["cloudToDeviceMethod"] == METHOD_JOB["cloudToDeviceMethod"]
    assert (shown["failureReason"], shown["endTime"]) == ("why", MOMENT.timestamp)


@pytest.mark.parametrize(
    ("given", "start"),
    [
        ("2026-01-02T05:00:00+01:00", "2026-01-02T04:00:00.0000000Z"),
        ("2026-01-02T04:00:00", "2026-01-02T04:00:00.0000000Z"),
        ("2026-01-02T04:00:00.1234567Z", "2026-01-02T04:00:00.1234560Z"),
        ("2026-01-02T03:04:04Z", "2026-01-02T03:04:05.0000000Z"),
        ("0001-01-01T00:00:00Z", "2026-01-02T03:04:05.0000000Z"),
    ],
)
def test_a_job_starts_when_it_should_but_not_in_the_past(given, start):
    assert created(startTime=given).start == start


def test_the_deadline_counts_from_the_start():
    job = created(startTime="2026-01-02T04:00:00Z", maxExecutionTimeInSeconds=90)
    assert job.deadline == "2026-01-02T04:01:30.0000000Z"


@pytest.mark.parametrize("kind", ["ScheduleUpdateTwin", "SCHEDULEUPDATETWIN"])
def test_the_type_may_be_in_any_case(kind):
    assert created(type=kind).type == "scheduleUpdateTwin"


@pytest.mark.parametrize(
    ("body", "changes", "code"),
    [
        (TWIN_JOB, {"type": None}, "GenericBadRequest"),
        (TWIN_JOB, {"type": "scheduleTwinUpdate"}, "GenericBadRequest"),
        (TWIN_JOB, {"type": ["scheduleUpdateTwin"]}, "GenericBadRequest"),
        (TWIN_JOB, {"type": "export"}, "GenericBadRequest"),
        (TWIN_JOB, {"type": "scheduleDeviceMethod"}, "ArgumentInvalid"),
        (TWIN_JOB, {"jobId": "other"}, "ArgumentInvalid"),
        (TWIN_JOB, {"queryCondition": None}, "ArgumentInvalid"),
        (TWIN_JOB, {"queryCondition": " "}, "ArgumentInvalid"),
        (TWIN_JOB, {"queryCondition": "a" * 8193}, "ArgumentInvalid"),
        (TWIN_JOB, {"startTime": None}, "ArgumentInvalid"),
        (TWIN_JOB, {"startTime": "tomorrow"}, "ArgumentInvalid"),
        (TWIN_JOB, {"startTime": 5}, "ArgumentInvalid"),
        (TWIN_JOB, {"startTime": "0001-01-01T00:00:00+10:00"}, "ArgumentInvalid"),
        (TWIN_JOB, {"startTime": "9999-12-31T23:59:59Z"}, "ArgumentInvalid"),
        (TWIN_JOB, {"maxExecutionTimeInSeconds": None}, "ArgumentInvalid"),
        (TWIN_JOB, {"maxExecutionTimeInSeconds": 0}, "ArgumentInvalid"),
        (TWIN_JOB, {"maxExecutionTimeInSeconds": True}, "ArgumentInvalid"),
        (TWIN_JOB, {"maxExecutionTimeInSeconds": "60"}, "ArgumentInvalid"),
        (TWIN_JOB, {"updateTwin": None}, "ArgumentInvalid"),
        (TWIN_JOB, {"updateTwin": {"tags": {}}}, "ArgumentInvalid"),
        (TWIN_JOB, {"updateTwin": {"etag": "AAAAAAAAAAE=", "tags": {}}}, "ArgumentInvalid"),
        (TWIN_JOB, {"updateTwin": {"etag": 5, "tags": {}}}, "ArgumentInvalid"),
        (TWIN_JOB, {"updateTwin": {"etag": "*", "desired": {}}}, "ArgumentInvalid"),
        (TWIN_JOB, {"updateTwin": {"etag": "*", "tags": 5}}, "ArgumentInvalid"),
        (
            TWIN_JOB,
            {"updateTwin": {"etag": "*", "properties": {"reported": {"a": 1}}}},
            "ArgumentInvalid",
        ),
        (
            TWIN_JOB,
            {"updateTwin": {"etag": "*", "tags": {"a": "x" * 300_000}}},
            "MessageTooLarge",
        ),
        (METHOD_JOB, {"cloudToDeviceMethod": {}}, "ArgumentInvalid"),
        (
            METHOD_JOB,
            {"cloudToDeviceMethod": {"methodName": "m", "connectTimeoutInSeconds": 301}},
            "ArgumentInvalid",
        ),
        (
            METHOD_JOB,
            {"cloudToDeviceMethod": {"methodName": "m", "payload": "x" * 140_000}},
            "MessageTooLarge",
        ),
    ],
)
def test_what_a_job_may_not_be(body, changes, code):
    with pytest.raises(HubFault) as caught:
        created(body, **changes)
    assert caught.value.code == code


@pytest.mark.parametrize("name", ["", "a" * 65, "a_b", "a b", "é", "a\n"])
def test_an_id_has_letters_digits_and_dashes(name):
    with pytest.raises(HubFault, match="job id"):
        jobs.created(name, TWIN_JOB, MOMENT)


def test_a_job_writes_only_what_services_may_write():
    properties = {"desired": {"a": None}, "reported": {"b": 1}}
    job = created(updateTwin={"etag": '"*"', "properties": properties, "tags": {}})
    assert job.sections == {"tags": {}, "desired": {"a": None}}


@given(st.lists(st.sampled_from(("cancel", *STATUSES)), max_size=6))
def test_a_job_goes_forward_only_and_ends_once(steps):
    job = created()
    seen = [job.status]
    for step in steps:
        after = after_step(job, step)
        if after is not None:
            job = after
            seen.append(job.status)
        elif step == "cancel":
            assert job.status not in ("queued", "scheduled")
    assert len(set(seen)) == len(seen), "a status never comes back"
    ended = [status for status in seen if status in ("completed", "failed", "cancelled")]
    assert ended == seen[len(seen) - len(ended) :]
    assert len(ended) <= 1
    assert (job.ended is not None) == bool(ended)
    assert "cancelled" not in seen or "running" not in seen
    assert "completed" not in seen or "running" in seen


def after_step(job, step):
    """The job after a step, None when it cannot take it."""
    with suppress(AssertionError):
        if step != "cancel":
            return jobs.moved(job, step, MOMENT)
    with suppress(HubFault):
        if step == "cancel":
            return jobs.cancelled(job, MOMENT)
    return None


def test_a_device_job_is_shown_as_the_documents_show_it():
    job = created(METHOD_JOB, maxExecutionTimeInSeconds=60)
    pending = device_jobs.pending(job, "d1", "m1", MOMENT)
    later = Moment(NOW + timedelta(seconds=1), lambda: "key")
    done = device_jobs.completed(pending, later, {"status": 404, "payload": [1]})
    shown = {
        "deviceId": "d1",
        "moduleId": "m1",
        "jobId": "j1",
        "jobType": "scheduleDeviceMethod",
        "status": "completed",
        "startTimeUtc": "2026-01-02T03:04:05.0000000Z",
        "endTimeUtc": "2026-01-02T03:05:05.0000000Z",
        "createdDateTimeUtc": "2026-01-02T03:04:05.0000000Z",
        "lastUpdatedDateTimeUtc": "2026-01-02T03:04:06.0000000Z",
        "outcome": {"deviceMethodResponse": {"status": 404, "payload": [1]}},
    }
    assert device_jobs.document(done) == shown
    failed = device_jobs.failed(replace(pending, module=""), device_jobs.too_late(), later)
    del shown["moduleId"]
    assert device_jobs.document(failed) == shown | {
        "status": "failed",
        "outcome": {},
        "error": {
            "code": "JobRunPreconditionFailed",
            "description": "The time of the job was over before it ran on the device.",
        },
    }
    updated = device_jobs.completed(device_jobs.pending(created(), "d1", "", MOMENT), MOMENT)
    assert device_jobs.document(updated)["outcome"] == {"deviceMethodResponse": None}


def ended(name, days, size=1):
    when = timestamp_of(NOW - timedelta(days=days))
    return JobRow(name, "completed", when, when, size)


def test_the_history_has_thirty_days():
    rows = [ended("old", 31), ended("kept", 29), ended("as old", 31)]
    assert outdated(rows, NOW) == ["as old", "old"]


def test_the_history_is_limited_in_number_and_size():
    many = [ended(str(number), 1) for number in range(MAX_ENDED + 2)]
    assert outdated(many, NOW) == ["1", "0"]
    large = [ended("first", 1), ended("second", 1, 5), ended("newest", 1, MAX_ENDED_BYTES)]
    assert outdated(large, NOW) == ["second", "first"]
    assert outdated([ended("huge", 0, 2 * MAX_ENDED_BYTES)], NOW) == []
