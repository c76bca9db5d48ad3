"""A local hub as a process, with many devices that have one key; and what it costs."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeops.localhub.access import Endpoint
from edgeops.localhub.mqtt.packets import Publish
from edgeops.localhub.service import bulk
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.steps import finish
from edgeops.localhub.store import HubStore
from tests.bench.measured import kilobytes
from tests.bench.mqtt_devices import Device, connect
from tests.bench.sites import running

_SERVE = """
import sys
from pathlib import Path
from edgeops.localhub import loop
from edgeops.localhub.serve import serve
say = lambda at: print(at.port, flush=True)
loop.run(serve(Path(sys.argv[1]), port=0, mqtt_port=0, ready=say))
"""
KEY = base64.b64encode(b"the same for all").decode()
BATCH = 100  # devices of a bulk request


@contextmanager
def hub_of(state_dir: Path, names: list[str]) -> Iterator[Endpoint]:
    """A hub that has these devices and stops at the end."""
    symmetric = {"primaryKey": KEY, "secondaryKey": KEY}
    authentication = {"type": "sas", "symmetricKey": symmetric}
    with HubStore(state_dir / "hub.db") as store:
        for start in range(0, len(names), BATCH):
            entries = [
                {"id": name, "importMode": "create", "authentication": authentication}
                for name in names[start : start + BATCH]
            ]
            assert finish(bulk.import_devices(EmulatedHub(store), entries))["isSuccessful"]
    with running((sys.executable, "-c", _SERVE, str(state_dir)), state_dir) as endpoint:
        yield endpoint


async def connect_to(
    endpoint: Endpoint, names: list[str], on_message: Callable[[Device, Publish, float], None]
) -> list[Device]:
    """Devices or modules of these names, connected."""
    assert endpoint.mqtt_port
    return await connect(
        names,
        on_message,
        host="127.0.0.1",
        port=endpoint.mqtt_port,
        hostname=endpoint.hostname,
        keys=dict.fromkeys(names, KEY),
        ca_file=endpoint.ca_file,
    )


def memory_kb(pid: int) -> int:
    """The resident memory of a process."""
    return kilobytes(pid, "status", "VmRSS")


def processor_seconds(pid: int) -> float:
    """What a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
