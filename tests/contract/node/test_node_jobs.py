"""Microsoft's service SDK for Node: jobs."""

from __future__ import annotations

import pytest

ONE_SUCCEEDED = {
    "deviceCount": 1,
    "failedCount": 0,
    "succeededCount": 1,
    "runningCount": 0,
    "pendingCount": 0,
}


@pytest.fixture(scope="module")
def saw(run_script):
    return run_script("jobs.mjs")


def test_a_job_updates_twins(saw):
    assert saw["made"] == ["twins", "scheduleUpdateTwin", "deviceId = 'd1'", 120]
    assert saw["made twice"] == ["DeviceAlreadyExistsError", 409, "JobAlreadyExists"]
    assert saw["twins updated"] == ["completed", ONE_SUCCEEDED]
    assert saw["tags"] == [{"ring": 1}, {}]


def test_a_job_calls_methods(saw):
    assert saw["methods called"] == ["scheduleDeviceMethod", "completed", ONE_SUCCEEDED]


def test_a_job_for_later_is_cancelled(saw):
    assert saw["cancelled"] == saw["stays cancelled"] == "cancelled"
    assert saw["no job"] == ["Error", 404, "JobNotFound"]


def test_jobs_are_listed_by_type_and_status_in_pages(saw):
    assert saw["completed"] == ["methods", "twins"]
    assert saw["methods"] == ["methods", "never"]
    assert saw["pages"] == [3, 1]
    assert saw["nothing"] == [[]]
