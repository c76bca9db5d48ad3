"""New events for the page, as server-sent events: read once, for however many readers.

A reader first gets what it missed, as far as `MAX_MISSED` goes, and then what all get. Who
does not read, or reads too slowly for a short queue, is cut off; a browser comes again by itself.
Source: "Server-sent events", HTML Living Standard.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
from aiohttp import web

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.failures import describe_exception
from edgeops.localhub.page import guard
from edgeops.localhub.page.event_summary import summary
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.steps import Steps

MAX_READERS = 20
MAX_QUEUED = 32  # chunks of at most MAX_CHUNK events
MAX_CHUNK = 100
MAX_MISSED = 200
SECONDS_BETWEEN_CHUNKS = 0.1
SECONDS_BETWEEN_SIGNS = 15.0  # of life, for proxies, and to notice that a session has ended
SECONDS_TO_READ = 30.0
_SECONDS_TO_WAIT = 3600.0
_SIGN = b":\n\n"

_log = logging.getLogger(__name__)


class EventStream:
    """The readers of the events of a hub."""

    def __init__(self, hub: EmulatedHub, masked: Callable[[Any], Any]) -> None:
        self._hub = hub
        self._masked = masked
        self._readers: dict[asyncio.Queue[bytes], Callable[[], None]] = {}
        self._waiting = 0  # readers that still get what they missed
        self._cursor = 0
        self._pump: asyncio.Task[None] | None = None

    async def serve(
        self, request: web.Request, after: int, is_open: Callable[[], bool]
    ) -> web.StreamResponse:
        """Send the events after a number until the reader, its session or the hub ends.

        Raises `HubFault` 429 when there are too many readers.
        """
        if len(self._readers) + self._waiting >= MAX_READERS:
            raise HubFault(429, "TooManyReaders", "Too many pages are open.")
        response = web.StreamResponse(headers=guard.HEADERS | {"Content-Type": "text/event-stream"})
        queue: asyncio.Queue[bytes] = asyncio.Queue(MAX_QUEUED)
        try:
            self._waiting += 1
            try:
                await response.prepare(request)
                await self._catch_up(response, after)
            finally:
                self._waiting -= 1
            self._readers[queue] = lambda: _abort(request)
            self._start()
            while is_open() and not self._hub.arrivals.stopped:
                await _write(response, await _next(queue))
        except (ConnectionError, TimeoutError):  # it has gone, was cut off, or does not read
            _abort(request)
        finally:
            self._readers.pop(queue, None)
        return response

    async def _catch_up(self, response: web.StreamResponse, after: int) -> None:
        """Send what was missed, up to what the other readers have."""
        newest = self._hub.store.last_event()
        position = min(max(after, newest - MAX_MISSED), newest)
        while position < (self._cursor if self._readers else self._hub.store.last_event()):
            chunk, position = await self._hub.scheduler.run(self._chunk(position))
            await _write(response, chunk)
        if not self._readers:
            self._cursor = position

    def _start(self) -> None:
        if self._pump is None:
            self._pump = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._readers and not self._hub.arrivals.stopped:
                if self._hub.store.last_event() <= self._cursor:
                    await self._hub.arrivals.wait(_SECONDS_TO_WAIT)
                else:
                    self._send(await self._next_chunk())
                    await asyncio.sleep(SECONDS_BETWEEN_CHUNKS)
        except Exception as error:  # such as a disk that fails; readers come again
            _log.error("the page gets no events: %s", describe_exception(error))
            for cut_off in list(self._readers.values()):
                cut_off()
        finally:
            self._pump = None
            self._send(_SIGN)  # a reader looks whether the hub has stopped

    async def _next_chunk(self) -> bytes:
        """The next events, or how many were left out when there are more than a reader can see."""
        newest = self._hub.store.last_event()
        missed = newest - MAX_MISSED - self._cursor
        if missed > 0:
            self._cursor += missed
        chunk, self._cursor = await self._hub.scheduler.run(self._chunk(self._cursor))
        return (_message("skipped", missed) if missed > 0 else b"") + chunk

    def _send(self, chunk: bytes) -> None:
        for queue, cut_off in list(self._readers.items()):
            try:
                queue.put_nowait(chunk)
            except asyncio.QueueFull:
                del self._readers[queue]
                cut_off()

    def _chunk(self, after: int) -> Steps[tuple[bytes, int]]:
        """The first events after a number, as a message, and the number of the last."""
        yield
        short: list[JsonObject] = []
        for event in self._hub.store.events(after, MAX_CHUNK, None):
            after = event["sequence"]
            short.append(summary(event, self._masked))
            yield
        return (_message("hub", short, after) if short else b""), after


async def _next(queue: asyncio.Queue[bytes]) -> bytes:
    """What to send next: a comment if nothing happens for a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS_BETWEEN_SIGNS):
            return await queue.get()
    return _SIGN


async def _write(response: web.StreamResponse, chunk: bytes) -> None:
    async with asyncio.timeout(SECONDS_TO_READ):
        await response.write(chunk)


def _message(name: str, value: Any, number: int | None = None) -> bytes:
    """A server-sent event; JSON has no line breaks. With its number a browser comes again."""
    identity = b"" if number is None else b"id: %d\n" % number
    return b"event: %s\n%sdata: %s\n\n" % (name.encode(), identity, orjson.dumps(value))


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
