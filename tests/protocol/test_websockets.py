"""MQTT over websockets: devices on the HTTPS port."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import queue
import ssl
import time
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from functools import partial

import aiohttp
import pytest
from aiohttp import web

from edgeops.localhub import tls_listener
from edgeops.localhub.files import StateFiles
from edgeops.localhub.http import websocket
from edgeops.localhub.mqtt import connection
from edgeops.localhub.mqtt.packets import (
    Connack,
    Connect,
    Disconnect,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Will,
    encode,
)
from edgeops.localhub.mqtt.reader import PacketReader
from edgeops.localhub.store import HubStore
from edgeops.localhub.tail import tail
from tests.support.waiting import wait_until

paho = pytest.importorskip("paho.mqtt.client")

PATH = "/$iothub/websocket"
EVENTS = "devices/d1/messages/events/"
TWIN = "$iothub/twin/res/#"
DESIRED = "$iothub/twin/PATCH/properties/desired/#"
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def hub(local_mqtt_hub, service):
    """A hub with device d1."""
    service("PUT", "/devices/d1", {"deviceId": "d1"})
    return local_mqtt_hub


@pytest.fixture
def hello(hub, token_for):
    """A good CONNECT of d1."""

    def packet(**changes):
        host, password = token_for(hub, "d1")
        fields = {"username": f"{host}/d1/?api-version=2021-04-12", "password": password}
        return Connect("d1", **fields | changes)

    return packet


class Device:
    """MQTT packets by hand, in websocket frames."""

    def __init__(self, socket):
        self.socket = socket
        self.code = None  # of the frame with which the hub has closed the connection
        self._reader = PacketReader(10_000_000)

    async def send(self, *packets):
        await self.socket.send_bytes(b"".join(map(encode, packets)))

    async def receive(self):
        """The next packet; None when the hub has closed the connection."""
        while (packet := self._reader.next()) is None:
            message = await self.socket.receive()
            if message.type is aiohttp.WSMsgType.CLOSE:
                self.code = message.data
            if message.type is not aiohttp.WSMsgType.BINARY:
                return None
            self._reader.feed(message.data)
        return packet


@asynccontextmanager
async def _websocket(hub, path=PATH):
    trusted = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=hub.ca_file))
    url = f"https://{hub.endpoint.host}:{hub.port}{path}"
    async with (
        aiohttp.ClientSession(connector=trusted) as session,
        session.ws_connect(url, protocols=["mqtt"], max_msg_size=0) as socket,
    ):
        transport = socket._response.connection.transport
        yield socket
    transport.abort()  # aiohttp leaves the end of TLS to itself
    await asyncio.sleep(0)


@pytest.fixture
def converse(hub):
    """Runs `talk(device)` on a websocket to the hub."""

    def run(talk, path=PATH):
        async def main():
            async with asyncio.timeout(20), _websocket(hub, path) as socket:
                assert socket.protocol == "mqtt"
                return await talk(Device(socket))

        return asyncio.run(main())

    return run


def telemetry(hub):
    return [
        e
        for e in tail(hub.state_dir, last=100, device="d1", follow=False)
        if e["source"] == "Telemetry"
    ]


# --- a device -------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?iothub-no-client-cert=true", "?api-version=2021-04-12&x"])
def test_a_device_reads_reports_and_is_told(hub, service, hello, converse, query):
    async def talk(device):
        await device.send(hello())
        assert await device.receive() == Connack(False, 0)
        await device.send(Subscribe(1, ((TWIN, 1), (DESIRED, 1))))
        assert await device.receive() == Suback(1, (1, 1))
        await device.send(Publish("$iothub/twin/PATCH/properties/reported/?$rid=1", b'{"a":1}'))
        assert (await device.receive()).topic == "$iothub/twin/res/204/?$rid=1&$version=2"
        change = {"properties": {"desired": {"b": 2}}}
        await asyncio.to_thread(service, "PATCH", "/twins/d1", change)
        message = await device.receive()
        assert json.loads(message.payload) == {"b": 2, "$version": 2}
        await device.send(Puback(message.packet_id), Pingreq())
        assert await device.receive() == Pingresp()

    converse(talk, PATH + query)
    assert service("GET", "/twins/d1")["properties"]["reported"]["a"] == 1


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_frames_need_not_be_packets(hub, hello, converse, size):
    messages = [Publish(EVENTS, b"%d" % n, 1, n + 1) for n in range(3)]
    data = b"".join(map(encode, [hello(), *messages, Pingreq()]))

    async def talk(device):
        for start in range(0, len(data), size):
            await device.socket.send_bytes(data[start : start + size])
        return [await device.receive() for _ in range(5)]

    assert converse(talk) == [Connack(False, 0), Puback(1), Puback(2), Puback(3), Pingresp()]
    assert [event["body"] for event in telemetry(hub)] == [0, 1, 2]


def test_a_will_and_a_good_bye(hub, hello, converse):
    def ending(*last):
        async def talk(device):
            await device.send(hello(will=Will(EVENTS, b'"gone"', 1, False)))
            await device.receive()
            await device.send(Publish(EVENTS, b'"here"'), *last)
            if last:
                assert await device.receive() is None

        return talk

    converse(ending(Disconnect()))
    converse(ending())
    following = tail(hub.state_dir, last=100, device="d1", follow=True)
    bodies = []
    while bodies.count("gone") < 1:
        bodies.append(next(following).get("body"))
    assert [body for body in bodies if body in ("here", "gone")] == ["here", "here", "gone"]


def test_a_second_connection_takes_over_across_the_ports(hub, hello, converse, dial):
    async def talk(device):
        await device.send(hello())
        assert await device.receive() == Connack(False, 0)
        other = dial(hub)
        assert (await asyncio.to_thread(other.connect, "d1")).code == 0
        assert await device.receive() is None
        return device.code

    assert converse(talk) == aiohttp.WSCloseCode.OK


def test_a_wrong_key_is_refused_and_logged(hub, hello, converse, caplog):
    async def talk(device):
        await device.send(hello(password=b"wrong"))
        return await device.receive(), await device.receive()

    assert converse(talk) == (Connack(False, 5), None)
    assert "refused the MQTT client 'd1': its credentials are not a SAS token" in caplog.messages


def test_a_client_that_does_not_send_connect_is_cut_off(converse, monkeypatch):
    monkeypatch.setattr(connection, "SECONDS_TO_CONNECT", 0.1)

    async def talk(device):
        await device.socket.ping()  # is not MQTT
        return await device.receive()

    assert converse(talk) is None


# --- frames that nobody should send -----------------------------------------------------


def test_text_frames_end_the_connection(hello, converse):
    async def talk(device):
        await device.send(hello())
        await device.receive()
        await device.socket.send_str("text")
        return await device.receive()

    assert converse(talk) is None


def test_a_frame_has_a_largest_size(hello, converse):
    async def talk(device):
        await device.send(hello())
        await device.receive()
        await device.socket.send_bytes(b"\x30" + bytes(websocket.MAX_FRAME_BYTES))
        return await device.receive()

    assert converse(talk) is None


def test_a_stranger_may_not_send_much(hub, hello, converse):
    frame = bytes(websocket.MAX_UNAUTHENTICATED_BYTES)

    async def stranger(device):
        await device.socket.send_bytes(frame)
        return await device.receive(), device.code

    async def friend(device):
        await device.send(hello())
        await device.receive()
        await device.send(Publish(EVENTS, frame, 1, 1))
        return await device.receive()

    assert converse(stranger) == (None, None)
    assert converse(friend) == Puback(1)


def test_a_device_that_does_not_read_is_not_read_from(hello, converse, service):
    """Its requests wait, and the hub's memory stays bounded; others are served."""
    asking = encode(Publish("$iothub/twin/GET/?$rid=" + "x" * 20_000, b"")) * 10
    most = 500  # 100 MB

    async def talk(device):
        await device.send(hello())
        await device.receive()
        await device.send(Subscribe(1, ((TWIN, 0),)))
        await device.receive()
        sent = 0
        with suppress(TimeoutError):
            while sent < most:
                sent += 1
                async with asyncio.timeout(0.3):
                    await device.socket.send_bytes(asking)
        assert await asyncio.to_thread(service, "GET", "/devices/d1")
        for _ in range(10 * sent):
            assert isinstance(await device.receive(), Publish)
        return sent

    assert converse(talk) < most


@pytest.fixture
def no_garbage_collection():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_the_memory_of_a_client_that_vanishes_is_free_at_once(
    converse, hello, no_garbage_collection
):
    def websockets():
        return [each for each in gc.get_objects() if isinstance(each, web.WebSocketResponse)]

    async def talk(device):
        await device.send(hello())
        await device.receive()  # the hub now waits for more
        assert len(websockets()) == 1
        device.socket._response.connection.transport.abort()

    converse(talk)
    wait_until(lambda: not websockets())


def test_devices_are_cut_off_when_the_hub_stops(hub, hello, converse):
    async def talk(device):
        await device.send(hello(will=Will(EVENTS, b'"gone"', 1, False)))
        await device.receive()
        began = time.monotonic()
        await asyncio.to_thread(hub.stop)
        assert await device.receive() is None
        return time.monotonic() - began

    assert converse(talk) < 3
    with HubStore(StateFiles(hub.state_dir).database) as store:
        said = [event.get("body") for event in store.events(0, 100, "d1")]
        assert "gone" in said
        assert not store.entry("d1").connection.connected


def test_only_strangers_make_room_for_others(start_mqtt_hub, service_of, monkeypatch, token_for):
    few = partial(tls_listener.listening, max_unauthenticated=2)
    monkeypatch.setattr(tls_listener, "listening", few)
    hub = start_mqtt_hub()
    service_of(hub)("PUT", "/devices/d1", {"deviceId": "d1"})
    host, password = token_for(hub, "d1")

    async def main():
        async with asyncio.timeout(20), AsyncExitStack() as stack:

            async def opened():
                socket = await stack.enter_async_context(_websocket(hub))
                return Device(socket)

            friend = await opened()
            await friend.send(Connect("d1", username=f"{host}/d1/", password=password))
            assert await friend.receive() == Connack(False, 0)
            strangers = [await opened() for _ in range(3)]
            assert await strangers[0].receive() is None
            await friend.send(Pingreq())
            assert await friend.receive() == Pingresp()

    asyncio.run(main())


# --- requests that open no websocket ------------------------------------------------------

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
    "Sec-WebSocket-Protocol": "mqtt",
}


@pytest.fixture
def get(hub):
    """Status, error code and message of a GET with some headers."""
    return lambda headers: _get(hub, headers)


def _get(hub, headers):
    import http.client

    context = ssl.create_default_context(cafile=hub.ca_file)
    client = http.client.HTTPSConnection(hub.endpoint.host, hub.port, context=context, timeout=10)
    with closing(client):
        client.request("GET", PATH, headers=headers)
        response = client.getresponse()
        body = json.loads(response.read())
        return response.status, response.headers["iothub-errorcode"], body["Message"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Upgrade": None, "Connection": None}, "the request must upgrade to websocket"),
        ({"Upgrade": "h2c"}, "the request must upgrade to websocket"),
        ({"Sec-WebSocket-Protocol": None}, "the subprotocol must be 'mqtt'"),
        ({"Sec-WebSocket-Protocol": "AMQPWSB10"}, "the subprotocol must be 'mqtt'"),
        ({"Sec-WebSocket-Protocol": "mqttv3.1, x"}, "the subprotocol must be 'mqtt'"),
        ({"Sec-WebSocket-Key": "short"}, "The headers of the websocket are invalid"),
        ({"Sec-WebSocket-Version": "9"}, "The headers of the websocket are invalid"),
        ({"Connection": None}, "The headers of the websocket are invalid"),
    ],
)
def test_requests_that_open_no_websocket(get, changes, message, caplog):
    headers = {name: value for name, value in (UPGRADE | changes).items() if value}
    status, code, text = get(headers)
    assert (status, code) == (400, "BadRequest")
    assert message in text
    [warning] = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert warning.startswith("refused a websocket: ")
    assert message in warning


def test_a_hub_without_mqtt_says_so(local_hub):
    status, code, text = _get(local_hub, UPGRADE)
    assert (status, code) == (404, "ResourceNotFound")
    assert "started without MQTT" in text


# --- a client of its own --------------------------------------------------------------


@pytest.fixture
def paho_client(hub):
    """Makes clients of paho-mqtt for d1, on any port; with what they hear."""
    clients = []

    def make(client_id="d1", **options):
        client = paho.Client(client_id, transport="websockets", **options)
        client.tls_set_context(ssl.create_default_context(cafile=hub.ca_file))
        client.ws_set_options(path=PATH)
        heard = queue.Queue()
        client.on_connect = lambda _c, _u, _f, code, *_: heard.put(("connected", code))
        client.on_message = lambda _c, _u, message: heard.put((message.topic, message.payload))
        client.on_subscribe = lambda *_: heard.put("subscribed")
        clients.append(client)
        return client, heard

    yield make
    while clients:
        client = clients.pop()
        client.disconnect()
        client.loop_stop()
    del client
    gc.collect()  # paho leaks socket pairs: they are found here, where they are expected


def test_paho_talks_to_the_hub(hub, hello, paho_client):
    client, heard = paho_client(clean_session=False)
    packet = hello()
    client.username_pw_set(packet.username, packet.password.decode())
    client.connect(hub.endpoint.host, hub.port)
    client.loop_start()
    assert heard.get(timeout=10) == ("connected", 0)
    client.subscribe(TWIN, 1)
    assert heard.get(timeout=10) == "subscribed"
    client.publish("$iothub/twin/GET/?$rid=1", b" ", 1)
    topic, payload = heard.get(timeout=10)
    assert topic == "$iothub/twin/res/200/?$rid=1"
    assert json.loads(payload)["desired"] == {"$version": 1}
    client.publish(EVENTS, b'"%s"' % (b"x" * 200_000), 1).wait_for_publish(10)
    assert len(telemetry(hub)[0]["body"]) == 200_000


def test_paho_understands_that_mqtt_5_is_not_spoken(hub, paho_client):
    client, _ = paho_client(protocol=paho.MQTTv5)
    reasons = queue.Queue()
    client.on_connect = lambda _c, _u, _f, code, properties: reasons.put((code, properties))
    client.connect(hub.endpoint.host, hub.port)
    client.loop_start()
    code, properties = reasons.get(timeout=10)
    assert (code.value, code.getName()) == (0x84, "Unsupported protocol version")
    assert properties.ReasonString == "This hub speaks MQTT 3.1.1 only."
