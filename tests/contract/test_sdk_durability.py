"""What the hub has answered is kept, even when it is killed."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.localhub import access
from edgeops.localhub.client import LocalHubRefusal, client
from edgeops.localhub.sender import send_to_device
from tests.support.killed_hub import KilledHub
from tests.support.waiting import wait_until

sdk = pytest.importorskip("azure.iot.hub")
models = pytest.importorskip("azure.iot.hub.models")
protocol = pytest.importorskip("azure.iot.hub.protocol.models")

SERVE = """
import asyncio, sys
from pathlib import Path
from edgeops.localhub.serve import serve
ready = lambda at: print(at.port, flush=True)
asyncio.run(serve(Path(sys.argv[1]), port=0, mqtt_port=0, ready=ready))
"""


@contextmanager
def hub_process(state_dir):
    """A hub in a process of its own, ready for requests."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(state_dir)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline().strip().isdecimal()
            yield process
        finally:
            process.kill()


@contextmanager
def registry_of(state_dir):
    manager = sdk.IoTHubRegistryManager.from_connection_string(access.connection_string(state_dir))
    manager.protocol.config.connection.verify = str(state_dir / "ca.pem")
    manager.protocol.config.keep_alive = True
    yield manager
    manager.protocol.close()


def test_answered_writes_survive_kill_9(tmp_path):
    with hub_process(tmp_path) as process:
        with registry_of(tmp_path) as registry:
            for n in range(20):
                registry.create_device_with_sas(f"d{n:02}", None, None, "enabled")
                registry.update_twin(f"d{n:02}", models.Twin(tags={"n": n}))
            before = registry.get_twin("d19").as_dict()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert access.running(tmp_path) is None

    with hub_process(tmp_path), registry_of(tmp_path) as registry:
        result = registry.query_iot_hub(models.QuerySpecification(query="SELECT * FROM devices"))
        assert [twin.tags["n"] for twin in result.items] == list(range(20))
        assert registry.get_twin("d19").as_dict() == before


def test_messages_to_devices_survive_kill_9(tmp_path):
    kept = 0

    def send_more_than_can_wait():
        nonlocal kept
        for number in range(51):
            send_to_device(tmp_path, "d1", b"%d" % number, system={}, properties={})
            kept = number + 1

    with hub_process(tmp_path) as process:
        with registry_of(tmp_path) as registry:
            registry.create_device_with_sas("d1", None, None, "enabled")
        with ThreadPoolExecutor(1) as others:
            # It dies in the middle: what it accepted is there, and at most one more.
            killing = others.submit(lambda: wait_until(lambda: kept > 9) and process.kill())
            with pytest.raises(EdgeOpsError):
                send_more_than_can_wait()
            killing.result()
        process.wait()

    with hub_process(tmp_path), registry_of(tmp_path) as registry:
        waiting = registry.get_device("d1").cloud_to_device_message_count
        operations = registry.protocol.cloud_to_device_messages
        purged = operations.purge_cloud_to_device_message_queue("d1")
    assert 9 < kept <= waiting <= kept + 1
    assert purged.total_messages_purged == waiting


@contextmanager
def jobs_of(state_dir):
    manager = sdk.IoTHubJobManager.from_connection_string(access.connection_string(state_dir))
    manager.protocol.config.connection.verify = str(state_dir / "ca.pem")
    manager.protocol.config.keep_alive = True
    yield manager
    manager.protocol.close()


@contextmanager
def configurations_of(state_dir):
    manager = sdk.IoTHubConfigurationManager.from_connection_string(
        access.connection_string(state_dir)
    )
    manager.protocol.config.connection.verify = str(state_dir / "ca.pem")
    yield manager
    manager.protocol.close()


def wait_for(job_is, jobs):
    """Read job j1 again and again until it is as it should be; gives it."""
    deadline = time.monotonic() + 30
    while not job_is(job := jobs.get_scheduled_job("j1")):
        assert time.monotonic() < deadline, job.as_dict()
    return job


@pytest.mark.slow
def test_a_job_goes_on_after_kill_9_and_updates_each_twin_once(tmp_path):
    devices = [f"d{number:04}" for number in range(1500)]
    patch = models.Twin(etag="*", properties=models.TwinProperties(desired={"x": 1}))
    request = protocol.JobRequest(type="scheduleUpdateTwin", update_twin=patch, query_condition="*")
    with hub_process(tmp_path) as process:
        with registry_of(tmp_path) as registry:
            for start in range(0, len(devices), 100):
                registry.bulk_create_or_update_devices(
                    [
                        models.ExportImportDevice(id=name, import_mode="create", status="enabled")
                        for name in devices[start : start + 100]
                    ]
                )
        with jobs_of(tmp_path) as jobs:
            jobs.create_scheduled_job("j1", request)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with hub_process(tmp_path) as process, jobs_of(tmp_path) as jobs:
        wait_for(lambda job: job.device_job_statistics.succeeded_count, jobs)
        process.send_signal(signal.SIGKILL)
        process.wait()

    with hub_process(tmp_path), jobs_of(tmp_path) as jobs, registry_of(tmp_path) as registry:
        job = wait_for(lambda job: job.status == "completed", jobs)
        assert job.device_job_statistics.succeeded_count == len(devices)
        assert job.device_job_statistics.device_count == len(devices)
        text = "SELECT COUNT() AS n FROM devices WHERE properties.desired.$version = 2"
        result = registry.query_iot_hub(models.QuerySpecification(query=text))
        assert result.items[0].additional_properties == {"n": len(devices)}


@pytest.mark.slow
def test_configurations_in_flight_are_finished_after_kill_9(tmp_path):
    count = 200
    content = models.ConfigurationContent(device_content={"properties.desired.a": 1})
    created = models.Configuration(id="c1", content=content, target_condition="*")
    with hub_process(tmp_path) as process:
        with registry_of(tmp_path) as registry, configurations_of(tmp_path) as configurations:
            for start in range(0, count, 100):
                entries = [
                    models.ExportImportDevice(id=f"d{n:03}", import_mode="create")
                    for n in range(start, start + 100)
                ]
                assert registry.bulk_create_or_update_devices(entries).is_successful
            configurations.create_configuration(created)
        process.send_signal(signal.SIGKILL)
        process.wait()

    applied = "SELECT deviceId FROM devices WHERE configurations.[[c1]].status = 'Applied'"
    desired = "SELECT COUNT() AS n FROM devices WHERE properties.desired.a = 1"
    once = f"{desired} AND properties.desired.$version = 2"
    removed = "SELECT COUNT() AS n FROM devices WHERE NOT is_defined(properties.desired.a)"

    def counted(registry, query):
        result = registry.query_iot_hub(models.QuerySpecification(query=query))
        return result.items[0].additional_properties["n"]

    with hub_process(tmp_path) as process:
        with registry_of(tmp_path) as registry, configurations_of(tmp_path) as configurations:
            assert configurations.get_configuration("c1").target_condition == "*"
            wait_until(lambda: counted(registry, desired) == count)
            assert counted(registry, once) == count
            metrics = configurations.get_configuration("c1").system_metrics
            assert metrics.queries["appliedCount"].lower() == applied.lower()
            assert metrics.results == {"targetedCount": count, "appliedCount": count}
            configurations.delete_configuration("c1")
        process.send_signal(signal.SIGKILL)
        process.wait()

    with hub_process(tmp_path), registry_of(tmp_path) as registry:
        wait_until(lambda: counted(registry, removed) == count)


@pytest.mark.slow
def test_nothing_is_lost_or_done_twice_when_the_hub_dies_again_and_again(tmp_path):
    hub = KilledHub(tmp_path, seed=1)
    asyncio.run(hub.run(5))
    assert hub.acknowledged
    assert hub.jobs


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_hub_cleanly(tmp_path, stop):
    with hub_process(tmp_path) as process:
        assert access.running(tmp_path).pid == process.pid
        process.send_signal(stop)
        assert process.wait(timeout=10) == 0
    assert not (tmp_path / "hub.json").exists()
    assert access.running(tmp_path) is None


def test_a_hub_that_stops_lets_no_request_wait_for_its_turn(tmp_path):
    with hub_process(tmp_path) as process, ThreadPoolExecutor(1) as others:
        hub = client(tmp_path, "iothubowner", seconds=60)
        hub("PUT", "/conditions", {"faults": ["registry=slow:3600"]})
        slow = others.submit(hub, "GET", "/devices/d1")
        wait_until(lambda: hub("GET", "/conditions")["counts"])
        process.send_signal(signal.SIGTERM)
        with pytest.raises(LocalHubRefusal) as refusal:
            slow.result()
        assert refusal.value.status == 503
        assert process.wait(timeout=4) == 0
