"""A job's direct method, answered by Microsoft's own device SDK."""

from __future__ import annotations

import queue
import time

import pytest

from edgeops.localhub import access
from tests.support.device_sdk import (  # noqa: F401 - fixtures
    SDK_WARNINGS,
    leaks_end_here,
    the_hub_of_devices,
)

device_sdk = pytest.importorskip("azure.iot.device")
sdk = pytest.importorskip("azure.iot.hub")
protocol = pytest.importorskip("azure.iot.hub.protocol.models")

pytestmark = SDK_WARNINGS


@pytest.fixture
def jobs(local_hub):
    text = access.connection_string(local_hub.state_dir)
    manager = sdk.IoTHubJobManager.from_connection_string(text)
    manager.protocol.config.connection.verify = str(local_hub.ca_file)
    yield manager
    manager.protocol.close()


def answering(client):
    """Answer every direct method; gives the requests."""
    requests = queue.Queue()

    def handle(request):
        requests.put((request.name, request.payload))
        client.send_method_response(
            device_sdk.MethodResponse.create_from_method_request(request, 200, "restarted")
        )

    client.on_method_request_received = handle
    return requests


def test_devices_and_modules_answer_the_method_of_a_job(jobs, registry, device_client):
    registry.create_device_with_sas("d1", None, None, "enabled")
    registry.create_device_with_sas("d2", None, None, "enabled")  # not connected
    registry.create_module_with_sas("d1", "m1", "", None, None)
    for module, condition, counts in (
        (None, "*", (1, 1)),
        ("m1", "FROM devices.modules WHERE ModuleId = 'm1'", (1, 0)),
    ):
        requests = answering(device_client("d1", module))
        method = protocol.CloudToDeviceMethod(
            method_name="restart",
            payload={"after": 5},
            response_timeout_in_seconds=10,
            connect_timeout_in_seconds=0,
        )
        name = f"restart-{module}"
        jobs.create_scheduled_job(
            name,
            protocol.JobRequest(
                type="scheduleDeviceMethod",
                cloud_to_device_method=method,
                query_condition=condition,
                max_execution_time_in_seconds=60,
            ),
        )
        assert requests.get(timeout=10) == ("restart", {"after": 5})
        deadline = time.monotonic() + 20
        while (job := jobs.get_scheduled_job(name)).status != "completed":
            assert time.monotonic() < deadline, job.status
            time.sleep(0.02)
        statistics = job.device_job_statistics
        assert (statistics.succeeded_count, statistics.failed_count) == counts
        assert job.cloud_to_device_method.method_name == "restart"
