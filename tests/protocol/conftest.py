"""A device in a few lines: MQTT packets by hand, against a hub without sockets or over TLS."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from edgeops.localhub.client_certificate import ClientCertificate
from edgeops.localhub.doors import Doors
from edgeops.localhub.mqtt.broker import Broker
from edgeops.localhub.mqtt.connection import DeviceConnection
from edgeops.localhub.mqtt.packets import (
    Connack,
    Connect,
    Packet,
    Publish,
    Suback,
    Subscribe,
    encode,
)
from edgeops.localhub.mqtt.reader import PacketReader
from edgeops.localhub.sas import signature
from edgeops.localhub.service import registry
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.store import HubStore

KEYS = {name: base64.b64encode(name.encode() * 4).decode() for name in ("first", "second")}
POLICY_KEY = base64.b64encode(b"policy key 12345").decode()
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ANY_SIZE = 10_000_000


class Client:
    """One connection of a device to a hub of the same process, without sockets."""

    def __init__(self, hub: FakeHub) -> None:
        self.closed = False
        self.let_in = False
        self._hub = hub
        self._reader = PacketReader(ANY_SIZE)
        self._connection = DeviceConnection(hub.broker, self, hub.now)
        hub.connections.append(self._connection)

    def write(self, data: bytes) -> None:
        assert not self.closed
        self._reader.feed(data)

    def close(self) -> None:
        self.closed = True

    def certificate(self) -> ClientCertificate | None:
        return None

    def authenticated(self) -> None:
        self.let_in = True

    def send(self, *packets: Packet) -> None:
        for packet in packets:
            self.send_bytes(encode(packet))

    def send_bytes(self, data: bytes) -> None:
        self._connection.receive(data, self._hub.now)
        self._connection.work()

    def work(self) -> None:
        """Go on after a pause."""
        self._connection.work()

    @property
    def pause(self) -> float:
        return self._connection.pause

    def received(self) -> list[Packet]:
        """What came since the last call."""
        packets = []
        while packet := self._reader.next():
            packets.append(packet)
        return packets

    def vanish(self) -> None:
        """The cable is cut."""
        self._connection.lost()

    def subscribe(self, *filters: str, qos: int = 1) -> list[int]:
        self.send(Subscribe(1, tuple((each, qos) for each in filters)))
        [answer] = self.received()
        assert isinstance(answer, Suback)
        return list(answer.codes)

    def publish(self, topic: str, payload: bytes = b"", **how: Any) -> list[Packet]:
        self.send(Publish(topic, payload, **how))
        return self.received()


class FakeHub:
    """A hub without sockets, whose clocks stand until a test moves them."""

    def __init__(self, store: HubStore) -> None:
        self.now = 1000.0
        self.wall = START
        self.hub = EmulatedHub(store, clock=lambda: self.wall)
        self.broker = Broker(
            self.hub, {"device": POLICY_KEY, "service": POLICY_KEY}, Doors(8443, 8883)
        )
        self.connections: list[DeviceConnection] = []

    def add(self, device: str, module: str = "") -> None:
        symmetric = {"primaryKey": KEYS["first"], "secondaryKey": KEYS["second"]}
        body: dict[str, Any] = {"deviceId": device, "authentication": {"symmetricKey": symmetric}}
        if module:
            registry.put_module(self.hub, device, module, body | {"moduleId": module}, None)
        else:
            registry.put_device(self.hub, device, body, None)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.wall += timedelta(seconds=seconds)
        for connection in self.connections:
            connection.expire(self.now)

    def token(
        self,
        name: str,
        key: str = KEYS["first"],
        lifetime: int = 3600,
        host: str = "hub:1",
        policy: str = "",
    ) -> str:
        device, _, module = name.partition("/")
        resource = f"{host}/devices/{device}" + (f"/modules/{module}" if module else "")
        expiry = int(self.wall.timestamp()) + lifetime
        return token_of(resource, key, expiry) + (f"&skn={policy}" if policy else "")

    def hello(self, name: str, **changes: Any) -> Connect:
        fields: dict[str, Any] = {
            "client_id": name,
            "username": f"hub:1/{name}/?api-version=2021-04-12",
            "password": self.token(name).encode(),
        }
        return Connect(**fields | changes)

    def stranger(self) -> Client:
        """A connection that has sent nothing yet."""
        return Client(self)

    def greeted(self, name: str = "d1", **changes: Any) -> Client:
        """A connection that has sent its CONNECT, let in or not."""
        client = Client(self)
        client.send(self.hello(name, **changes))
        return client

    def connect(self, name: str, *filters: str, again: bool = False, **changes: Any) -> Client:
        """A device that was let in, and subscribes; `again` when the hub is to know its session."""
        client = self.greeted(name, **changes)
        assert client.received()[0] == Connack(again, 0)
        if filters:
            client.subscribe(*filters)
        return client


def token_of(resource: str, key: str, expiry: int) -> str:
    encoded = quote(resource, safe="")
    signed = quote(signature(key, encoded, str(expiry)), safe="")
    return f"SharedAccessSignature sr={encoded}&sig={signed}&se={expiry}"


@pytest.fixture
def hub(tmp_path: Any) -> Iterator[FakeHub]:
    """A hub without sockets, with device d1 and its module m1."""
    with HubStore(tmp_path / "hub.db") as store:
        fake = FakeHub(store)
        fake.add("d1")
        fake.add("d1", "m1")
        yield fake


@pytest.fixture
def client_of(hub: FakeHub) -> Callable[..., Client]:
    """Makes connections that have sent their CONNECT, let in or not."""
    return hub.greeted


class SocketClient:
    """One TLS connection to a real hub."""

    def __init__(self, hub: Any) -> None:
        self._hub = hub
        context = ssl.create_default_context(cafile=hub.ca_file)
        plain = socket.create_connection((hub.endpoint.host, hub.endpoint.mqtt_port), timeout=10)
        self.socket = context.wrap_socket(plain, server_hostname=hub.endpoint.host)
        self._reader = PacketReader(ANY_SIZE)
        self._numbers = itertools.count(1)

    def send(self, *packets: Packet) -> None:
        self.socket.sendall(b"".join(map(encode, packets)))

    def receive(self) -> Packet:
        """The next packet; EOFError when the hub has closed the connection."""
        while (packet := self._reader.next()) is None:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self._reader.feed(data)
        return packet

    def connect(self, device: str) -> Connack:
        host, password = _credentials(self._hub, device)
        self.send(Connect(device, username=f"{host}/{device}/", password=password))
        answer = self.receive()
        assert isinstance(answer, Connack)
        return answer

    def subscribe(self, *filters: str) -> None:
        self.send(Subscribe(next(self._numbers), tuple((each, 1) for each in filters)))
        assert isinstance(self.receive(), Suback)


def _credentials(hub: Any, device: str) -> tuple[str, bytes]:
    """The host name of a real hub, and a token of a device of it."""
    fields = dict(field.split("=", 1) for field in hub.device_connection_string(device).split(";"))
    host, key = fields["HostName"], fields["SharedAccessKey"]
    return host, token_of(f"{host}/devices/{device}", key, int(time.time()) + 3600).encode()


@pytest.fixture
def token_for() -> Callable[[Any, str], tuple[str, bytes]]:
    """Gives the host name of a real hub, and a token of a device of it."""
    return _credentials


@pytest.fixture
def dial() -> Iterator[Callable[[Any], SocketClient]]:
    """Opens TLS connections to hubs; they are closed with the test."""
    clients = []

    def open_to(hub: Any) -> SocketClient:
        client = SocketClient(hub)
        clients.append(client)
        return client

    yield open_to
    for client in clients:
        with closing(client.socket):
            pass


@pytest.fixture
def service_of() -> Callable[[Any], Callable[..., Any]]:
    """Makes the service API of a hub: method, path and JSON body in, JSON body out."""

    def api(hub: Any) -> Callable[..., Any]:
        fields = dict(field.split("=", 1) for field in hub.connection_string.split(";"))
        host = fields["HostName"]
        token = token_of(host, fields["SharedAccessKey"], int(time.time()) + 3600)
        token += f"&skn={fields['SharedAccessKeyName']}"
        context = ssl.create_default_context(cafile=hub.ca_file)

        def call(method: str, path: str, body: Any = None) -> Any:
            connection = http.client.HTTPSConnection(host, context=context, timeout=10)
            with closing(connection):
                connection.request(method, path, json.dumps(body), {"Authorization": token})
                return json.loads(connection.getresponse().read() or b"null")

        return call

    return api


@pytest.fixture
def service(local_mqtt_hub: Any, service_of: Callable[[Any], Callable[..., Any]]) -> Any:
    """The service API of the hub."""
    return service_of(local_mqtt_hub)
