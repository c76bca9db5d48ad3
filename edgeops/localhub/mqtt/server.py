"""MQTT over TLS: sockets and time for the connections of a broker."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

from edgeops.localhub.mqtt.broker import Broker
from edgeops.localhub.mqtt.connection import Connection

_SECONDS_BETWEEN_CHECKS = 1.0
_SECONDS_OF_GOODBYE = 5.0
_BACKLOG = 4096
# A client that does not read is cut off at this many bytes unsent.
_MAX_UNSENT = 4 * 1024 * 1024


class _Socket(asyncio.Protocol):
    """One socket and the connection on it; also the connection's `Channel`."""

    __slots__ = ("_broker", "_connection", "_loop", "_open", "_transport")

    def __init__(self, broker: Broker, opened: set[_Socket]) -> None:
        self._broker = broker
        self._open = opened
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connection = Connection(self._broker, self, self._loop.time())
        self._open.add(self)

    def data_received(self, data: bytes) -> None:
        self._connection.receive(data, self._loop.time())

    def connection_lost(self, _error: Exception | None) -> None:
        self._open.discard(self)
        self._connection.lost()

    def pause_writing(self) -> None:
        """Take no more questions from a client that does not read the answers."""
        with suppress(RuntimeError):  # the transport is closing
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        with suppress(RuntimeError):
            self._transport.resume_reading()

    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)
            if self._transport.get_write_buffer_size() > _MAX_UNSENT:
                self._transport.abort()

    def close(self) -> None:
        self._transport.close()

    def abort(self) -> None:
        """Cut the connection, sent or not."""
        self._transport.abort()


@asynccontextmanager
async def listening(
    broker: Broker, listener: socket.socket, context: ssl.SSLContext
) -> AsyncIterator[None]:
    """Serve devices on a socket for the length of the block; then all connections are closed."""
    opened: set[_Socket] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: _Socket(broker, opened),
        sock=listener,
        ssl=context,
        backlog=_BACKLOG,
        ssl_shutdown_timeout=_SECONDS_OF_GOODBYE,
    )
    checks = loop.create_task(_expiring(broker))
    try:
        yield
    finally:
        checks.cancel()
        server.close()
        broker.stop()
        for each in list(opened):
            each.abort()  # clients that are gone do not answer the goodbye of TLS
        with suppress(asyncio.CancelledError):
            await checks


async def _expiring(broker: Broker) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_SECONDS_BETWEEN_CHECKS)
        broker.expire(loop.time())
