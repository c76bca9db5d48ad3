"""MQTT over TLS: runs the connections of a broker on sockets and timers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import cast

from edgeops.localhub import handshake, tls_listener
from edgeops.localhub.client_certificate import ClientCertificate, client_certificate
from edgeops.localhub.mqtt.broker import Broker
from edgeops.localhub.mqtt.connection import DeviceConnection

# A client that does not read is disconnected at this many unsent bytes.
_MAX_UNSENT = 4 * 1024 * 1024


class _Socket(asyncio.Protocol):
    """One socket and the connection on it; also the connection's `Channel`."""

    __slots__ = (
        "_broker",
        "_busy",
        "_loop",
        "_lost",
        "_transport",
        "_write_blocked",
        "authenticated",
        "connection",
    )

    def __init__(self, broker: Broker, authenticated: Callable[[], None]) -> None:
        self._broker = broker
        self.authenticated = authenticated
        self._loop = asyncio.get_running_loop()
        self._busy = False  # requests of the client are still being processed
        self._lost = False
        self._write_blocked = False  # the client does not read the responses
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.connection = DeviceConnection(self._broker, self, self._loop.time())
        self._broker.connections.add(self.connection, self.abort)

    def data_received(self, data: bytes) -> None:
        self.connection.receive(data, self._loop.time())
        self._begin_work()

    def _begin_work(self) -> None:
        if not self._busy:
            self._busy = True
            self._broker.hub.scheduler.begin(self._work)
            if self._busy:
                self._pause_or_resume_reading()

    def _work(self, until: float) -> bool:
        done = self.connection.work(until)
        if done and self.connection.pause:
            self._loop.call_later(
                self.connection.pause, self._broker.hub.scheduler.begin, self._work
            )
        elif done:
            self._busy = False
            if self._lost:
                self._end()
            self._pause_or_resume_reading()
        return done

    def connection_lost(self, _error: Exception | None) -> None:
        self.authenticated()
        self._lost = True
        self._transport = None  # breaks a reference cycle that would keep OpenSSL's memory
        # The last requests come first: there may be a DISCONNECT. And thousands may go at once.
        self._begin_work()

    def _end(self) -> None:
        self._broker.connections.discard(self.connection)
        self.connection.lost()

    def pause_writing(self) -> None:
        self._write_blocked = True
        self._pause_or_resume_reading()

    def resume_writing(self) -> None:
        self._write_blocked = False
        self._pause_or_resume_reading()

    def _pause_or_resume_reading(self) -> None:
        """Read more requests only while none are pending and the client reads responses."""
        if self._transport is None:
            return
        with suppress(RuntimeError):  # the transport is closing
            if self._busy or self._write_blocked:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
            if self._transport.get_write_buffer_size() > _MAX_UNSENT:
                self._transport.abort()

    def certificate(self) -> ClientCertificate | None:
        return client_certificate(self._transport)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close the connection without sending what is left."""
        if self._transport is not None:
            self._transport.abort()


@asynccontextmanager
async def listening(
    broker: Broker, listener: socket.socket, context: tls_listener.ContextSource
) -> AsyncIterator[None]:
    """Serve devices on a socket during the block; the broker's connections are left open."""
    failed = handshake.warn_of(broker.strangers, "MQTT")
    async with tls_listener.listening(listener, context, partial(_Socket, broker), failed=failed):
        yield
