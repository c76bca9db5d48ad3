"""Clients that speak the wrong protocol, or to the wrong port: cut off, and told of in the log."""

from __future__ import annotations

import logging
import socket
import ssl
from contextlib import closing

import pytest

from edgeops.localhub.mqtt.packets import Connect, encode

UPGRADE = (
    b"GET /$iothub/websocket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
    b"Sec-WebSocket-Protocol: mqtt\r\n\r\n"
)
CONNECT = encode(Connect("d1", username="h/d1/", password=b"SharedAccessSignature sig=secret"))


@pytest.fixture
def hub(local_mqtt_hub):
    return local_mqtt_hub


@pytest.fixture
def said_to(hub):
    """All that the hub answers to some bytes on a port, until it closes the connection."""

    def send(port, data, *, secure=True):
        plain = socket.create_connection((hub.endpoint.host, port), timeout=10)
        with closing(plain):
            if not secure:
                return _conversation(plain, data)
            context = ssl.create_default_context(cafile=hub.ca_file)
            with closing(context.wrap_socket(plain, server_hostname=hub.endpoint.host)) as wrapped:
                return _conversation(wrapped, data)

    return send


def _conversation(connection, data):
    answer = b""
    try:
        connection.sendall(data)
        while received := connection.recv(4096):
            answer += received
    except (ConnectionError, ssl.SSLError):
        pass
    return answer


@pytest.fixture
def warnings(hub, caplog):
    """What the user has read by now; the hub has stopped, so nothing more will come."""

    def read():
        hub.stop()
        return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]

    return read


@pytest.mark.parametrize(
    ("data", "mistake"),
    [
        (
            b"GET /devices HTTP/1.1\r\nHost: h\r\n\r\n",
            "a client spoke HTTP to the MQTT port: use port {https} for HTTPS",
        ),
        (b"PUT /devices/d1 HTTP/1.1\r\n\r\n", "use port {https} for HTTPS"),
        (
            UPGRADE,
            "a client opened a websocket on the MQTT port: "
            "for MQTT over websockets use port {https}",
        ),
    ],
)
def test_http_on_the_mqtt_port(hub, said_to, warnings, data, mistake):
    mistake = mistake.format(https=hub.port)
    answer = said_to(hub.endpoint.mqtt_port, data)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.decode().endswith(f"{mistake}\n")
    [warning] = warnings()
    assert warning.endswith(mistake)


@pytest.mark.parametrize("door", ["MQTT", "HTTPS"])
def test_amqp(hub, said_to, warnings, door):
    port = hub.port if door == "HTTPS" else hub.endpoint.mqtt_port
    assert said_to(port, b"AMQP\x00\x01\x00\x00") == b""
    assert warnings() == [
        f"a client spoke AMQP to the {door} port: the local hub does not speak AMQP"
    ]


@pytest.mark.parametrize("data", [b"\x00\x00", b"\x16\x03\x01", b"POSTCARD", b"\xff" * 5000])
def test_other_bytes_on_the_mqtt_port(hub, said_to, warnings, data):
    assert said_to(hub.endpoint.mqtt_port, data) == b""
    [warning] = warnings()
    assert warning.startswith("refused an MQTT client: ")


def test_mqtt_on_the_https_port(hub, said_to, warnings):
    assert said_to(hub.port, CONNECT) == b""
    assert warnings() == [
        "a client spoke MQTT to the HTTPS port: "
        f"use port {hub.endpoint.mqtt_port}, or a websocket at /$iothub/websocket"
    ]


def test_mqtt_to_a_hub_that_serves_no_devices(local_hub, caplog):
    context = ssl.create_default_context(cafile=local_hub.ca_file)
    plain = socket.create_connection(("127.0.0.1", local_hub.port), timeout=10)
    with closing(plain), context.wrap_socket(plain, server_hostname="localhost") as wrapped:
        assert _conversation(wrapped, CONNECT) == b""
    assert caplog.messages == ["a client spoke MQTT to the HTTPS port: this hub serves no devices"]


@pytest.mark.parametrize(
    ("door", "data", "mistake"),
    [
        (
            "MQTT",
            CONNECT,
            "a client did not speak TLS to the MQTT port: use mqtts:// (MQTT over TLS)",
        ),
        (
            "MQTT",
            b"GET / HTTP/1.1\r\n\r\n",
            "a client spoke HTTP without TLS to the MQTT port: use mqtts:// (MQTT over TLS)",
        ),
        (
            "HTTPS",
            b"GET / HTTP/1.1\r\n\r\n",
            "a client spoke HTTP without TLS to the HTTPS port: use https://",
        ),
        ("HTTPS", CONNECT, "a client did not speak TLS to the HTTPS port: use https://"),
    ],
)
def test_no_tls(hub, said_to, warnings, door, data, mistake):
    port = hub.port if door == "HTTPS" else hub.endpoint.mqtt_port
    assert b"HTTP" not in said_to(port, data, secure=False)
    assert warnings() == [mistake]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("door", ["MQTT", "HTTPS"])
def test_a_client_that_does_not_trust_the_hub(hub, warnings, door, version):
    port = hub.port if door == "HTTPS" else hub.endpoint.mqtt_port
    context = ssl.create_default_context()
    context.maximum_version = version
    with (
        closing(socket.create_connection((hub.endpoint.host, port), timeout=10)) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(plain, server_hostname=hub.endpoint.host)
    with closing(socket.create_connection((hub.endpoint.host, port), timeout=10)) as plain:
        trusting = ssl.create_default_context(cafile=hub.ca_file)
        with closing(trusting.wrap_socket(plain, server_hostname=hub.endpoint.host)):
            pass  # so that the hub has read the alert
    [warning] = warnings()
    assert warning.startswith(f"a client of the {door} port did not accept the hub's certificate")


def test_a_client_that_says_nothing_is_no_mistake(hub, warnings):
    for port in (hub.port, hub.endpoint.mqtt_port):
        with closing(socket.create_connection((hub.endpoint.host, port), timeout=10)):
            pass
    assert warnings() == []
