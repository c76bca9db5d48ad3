"""Accepts TLS connections, and limits those that have not authenticated.

A connection costs memory and a file descriptor before its client has proved
its identity, and anyone can open as many as they like. When there are too many
of them the oldest is dropped, so that a client with a valid key always gets in,
however many others wait and however many devices are connected.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

MAX_UNAUTHENTICATED = 1000
SECONDS_FOR_HANDSHAKE = 10.0
SECONDS_FOR_TLS_SHUTDOWN = 5.0
_BACKLOG = 4096
_MAX_ACCEPTS_PER_CALL = 64
_SECONDS_WITHOUT_FILES = 0.1
# Memory is released when at least this many connections had been waiting, once they are closed.
_LARGE_PEAK = 100
_SECONDS_UNTIL_CLOSED = 1.0

_log = logging.getLogger(__name__)

# Makes the protocol of a connection, which calls the argument when the client has
# authenticated, and when the connection has ended.
ProtocolFactory = Callable[[Callable[[], None]], asyncio.Protocol]
# Gives the TLS context for the next connection.
ContextSource = Callable[[], ssl.SSLContext]


class TlsAcceptor:
    """Accepts the connections of one listener, and knows which have not authenticated."""

    def __init__(
        self,
        factory: ProtocolFactory,
        context: ContextSource,
        limit: int,
        failed: Callable[[OSError], None] = lambda _: None,
    ) -> None:
        self._factory = factory
        self._context = context
        self._limit = limit
        self._failed = failed
        self._unauthenticated: dict[socket.socket, None] = {}  # the oldest first
        self._handshakes: set[asyncio.Task[None]] = set()
        self._peak = 0

    def accept(self, listener: socket.socket) -> None:
        """Accept waiting connections. Raises `OSError` when no file descriptors are left."""
        for _ in range(_MAX_ACCEPTS_PER_CALL):
            try:
                client, _ = listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            client.setblocking(False)
            self._unauthenticated[client] = None
            if len(self._unauthenticated) > self._limit:
                self.drop_oldest()
            self._peak = max(self._peak, len(self._unauthenticated))
            task = asyncio.get_running_loop().create_task(self._secure(client))
            self._handshakes.add(task)
            task.add_done_callback(partial(self._after_handshake, client))

    def drop_oldest(self) -> None:
        """Drop the oldest unauthenticated connection."""
        if self._peak <= self._limit:  # log it once for each burst
            self._peak = self._limit + 1
            _log.warning("too many connections that do not authenticate: dropping the oldest")
        if self._unauthenticated:
            oldest = next(iter(self._unauthenticated))
            del self._unauthenticated[oldest]
            with suppress(OSError):
                oldest.shutdown(socket.SHUT_RDWR)  # its transport closes it

    async def close(self) -> None:
        """Cancel the handshakes in progress; their sockets are closed when this returns."""
        for task in self._handshakes:
            task.cancel()
        await asyncio.gather(*self._handshakes, return_exceptions=True)

    def _after_handshake(self, client: socket.socket, task: asyncio.Task[None]) -> None:
        self._handshakes.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is None and not task.cancelled():
            return
        # Not in the task: one that is cancelled before its first step runs none of its code.
        self._remove(client)
        client.close()
        # An OSError means that the client has gone, is too slow, or does not speak TLS.
        if isinstance(error, OSError):
            self._failed(error)
        elif error is not None:
            _log.error("a TLS handshake failed unexpectedly", exc_info=error)

    def _remove(self, client: socket.socket) -> None:
        """The client has authenticated, or its connection has ended."""
        self._unauthenticated.pop(client, None)
        if self._peak >= _LARGE_PEAK and len(self._unauthenticated) <= self._peak // 2:
            self._peak = len(self._unauthenticated)
            asyncio.get_running_loop().call_later(_SECONDS_UNTIL_CLOSED, release_memory)

    async def _secure(self, client: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: self._factory(partial(self._remove, client)),
            client,
            ssl=self._context(),
            ssl_handshake_timeout=SECONDS_FOR_HANDSHAKE,
            ssl_shutdown_timeout=SECONDS_FOR_TLS_SHUTDOWN,
        )


@asynccontextmanager
async def listening(
    listener: socket.socket,
    context: ContextSource,
    factory: ProtocolFactory,
    *,
    max_unauthenticated: int = MAX_UNAUTHENTICATED,
    failed: Callable[[OSError], None] = lambda _: None,
) -> AsyncIterator[None]:
    """Accept connections on a socket during the block; established ones are left open.

    `failed` is told of handshakes that fail.
    """
    loop = asyncio.get_running_loop()
    acceptor = TlsAcceptor(factory, context, max_unauthenticated, failed)
    listener.setblocking(False)
    listener.listen(_BACKLOG)
    retry: asyncio.TimerHandle | None = None

    def accept() -> None:
        nonlocal retry
        try:
            acceptor.accept(listener)
        except OSError:  # no file descriptors left
            acceptor.drop_oldest()
            loop.remove_reader(listener)
            retry = loop.call_later(_SECONDS_WITHOUT_FILES, loop.add_reader, listener, accept)

    loop.add_reader(listener, accept)
    try:
        yield
    finally:
        if retry is not None:
            retry.cancel()
        loop.remove_reader(listener)
        await acceptor.close()


def release_memory() -> None:
    """Return the memory of many closed connections to the system.

    OpenSSL's small blocks fragment the heap of glibc, which keeps the memory otherwise.
    """
    with suppress(OSError, AttributeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)
