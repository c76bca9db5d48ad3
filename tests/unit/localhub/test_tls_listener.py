"""Strangers are few, the oldest goes first, and who is known stays."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from contextlib import suppress

import pytest

from edgeops.localhub import tls, tls_listener


class Greeting(asyncio.Protocol):
    """Knows everybody who says something."""

    def __init__(self, known):
        self.known = known

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.known()
        self.transport.write(data)

    def connection_lost(self, error):
        self.known()


@pytest.fixture
def at_the_gate(_certificates):
    """Runs `client(connect)` where two strangers are let in at a time; `connect` is TLS or not."""

    def run(client):
        async def main():
            listener = socket.create_server(("127.0.0.1", 0))
            trusted = ssl.create_default_context(cafile=_certificates.ca)

            async def connect(*, secure=True):
                security = {"ssl": trusted, "server_hostname": "localhost"} if secure else {}
                made = await asyncio.open_connection(*listener.getsockname(), **security)
                writers.append(made[1])
                return made

            writers = []
            context = tls.server_context(_certificates)
            with listener:
                async with (
                    asyncio.timeout(20),
                    tls_listener.listening(
                        listener, lambda: context, Greeting, max_unauthenticated=2
                    ),
                ):
                    await client(connect)
            for writer in writers:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

        return asyncio.run(main())

    return run


async def greet(connection):
    reader, writer = connection
    writer.write(b"hello")
    assert await reader.read(5) == b"hello"


async def cut_off(connection):
    reader, _ = connection
    try:
        return await reader.read(1) == b""
    except OSError:
        return True


@pytest.mark.parametrize("secure", [True, False])
def test_of_too_many_strangers_the_oldest_is_dropped(at_the_gate, secure, caplog):
    async def client(connect):
        strangers = [await connect(secure=secure) for _ in range(4)]
        assert await cut_off(strangers[0])
        assert await cut_off(strangers[1])
        if secure:
            await greet(strangers[2])
            await greet(strangers[3])

    at_the_gate(client)
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "do not authenticate" in warnings[0].getMessage()


def test_an_authenticated_client_stays(at_the_gate):
    async def client(connect):
        friends = []
        for _ in range(5):
            friends.append(await connect())
            await greet(friends[-1])
        for _ in range(5):
            await connect(secure=False)
        for friend in friends:
            await greet(friend)

    at_the_gate(client)


def test_a_handshake_has_little_time(at_the_gate, monkeypatch):
    monkeypatch.setattr(tls_listener, "SECONDS_FOR_HANDSHAKE", 0.1)

    async def client(connect):
        assert await cut_off(await connect(secure=False))
        await greet(await connect())

    at_the_gate(client)


def test_a_client_that_does_not_speak_tls_is_cut_off_quietly(at_the_gate, caplog):
    async def client(connect):
        connection = await connect(secure=False)
        connection[1].write(b"GET / HTTP/1.1\r\n\r\n")
        reader, _ = connection
        assert b"HTTP" not in await reader.read()

    at_the_gate(client)
    assert caplog.records == []


@pytest.fixture
def context(_certificates):
    return tls.server_context(_certificates)


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_closing_leaves_no_socket_open(context, steps):
    async def main():
        shut = tls_listener.TlsAcceptor(Greeting, lambda: context, limit=2)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            with socket.create_connection(listener.getsockname(), timeout=5) as client:
                shut.accept(listener)
                for _ in range(steps):  # of the handshake, which waits for the client
                    await asyncio.sleep(0)
                await shut.close()
                await asyncio.sleep(0)
                assert client.recv(1) == b""

    asyncio.run(main())


def test_without_files_the_oldest_stranger_makes_room(at_the_gate, monkeypatch):
    accept, failures = socket.socket.accept, [OSError(errno.EMFILE, "too many open files")]

    def failing(self):
        if failures and self.getsockname() != asked[0][1].get_extra_info("sockname"):
            raise failures.pop()
        return accept(self)

    asked = []

    async def client(connect):
        asked.append(await connect())
        monkeypatch.setattr(socket.socket, "accept", failing)
        await greet(await connect())
        assert not failures
        assert await cut_off(asked[0])

    at_the_gate(client)


def test_memory_is_given_back_where_the_system_takes_it():
    tls_listener.release_memory()
