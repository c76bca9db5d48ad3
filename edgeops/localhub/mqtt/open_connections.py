"""All open connections of devices, on both ports: they expire, and end with the hub."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from edgeops.localhub.service.scheduler import SECONDS_PER_TURN


class Connection(Protocol):
    """The hub's end of a connection."""

    def expire(self, now: float) -> None:
        """Close when the client was idle for too long or its token has expired."""

    def close(self, reason: str) -> None:
        """Close the connection."""


class OpenConnections:
    """The open connections; those that come after the end of `watched` are closed at once."""

    def __init__(self, seconds_between_checks: float = 1.0) -> None:
        self._seconds_between_checks = seconds_between_checks
        self._closed = False
        self._aborts: dict[Connection, Callable[[], None]] = {}

    def add(self, connection: Connection, abort: Callable[[], None]) -> None:
        """Add a connection; `abort` closes it without sending what is left."""
        self._aborts[connection] = abort
        if self._closed:
            abort()

    def discard(self, connection: Connection) -> None:
        """The connection has ended."""
        self._aborts.pop(connection, None)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Close connections that expire during the block, and all others after it."""
        expiry = asyncio.get_running_loop().create_task(self._expire_periodically())
        try:
            yield
        finally:
            self._closed = True
            expiry.cancel()
            for connection, abort in list(self._aborts.items()):
                connection.close("the hub is stopping")
                abort()  # clients that are gone do not answer the TLS shutdown
            with suppress(asyncio.CancelledError):
                await expiry

    async def _expire_periodically(self) -> None:
        while True:
            await asyncio.sleep(self._seconds_between_checks)
            await self._expire()  # in a call of its own: while this sleeps, it holds no connection

    async def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        until = time.perf_counter() + SECONDS_PER_TURN
        for connection in list(self._aborts):
            connection.expire(loop.time())
            if time.perf_counter() >= until:  # the tokens of many may expire at once
                await asyncio.sleep(0)
                until = time.perf_counter() + SECONDS_PER_TURN
