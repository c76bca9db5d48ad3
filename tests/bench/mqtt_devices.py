"""Many simulated devices or modules in one process: MQTT over TLS with the codec only, no SDK."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from edgeops.localhub.mqtt.packets import Connack, Connect, Puback, Publish, Subscribe, encode
from edgeops.localhub.mqtt.reader import PacketReader

ANSWERS = "$iothub/twin/res/#"
DESIRED = "$iothub/twin/PATCH/properties/desired/#"
REPORTED = "$iothub/twin/PATCH/properties/reported/?$rid=1"
TWIN = "$iothub/twin/GET/?$rid=2"


class Device(asyncio.Protocol):
    """One device, or module (`device/module`).

    `on_message` is called with every message, and when it arrived.
    """

    def __init__(self, name: str, on_message: Callable[[Device, Publish, float], None]) -> None:
        self.name = name
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gone = asyncio.Event()
        self._on_message = on_message
        self._reader = PacketReader(1_000_000)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._gone.set()
        if not self.ready.done():
            self.ready.set_exception(error or ConnectionError(f"{self.name} was refused"))

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while packet := self._reader.next():
            if isinstance(packet, Publish):
                if packet.qos:
                    self.transport.write(encode(Puback(packet.packet_id)))
                self._on_message(self, packet, time.perf_counter())
            elif not isinstance(packet, Connack | Puback):  # SUBACK
                self.ready.set_result(None)

    def introduce(self, hostname: str, key: str) -> None:
        """Send CONNECT, and subscribe to twin answers and desired properties."""
        identity = self.name.replace("/", "/modules/")
        self.transport.write(
            encode(
                Connect(
                    self.name,
                    keep_alive=1000,
                    username=f"{hostname}/{self.name}/?api-version=2021-04-12",
                    password=_token(f"{hostname}/devices/{identity}", key).encode(),
                )
            )
            + encode(Subscribe(1, ((ANSWERS, 1), (DESIRED, 1))))
        )

    async def disconnect(self) -> None:
        """End the connection at once."""
        self.transport.abort()
        await self._gone.wait()

    def ask_twin(self) -> None:
        """Ask for the whole twin."""
        self.transport.write(encode(Publish(TWIN, b"")))

    def report(self, payload: bytes) -> None:
        """Patch the reported properties."""
        self.transport.write(encode(Publish(REPORTED, payload)))


async def connect(
    names: list[str],
    on_message: Callable[[Device, Publish, float], None],
    *,
    host: str,
    port: int,
    hostname: str,
    keys: Mapping[str, str],
    ca_file: Path,
    at_once: int = 64,
) -> list[Device]:
    """Devices of these names, connected and subscribed."""
    context = ssl.create_default_context(cafile=ca_file)
    loop = asyncio.get_running_loop()
    devices = []
    for batch in _batches(names, at_once):
        pairs = await asyncio.gather(
            *(
                loop.create_connection(
                    lambda name=name: Device(name, on_message),  # type: ignore[misc]
                    host,
                    port,
                    ssl=context,
                    server_hostname=host,
                )
                for name in batch
            )
        )
        for _, device in pairs:
            device.introduce(hostname, keys[device.name])
        await asyncio.gather(*(device.ready for _, device in pairs))
        devices += [device for _, device in pairs]
    return devices


def _batches(names: list[str], size: int) -> list[list[str]]:
    starts = itertools.takewhile(lambda start: start < len(names), itertools.count(0, size))
    return [names[start : start + size] for start in starts]


def _token(resource: str, key: str) -> str:
    encoded, expiry = quote(resource, safe=""), int(time.time()) + 36_000
    digest = hmac.digest(base64.b64decode(key), f"{encoded}\n{expiry}".encode(), hashlib.sha256)
    signed = quote(base64.b64encode(digest), safe="")
    return f"SharedAccessSignature sr={encoded}&sig={signed}&se={expiry}"
