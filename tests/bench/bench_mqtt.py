"""How many devices one local hub carries: connections, memory, and how fast changes arrive.

    python tests/bench/bench_mqtt.py --devices 5000

The hub is a process of its own; all devices and the service that patches twins
are this one, so both share the machine's cores. Its memory is the growth of its
resident memory: TLS, sockets and sessions, and from the first write on also the twins
and events that SQLite keeps in memory, at most 64 MB. Ends with 1 when a goal is missed:
p99 from a write to its device below 1 s, below 32 KB for each connected device.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from mqtt_devices import Device, connect

from edgeops.hub.credentials import parse_connection_string
from edgeops.localhub import access, loop
from edgeops.localhub.access import Endpoint
from edgeops.localhub.mqtt.packets import Publish
from edgeops.localhub.service import bulk
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.steps import finish
from edgeops.localhub.store import HubStore

SERVE = """
import sys
from pathlib import Path
from edgeops.localhub import loop
from edgeops.localhub.serve import serve
say = lambda at: print(at.port, flush=True)
loop.run(serve(Path(sys.argv[1]), port=0, mqtt_port=0, ready=say))
"""
KEY = base64.b64encode(b"the same for all").decode()
BATCH = 100
GOAL_SECONDS = 1.0
GOAL_KB = 32
SECONDS_IDLE = 3.0


class Arrivals:
    """When each device got the message that a round waits for."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}
        self.took: dict[str, float] = {}
        self._all = asyncio.Event()

    def begin(self) -> None:
        self.began, self.took = {}, {}
        self._all.clear()

    def message(self, device: Device, _: Publish, now: float) -> None:
        self.took[device.name] = now - self.began[device.name]
        if len(self.took) == len(self.began):
            self._all.set()

    async def wait(self, count: int) -> list[float]:
        """The seconds that each took, in order, once all have come."""
        async with asyncio.timeout(120):
            while len(self.took) < count:
                await self._all.wait()
                self._all.clear()
        return sorted(self.took.values())


def make_devices(state_dir: Path, names: list[str]) -> None:
    symmetric = {"primaryKey": KEY, "secondaryKey": KEY}
    with HubStore(state_dir / "hub.db") as store:
        for start in range(0, len(names), BATCH):
            entries = [
                {
                    "id": name,
                    "importMode": "create",
                    "authentication": {"type": "sas", "symmetricKey": symmetric},
                }
                for name in names[start : start + BATCH]
            ]
            assert finish(bulk.import_devices(EmulatedHub(store), entries))["isSuccessful"]


@contextmanager
def hub_process(state_dir: Path) -> Iterator[Endpoint]:
    command = [sys.executable, "-c", SERVE, str(state_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            endpoint = access.running(state_dir)
            assert endpoint
            yield endpoint
        finally:
            process.terminate()


def memory_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def row(what: str, seconds: float, times: list[float] | None = None) -> None:
    spread = ""
    if times:
        p50, p99 = (times[int(len(times) * part)] for part in (0.5, 0.99))
        spread = f"{p50 * 1000:>9.0f}{p99 * 1000:>9.0f}{times[-1] * 1000:>9.0f}"
    print(f"{what:<44}{seconds:>8.2f}{spread}", flush=True)


def figure(what: str, value: float, unit: str) -> None:
    print(f"{what:<44}{value:>8.2f} {unit}", flush=True)


class Service:
    """Writes twins over HTTPS."""

    def __init__(self, session: aiohttp.ClientSession, hostname: str, token: str) -> None:
        self._session = session
        self._base = f"https://{hostname}"
        self._headers = {"Authorization": token, "If-Match": '"*"'}

    async def send(self, method: str, path: str, body: object) -> None:
        headers, data = self._headers, json.dumps(body)
        async with self._session.request(
            method, self._base + path, data=data, headers=headers
        ) as answer:
            assert answer.status == 200, await answer.text()


async def patch_each(service: Service, arrivals: Arrivals, names: list[str]) -> None:
    """PATCH every twin, 32 at a time."""
    waiting = iter(names)

    async def worker() -> None:
        for name in waiting:
            arrivals.began[name] = time.perf_counter()
            body = {"properties": {"desired": {"model": {"version": "1.1.0"}}}}
            await service.send("PATCH", f"/twins/{name}", body)

    await asyncio.gather(*(worker() for _ in range(32)))


async def patch_in_bulk(service: Service, arrivals: Arrivals, names: list[str]) -> None:
    """Patch every twin at the same time: all requests of 100 twins at once."""

    async def send(names: list[str]) -> None:
        arrivals.began.update(dict.fromkeys(names, time.perf_counter()))
        desired = {"desired": {"model": {"version": "1.2.0"}}}
        entries = [{"id": n, "importMode": "updateTwin", "properties": desired} for n in names]
        await service.send("POST", "/devices", entries)

    await asyncio.gather(*(send(names[i : i + BATCH]) for i in range(0, len(names), BATCH)))


async def measure(endpoint: Endpoint, state_dir: Path, names: list[str]) -> bool:
    text = access.connection_string(state_dir)
    credential = parse_connection_string(text, "the bench")
    arrivals = Arrivals()
    before, busy = memory_kb(endpoint.pid), processor_seconds(endpoint.pid)
    began = time.perf_counter()
    assert endpoint.mqtt_port
    devices = await connect(
        names,
        arrivals.message,
        host="127.0.0.1",
        port=endpoint.mqtt_port,
        hostname=endpoint.hostname,
        keys=dict.fromkeys(names, KEY),
        ca_file=endpoint.ca_file,
    )
    row("connect and subscribe", time.perf_counter() - began)
    cpu = (processor_seconds(endpoint.pid) - busy) / len(names) * 1000
    each = (memory_kb(endpoint.pid) - before) / len(names)
    busy = processor_seconds(endpoint.pid)
    await asyncio.sleep(SECONDS_IDLE)
    idle = (processor_seconds(endpoint.pid) - busy) / SECONDS_IDLE * 100

    context = ssl.create_default_context(cafile=endpoint.ca_file)
    slowest = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
        service = Service(session, endpoint.hostname, await credential.authorization())
        for what, patch in (
            ("PATCH each twin, 32 in flight -> notified", patch_each),
            ("bulk of 100 twins, all at once -> notified", patch_in_bulk),
        ):
            arrivals.begin()
            began = time.perf_counter()
            await patch(service, arrivals, names)
            times = await arrivals.wait(len(names))
            row(what, time.perf_counter() - began, times)
            slowest.append(times[int(len(times) * 0.99)])

    arrivals.begin()
    began = time.perf_counter()
    for device in devices:
        arrivals.began[device.name] = time.perf_counter()
        device.report(b'{"models":{"crowdedness":{"state":"ready","sha256":"0123456789abcdef"}}}')
    times = await arrivals.wait(len(names))
    row("all report at once -> answered", time.perf_counter() - began, times)

    used = memory_kb(endpoint.pid)
    print("\nthe hub's process")
    figure("memory of each connected device", each, "KB")
    figure("the same after all writes, with twins", (used - before) / len(names), "KB")
    figure("memory in all", used / 1024, "MB")
    figure("processor to connect a device", cpu, "ms")
    figure("processor while all are connected and idle", idle, "% of a core")
    for device in devices:
        device.transport.abort()
    return max(slowest) < GOAL_SECONDS and each < GOAL_KB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--devices", type=int, default=5000)
    count = parser.parse_args().devices
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    names = [f"device-{n:05}" for n in range(count)]
    met = []

    async def run(endpoint: Endpoint, state_dir: Path) -> None:
        met.append(await measure(endpoint, state_dir, names))

    with tempfile.TemporaryDirectory() as folder:
        state_dir = Path(folder)
        make_devices(state_dir, names)
        print(f"{f'{count:,} devices over TLS':<44}{'s':>8}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}")
        with hub_process(state_dir) as endpoint:
            loop.run(run(endpoint, state_dir))
    if not all(met):
        sys.exit(f"a goal was missed: p99 below {GOAL_SECONDS:g} s, below {GOAL_KB} KB")


if __name__ == "__main__":
    main()
