"""Jobs, through the real SDKs of services and devices."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from edgeops.localhub import access

sdk = pytest.importorskip("azure.iot.hub")
models = pytest.importorskip("azure.iot.hub.models")
protocol = pytest.importorskip("azure.iot.hub.protocol.models")

SECONDS = 20


@pytest.fixture
def jobs_as(local_hub):
    """`IoTHubJobManager` with the connection string of a policy."""
    managers = []

    def connect(policy):
        text = access.connection_string(local_hub.state_dir, policy)
        manager = sdk.IoTHubJobManager.from_connection_string(text)
        manager.protocol.config.connection.verify = str(local_hub.ca_file)
        manager.protocol.config.keep_alive = True
        managers.append(manager)
        return manager

    yield connect
    for manager in managers:
        manager.protocol.close()


@pytest.fixture
def jobs(jobs_as):
    """`IoTHubJobManager` with the policy that Microsoft's documents name for jobs."""
    return jobs_as("registryReadWrite")


@pytest.fixture
def fleet(registry):
    for name in ("d1", "d2", "d3"):
        registry.create_device_with_sas(name, None, None, "enabled")
    return registry


def request(**fields):
    defaults = {"type": "scheduleUpdateTwin", "query_condition": "*"}
    if "cloud_to_device_method" not in fields:
        defaults["update_twin"] = models.Twin(etag="*", tags={"ring": 1})
    return protocol.JobRequest(**defaults | fields)


def ended(jobs, name):
    """A job when it has ended."""
    deadline = time.monotonic() + SECONDS
    while (job := jobs.get_scheduled_job(name)).status in ("queued", "scheduled", "running"):
        assert time.monotonic() < deadline, job.status
        time.sleep(0.02)
    return job


def listed(jobs, headers=None, **parameters):
    """The ids of jobs, and the token of the next page: the SDK itself fails to read a list."""
    client = jobs.protocol._client
    asked = client.get("/jobs/v2/query", parameters, headers or {})
    response = client.send(asked, stream=False)
    assert response.headers["x-ms-item-type"] == "JobResponse"
    names = [job["jobId"] for job in response.json()]
    return names, response.headers.get("x-ms-continuation")


def test_a_job_updates_twins(jobs, fleet):
    condition = "deviceId in ['d1','d3']"
    patch = models.Twin(
        etag="*",
        tags={"ring": 1},
        properties=models.TwinProperties(desired={"a": {"b": 1}}),
    )
    made = jobs.create_scheduled_job(
        "job-1",
        request(
            job_id="job-1",
            query_condition=condition,
            update_twin=patch,
            max_execution_time_in_seconds=300,
        ),
    )
    assert (made.job_id, made.status, made.type) == ("job-1", "queued", "scheduleUpdateTwin")
    assert made.start_time == made.created_time

    job = ended(jobs, "job-1")
    assert (job.status, job.query_condition) == ("completed", condition)
    assert job.max_execution_time_in_seconds == 300
    assert (job.update_twin.etag, job.update_twin.tags) == ("*", {"ring": 1})
    assert job.end_time >= job.start_time
    assert job.device_job_statistics.as_dict() == {
        "device_count": 2,
        "failed_count": 0,
        "succeeded_count": 2,
        "running_count": 0,
        "pending_count": 0,
    }
    twins = [fleet.get_twin(name) for name in ("d1", "d2", "d3")]
    assert [twin.tags for twin in twins] == [{"ring": 1}, None, {"ring": 1}]
    assert twins[0].properties.desired["a"] == {"b": 1}


def test_a_job_for_later_is_cancelled(jobs, fleet, refused):
    later = datetime.now(UTC) + timedelta(hours=1)
    made = jobs.create_scheduled_job("job-1", request(start_time=later))
    assert (made.status, made.start_time) == ("queued", later)
    deadline = time.monotonic() + SECONDS
    while jobs.get_scheduled_job("job-1").status != "scheduled":
        assert time.monotonic() < deadline
    assert jobs.cancel_scheduled_job("job-1").status == "cancelled"
    assert jobs.get_scheduled_job("job-1").status == "cancelled"
    with refused(405, "OperationNotAllowedInCurrentState"):
        jobs.cancel_scheduled_job("job-1")


def test_what_is_refused(jobs, fleet, refused):
    with refused(404, "JobNotFound"):
        jobs.get_scheduled_job("none")
    with refused(404, "JobNotFound"):
        jobs.cancel_scheduled_job("none")
    jobs.create_scheduled_job("job-1", request())
    with refused(409, "JobAlreadyExists"):
        jobs.create_scheduled_job("job-1", request())
    with refused(400, "GenericBadRequest"):
        jobs.create_scheduled_job("job-2", request(type="export"))
    with refused(400, "ArgumentInvalid"):
        jobs.create_scheduled_job("job-2", request(query_condition=None))
    with refused(400, "ArgumentInvalid"):
        jobs.create_scheduled_job("job-2", request(update_twin=models.Twin(tags={})))


def test_jobs_are_listed_by_type_and_status_in_pages(jobs, fleet):
    names = [f"job-{number}" for number in range(5)]
    for name in names:
        jobs.create_scheduled_job(name, request())
        ended(jobs, name)
    later = datetime.now(UTC) + timedelta(hours=1)
    jobs.create_scheduled_job("job-5", request(start_time=later))

    assert listed(jobs) == ([*names, "job-5"], None)
    assert listed(jobs, jobStatus="Completed", jobType="ScheduleUpdateTwin") == (names, None)
    assert listed(jobs, jobType="scheduleDeviceMethod") == ([], None)
    first, token = listed(jobs, {"x-ms-max-item-count": "4"}, jobStatus="completed")
    assert first == names[:4]
    rest = {"x-ms-max-item-count": "4", "x-ms-continuation": token}
    assert listed(jobs, rest, jobStatus="completed") == (names[4:], None)


@pytest.mark.parametrize(
    ("parameters", "headers"),
    [
        ({"jobStatus": "finished"}, {}),
        ({"jobType": "export"}, {}),
        ({}, {"x-ms-continuation": "forged"}),
        ({}, {"x-ms-max-item-count": "0"}),
    ],
)
def test_bad_queries_of_jobs_are_refused(jobs, parameters, headers):
    client = jobs.protocol._client
    response = client.send(client.get("/jobs/v2/query", parameters, headers), stream=False)
    assert (response.status_code, response.headers["iothub-errorcode"]) == (400, "ArgumentInvalid")


def test_jobs_need_the_permissions_of_the_registry(jobs_as, refused, fleet):
    with refused(401, "IotHubUnauthorizedAccess"):
        jobs_as("service").create_scheduled_job("job-1", request())
    reader = jobs_as("registryRead")
    with refused(401, "IotHubUnauthorizedAccess"):
        reader.create_scheduled_job("job-1", request())
    jobs_as("registryReadWrite").create_scheduled_job("job-1", request())
    assert ended(reader, "job-1").status == "completed"
    with refused(401, "IotHubUnauthorizedAccess"):
        reader.cancel_scheduled_job("job-1")


def test_there_are_no_import_and_export_jobs(jobs, refused):
    assert jobs.get_import_export_jobs() == []
    with refused(404, "JobNotFound"):
        jobs.get_import_export_job("none")
    with refused(404, "JobNotFound"):
        jobs.cancel_import_export_job("none")
    with refused(405, "ImportDevicesNotSupported"):
        jobs.create_import_export_job(protocol.JobProperties(type="export"))


def test_queries_find_what_a_job_did_on_each_device(jobs, fleet):
    for name in ("job-1", "job-2"):
        jobs.create_scheduled_job(name, request())
        ended(jobs, name)
    rows, token = [], None
    query = models.QuerySpecification(query="SELECT * FROM devices.jobs WHERE jobId = 'job-2'")
    while token or not rows:
        answer = fleet.protocol.query.get_twins(
            query,
            x_ms_continuation=token,
            x_ms_max_item_count="2",
            raw=True,
        ).response
        rows += answer.json()
        token = answer.headers.get("x-ms-continuation")
        assert answer.headers["x-ms-item-type"] == "DeviceJob"
    assert [(row["deviceId"], row["jobId"], row["status"]) for row in rows] == [
        (name, "job-2", "completed") for name in ("d1", "d2", "d3")
    ]
