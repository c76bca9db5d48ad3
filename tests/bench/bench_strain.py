"""What one client can do to the others of a local hub: their waiting, its memory, its disk."""

from __future__ import annotations

import asyncio
import io
import json
import os
import ssl
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import aiohttp

from edgeops.hub.credentials import parse_connection_string
from edgeops.localhub import access, loop
from edgeops.localhub.access import Endpoint
from edgeops.localhub.mqtt.packets import Publish, encode
from tests.bench.costly import Ask, Work, of_modules, of_requests, of_the_hub
from tests.bench.loaded_hub import connect_to, hub_of, memory_kb
from tests.bench.options import Options
from tests.bench.results import Result, Results, at_most

_MESSAGES = 400
_MESSAGE_BYTES = 255_000
_UPGRADE = (
    b"GET /$iothub/websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n"
    b"Sec-WebSocket-Key: c3RyYW5nZXIgc3RyYW5nZQ==\r\n\r\n"
)


async def _waiting(ask: Ask, work: Work) -> list[float]:
    """How long others waited for an answer while some work was done, in order, in ms."""
    times: list[float] = []
    working = asyncio.ensure_future(work())
    while not working.done():
        began = time.perf_counter()
        await ask("GET", "/devices/device-00000", None)
        times.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.01)
    await working
    return sorted(times)


async def _strangers(endpoint: Endpoint, count: int, kind: str) -> list[asyncio.StreamWriter]:
    """Connections that never authenticate: `tcp`, half a handshake, all of `tls`, websockets."""
    port = endpoint.port if kind == "websocket" else endpoint.mqtt_port
    writers = []
    context = ssl.create_default_context(cafile=endpoint.ca_file)
    secure = kind in ("tls", "websocket")
    for _ in range(count):
        with suppress(OSError):
            _, writer = await asyncio.open_connection(
                endpoint.host,
                port,
                ssl=context if secure else None,
                server_hostname="localhost" if secure else None,
            )
            if kind == "half":
                outgoing = ssl.MemoryBIO()
                half = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
                with suppress(ssl.SSLWantReadError):
                    half.do_handshake()
                writer.write(outgoing.read()[:200])
            if kind == "websocket":
                writer.write(_UPGRADE)
            writers.append(writer)
    return writers


async def _measure(
    endpoint: Endpoint, state_dir: Path, names: list[str], options: Options
) -> list[Result]:
    return [
        *await _waitings(endpoint, state_dir, names, options),
        *[
            await _of_strangers(endpoint, kind, names[0], options)
            for kind in ("tcp", "half", "tls", "websocket")
        ],
        await _of_events(endpoint, state_dir, names[0], min(_MESSAGES, options.strained)),
    ]


async def _waitings(
    endpoint: Endpoint, state_dir: Path, names: list[str], options: Options
) -> list[Result]:
    """The longest that others wait while one asks for something."""
    credential = parse_connection_string(access.connection_string(state_dir), "the bench")
    headers = {"Authorization": await credential.authorization()}
    deleting = headers | {"If-Match": '"*"'}
    context = ssl.create_default_context(cafile=endpoint.ca_file)
    results = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:

        async def ask(method: str, path: str, body: object) -> tuple[int, bytes]:
            url = f"https://{endpoint.hostname}{path}"
            data = None if body is None else io.BytesIO(json.dumps(body).encode())
            sent = deleting if method == "DELETE" else headers
            async with session.request(method, url, data=data, headers=sent) as answer:
                return answer.status, await answer.read()

        works = {
            **await of_requests(ask, names),
            **await of_the_hub(ask, names),
            **await of_modules(ask, endpoint, 2 * options.strained),
        }
        for what, work in works.items():
            times = await _waiting(ask, work)
            results.append(at_most(f"{what}: others wait", "ms", [times[-1]], 100))
    return results


async def _of_strangers(endpoint: Endpoint, kind: str, name: str, options: Options) -> Result:
    """What the hub keeps of connections that are gone; a device gets in meanwhile."""
    before = memory_kb(endpoint.pid)
    writers = await _strangers(endpoint, options.strangers, kind)
    [device] = await connect_to(endpoint, [name], lambda *_: None)
    for writer in writers:
        writer.transport.abort()
    await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
    await device.disconnect()
    await asyncio.sleep(options.seconds_idle)
    kept = (memory_kb(endpoint.pid) - before) / 1024
    return at_most(f"{options.strangers:,} strangers ({kind}): memory kept", "MiB", [kept], 50)


async def _of_events(endpoint: Endpoint, state_dir: Path, name: str, count: int) -> Result:
    """What large events add to the database."""
    before = _database_bytes(state_dir)
    answered = asyncio.Event()
    [device] = await connect_to(endpoint, [name], lambda *_: answered.set())
    topic = f"devices/{name}/messages/events/"
    for _ in range(count):
        device.transport.write(encode(Publish(topic, os.urandom(_MESSAGE_BYTES))))
        device.ask_twin()
        await answered.wait()
        answered.clear()
    await device.disconnect()
    size = (_database_bytes(state_dir) - before) / (1 << 20)
    what = f"{count} messages of {_MESSAGE_BYTES >> 10} KiB: more of database"
    return at_most(what, "MiB", [size], 128)


def _database_bytes(state_dir: Path) -> int:
    return sum((state_dir / name).stat().st_size for name in ("hub.db", "hub.db-wal"))


def bench(options: Options) -> Results:
    """What others wait for, and what is kept of strangers and events."""
    names = [f"device-{n:05}" for n in range(options.strained)]
    results: list[Result] = []

    async def run(endpoint: Endpoint, state_dir: Path) -> None:
        results.extend(await _measure(endpoint, state_dir, names, options))

    with tempfile.TemporaryDirectory() as folder, hub_of(Path(folder), names) as endpoint:
        loop.run(run(endpoint, Path(folder)))
    yield from results
