"""Where TLS connections come in, and where strangers are kept few.

A stranger is whoever has not proved yet who it is: such a connection costs
memory and a file, and anybody can open as many as they like. When there are
too many of them the oldest is dropped, so that who knows its key always gets
in, however many strangers wait and however many devices are connected.
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
SECONDS_OF_GOODBYE = 5.0
_BACKLOG = 4096
_ACCEPTED_AT_ONCE = 64
_SECONDS_WITHOUT_FILES = 0.1
# When so many have gone that it is worth while, and all of them really have.
_MANY = 100
_SECONDS_TO_GO = 1.0

_log = logging.getLogger(__name__)

# Makes the protocol of a connection; it calls its argument when the client has proved
# who it is, and when the connection has ended.
Factory = Callable[[Callable[[], None]], asyncio.Protocol]


class Gate:
    """The strangers among the connections of one listener."""

    def __init__(self, factory: Factory, context: ssl.SSLContext, most: int) -> None:
        self._factory = factory
        self._context = context
        self._most = most
        self._strangers: dict[socket.socket, None] = {}  # the oldest first
        self._handshakes: set[asyncio.Task[None]] = set()
        self._peak = 0

    def accept(self, listener: socket.socket) -> None:
        """Let in who waits at the door. Raises `OSError` when the process has no files left."""
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                client, _ = listener.accept()
            except (BlockingIOError, ConnectionError):
                return
            client.setblocking(False)
            self._strangers[client] = None
            if len(self._strangers) > self._most:
                self.drop_oldest()
            self._peak = max(self._peak, len(self._strangers))
            task = asyncio.get_running_loop().create_task(self._secure(client))
            self._handshakes.add(task)
            task.add_done_callback(partial(self._after_handshake, client))

    def drop_oldest(self) -> None:
        """Make room for others."""
        if self._peak <= self._most:  # said once for each crowd
            self._peak = self._most + 1
            _log.warning("too many connections that do not authenticate: dropping the oldest")
        if self._strangers:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            with suppress(OSError):
                oldest.shutdown(socket.SHUT_RDWR)  # its transport closes it

    async def close(self) -> None:
        """End what is not connected yet; its sockets are closed when this returns."""
        for task in self._handshakes:
            task.cancel()
        await asyncio.gather(*self._handshakes, return_exceptions=True)

    def _after_handshake(self, client: socket.socket, task: asyncio.Task[None]) -> None:
        self._handshakes.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is None and not task.cancelled():
            return
        # Here and not in the task: one that is cancelled before its first step runs none of it.
        self._forget(client)
        client.close()
        # An OSError: it has gone, is too slow, or does not speak TLS.
        if error is not None and not isinstance(error, OSError):
            _log.error("a connection failed before it was secured", exc_info=error)

    def _forget(self, client: socket.socket) -> None:
        """It is a stranger no more, or has gone."""
        self._strangers.pop(client, None)
        if self._peak >= _MANY and len(self._strangers) <= self._peak // 2:
            self._peak = len(self._strangers)
            asyncio.get_running_loop().call_later(_SECONDS_TO_GO, give_memory_back)

    async def _secure(self, client: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: self._factory(partial(self._forget, client)),
            client,
            ssl=self._context,
            ssl_handshake_timeout=SECONDS_FOR_HANDSHAKE,
            ssl_shutdown_timeout=SECONDS_OF_GOODBYE,
        )


@asynccontextmanager
async def listening(
    listener: socket.socket,
    context: ssl.SSLContext,
    factory: Factory,
    *,
    max_unauthenticated: int = MAX_UNAUTHENTICATED,
) -> AsyncIterator[None]:
    """Take connections on a socket for the length of the block; those that are made stay."""
    loop = asyncio.get_running_loop()
    gate = Gate(factory, context, max_unauthenticated)
    listener.setblocking(False)
    listener.listen(_BACKLOG)

    def accept() -> None:
        try:
            gate.accept(listener)
        except OSError:  # no files left
            gate.drop_oldest()
            loop.remove_reader(listener)
            later.append(loop.call_later(_SECONDS_WITHOUT_FILES, again))

    def again() -> None:
        later.clear()
        loop.add_reader(listener, accept)

    later: list[asyncio.TimerHandle] = []
    loop.add_reader(listener, accept)
    try:
        yield
    finally:
        for handle in later:
            handle.cancel()
        loop.remove_reader(listener)
        await gate.close()


def give_memory_back() -> None:
    """Let the system have the memory of the many connections that are gone.

    OpenSSL's small blocks leave the heap of glibc full of holes, which it keeps.
    """
    with suppress(OSError, AttributeError):  # not glibc
        ctypes.CDLL(None).malloc_trim(0)
