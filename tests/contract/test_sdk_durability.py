"""What the hub has answered is kept, even when it is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from edgeops.localhub import access

sdk = pytest.importorskip("azure.iot.hub")
models = pytest.importorskip("azure.iot.hub.models")

SERVE = """
import asyncio, sys
from pathlib import Path
from edgeops.localhub.serve import serve
asyncio.run(serve(Path(sys.argv[1]), port=0, ready=lambda at: print(at.port, flush=True)))
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


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_hub_cleanly(tmp_path, stop):
    with hub_process(tmp_path) as process:
        assert access.running(tmp_path).pid == process.pid
        process.send_signal(stop)
        assert process.wait(timeout=10) == 0
    assert not (tmp_path / "hub.json").exists()
    assert access.running(tmp_path) is None
