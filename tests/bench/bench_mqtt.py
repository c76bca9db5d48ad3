"""How many devices one local hub carries: connections, memory, and how fast changes arrive.

The hub is a process of its own; all devices and the service that patches twins
are this one, so both share the machine's cores. Its memory is the growth of its
resident memory: TLS, sockets and sessions, and from the first write on also the twins
and events that SQLite keeps in memory, at most 64 MB.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import tempfile
import time
from functools import partial
from pathlib import Path

import aiohttp

from edgeops.hub.credentials import parse_connection_string
from edgeops.localhub import access, loop
from edgeops.localhub.access import Endpoint
from edgeops.localhub.mqtt.packets import Publish
from tests.bench.loaded_hub import BATCH, connect_to, hub_of, memory_kb, processor_seconds
from tests.bench.mqtt_devices import Device
from tests.bench.options import Options
from tests.bench.results import Result, Results, at_most

_TIMEOUT = 120
_REPORT = b'{"models":{"crowdedness":{"state":"ready","sha256":"0123456789abcdef"}}}'


class _Arrivals:
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
        async with asyncio.timeout(_TIMEOUT):
            while len(self.took) < count:
                await self._all.wait()
                self._all.clear()
        return sorted(self.took.values())


class _Service:
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


async def _patch_each(
    service: _Service, arrivals: _Arrivals, names: list[str], version: str
) -> None:
    """PATCH every twin, 32 at a time."""
    waiting = iter(names)

    async def worker() -> None:
        for name in waiting:
            arrivals.began[name] = time.perf_counter()
            body = {"properties": {"desired": {"model": {"version": version}}}}
            await service.send("PATCH", f"/twins/{name}", body)

    await asyncio.gather(*(worker() for _ in range(32)))


async def _patch_in_bulk(
    service: _Service, arrivals: _Arrivals, names: list[str], version: str
) -> None:
    """Patch every twin at the same time: all requests of 100 twins at once."""

    async def send(names: list[str]) -> None:
        arrivals.began.update(dict.fromkeys(names, time.perf_counter()))
        desired = {"desired": {"model": {"version": version}}}
        entries = [{"id": n, "importMode": "updateTwin", "properties": desired} for n in names]
        await service.send("POST", "/devices", entries)

    await asyncio.gather(*(send(names[i : i + BATCH]) for i in range(0, len(names), BATCH)))


async def _report_all(devices: list[Device], arrivals: _Arrivals, _: list[str]) -> None:
    """Let all devices report at the same time."""
    for device in devices:
        arrivals.began[device.name] = time.perf_counter()
        device.report(_REPORT)


async def _measure(
    endpoint: Endpoint, state_dir: Path, names: list[str], options: Options
) -> list[Result]:
    text = access.connection_string(state_dir)
    credential = parse_connection_string(text, "the bench")
    arrivals = _Arrivals()
    before, busy = memory_kb(endpoint.pid), processor_seconds(endpoint.pid)
    began = time.perf_counter()
    devices = await connect_to(endpoint, names, arrivals.message)
    connected = time.perf_counter() - began
    cpu = (processor_seconds(endpoint.pid) - busy) / len(names) * 1000
    each = (memory_kb(endpoint.pid) - before) / len(names)
    busy = processor_seconds(endpoint.pid)
    await asyncio.sleep(options.seconds_idle)
    idle = (processor_seconds(endpoint.pid) - busy) / options.seconds_idle * 100

    context = ssl.create_default_context(cafile=endpoint.ca_file)
    p99s: dict[str, list[float]] = {"one by one": [], "bulk": [], "report": []}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
        service = _Service(session, endpoint.hostname, await credential.authorization())
        for number in range(options.rounds):
            for what, act in (
                ("one by one", partial(_patch_each, service, version=f"1.{number}.0")),
                ("bulk", partial(_patch_in_bulk, service, version=f"1.{number}.1")),
                ("report", partial(_report_all, devices)),
            ):
                arrivals.begin()
                await act(arrivals, names)
                times = await arrivals.wait(len(names))
                p99s[what].append(times[int(len(times) * 0.99)])
    used = memory_kb(endpoint.pid)
    await asyncio.gather(*(device.disconnect() for device in devices))
    size = f"{len(names):,} devices"
    return [
        at_most(f"{size}, PATCH of one, 32 in flight: p99 until told", "s", p99s["one by one"], 1),
        at_most(f"{size}, bulk of 100, all at once: p99 until told", "s", p99s["bulk"], 0.8),
        at_most(f"{size}, all report at once: p99 until answered", "s", p99s["report"]),
        at_most(f"{size}: memory of each connection", "KB", [each], 32),
        at_most(f"{size}: the same after all writes", "KB", [(used - before) / len(names)]),
        at_most(f"{size}: connect and subscribe", "s", [connected]),
        at_most(f"{size}: processor to connect one", "ms", [cpu]),
        at_most(f"{size}: processor while all are idle", "% of a core", [idle]),
    ]


def bench(options: Options) -> Results:
    """Times from a write to its devices, and what each costs the hub."""
    names = [f"device-{n:05}" for n in range(options.connections)]
    results: list[Result] = []

    async def run(endpoint: Endpoint, state_dir: Path) -> None:
        results.extend(await _measure(endpoint, state_dir, names, options))

    with tempfile.TemporaryDirectory() as folder, hub_of(Path(folder), names) as endpoint:
        loop.run(run(endpoint, Path(folder)))
    yield from results
