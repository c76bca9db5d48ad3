"""MQTT over TLS: sockets and time for the connections of a broker."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import cast

from edgeops.localhub import tls_listener
from edgeops.localhub.mqtt.broker import Broker
from edgeops.localhub.mqtt.connection import DeviceConnection

_SECONDS_BETWEEN_CHECKS = 1.0
# A client that does not read is cut off at this many bytes unsent.
_MAX_UNSENT = 4 * 1024 * 1024


class _Socket(asyncio.Protocol):
    """One socket and the connection on it; also the connection's `Channel`."""

    __slots__ = (
        "_broker",
        "_busy",
        "_connection",
        "_full",
        "_known",
        "_loop",
        "_open",
        "_transport",
    )

    def __init__(self, broker: Broker, opened: set[_Socket], known: Callable[[], None]) -> None:
        self._broker = broker
        self._open = opened
        self._known = known
        self._loop = asyncio.get_running_loop()
        self._busy = False  # what the client has asked is not done yet
        self._full = False  # the client does not read the answers
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connection = DeviceConnection(self._broker, self, self._loop.time())
        self._open.add(self)

    def data_received(self, data: bytes) -> None:
        self._connection.receive(data, self._loop.time())
        if not self._busy:
            self._busy = True
            self._broker.hub.scheduler.begin(self._work)
            if self._busy:
                self._take_questions()

    def _work(self, until: float) -> bool:
        done = self._connection.work(until)
        if done:
            self._busy = False
            self._take_questions()
        return done

    def connection_lost(self, _error: Exception | None) -> None:
        self._known()
        self._open.discard(self)
        self._connection.lost()
        self._transport = None  # it refers back to this, with all of OpenSSL behind it

    def pause_writing(self) -> None:
        self._full = True
        self._take_questions()

    def resume_writing(self) -> None:
        self._full = False
        self._take_questions()

    def _take_questions(self) -> None:
        """Take more questions, unless there are enough already."""
        if self._transport is None:
            return
        with suppress(RuntimeError):  # it is closing
            if self._busy or self._full:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def known(self) -> None:
        self._known()

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
            if self._transport.get_write_buffer_size() > _MAX_UNSENT:
                self._transport.abort()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection, sent or not."""
        if self._transport is not None:
            self._transport.abort()


@asynccontextmanager
async def listening(
    broker: Broker, listener: socket.socket, context: ssl.SSLContext
) -> AsyncIterator[None]:
    """Serve devices on a socket for the length of the block; then all connections are closed."""
    opened: set[_Socket] = set()
    checks = asyncio.get_running_loop().create_task(_expiring(broker))
    try:
        async with tls_listener.listening(
            listener, context, lambda known: _Socket(broker, opened, known)
        ):
            yield
    finally:
        checks.cancel()
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
