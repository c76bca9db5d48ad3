"""HTTPS: serves the web application on a socket, with time limits and Azure's error bodies."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.http_exceptions import LineTooLong

from edgeops.localhub import handshake, tls_listener
from edgeops.localhub.doors import WEBSOCKET_PATH, Doors
from edgeops.localhub.failures import describe_exception
from edgeops.localhub.http.wire import error_response
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.stranger_log import StrangerLog

# For the complete header of a request, and between two requests.
SECONDS_FOR_HEAD = 30.0
SECONDS_TO_READ_RESPONSE = 60.0
_SECONDS_FOR_UNREAD_BODY = 2.0
_SECONDS_TO_FINISH = 5.0
# The first bytes of clients that have the wrong port.
_OTHER_PROTOCOLS = {b"\x10": "MQTT", b"AMQP": "AMQP"}

_log = logging.getLogger(__name__)


class HttpConnection(web.RequestHandler):
    """One HTTPS connection; `authenticated` is called when a request has a valid token.

    `speaks` is called with MQTT or AMQP when the client speaks that instead. A client
    that sends more than its `allowance` of bytes is disconnected; None is no limit.
    """

    def __init__(
        self,
        server: web.Server,
        authenticated: Callable[[], None],
        speaks: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]
            keepalive_timeout=SECONDS_FOR_HEAD,
            auto_decompress=False,  # a megabyte could decompress to a gigabyte
            lingering_time=_SECONDS_FOR_UNREAD_BODY,
        )
        self.authenticated = authenticated
        self.allowance: int | None = None
        self._speaks = speaks
        self._silent = True
        # Not every version of aiohttp limits the time before the first request.
        self._timeout = asyncio.get_running_loop().call_later(SECONDS_FOR_HEAD, self._abort)

    def request_started(self) -> None:
        """The header of a request is complete."""
        self._timeout.cancel()

    def data_received(self, data: bytes) -> None:
        """Bytes have come: a part of a request, or of a websocket."""
        if self._silent:
            self._silent = False
            for first, protocol in _OTHER_PROTOCOLS.items():
                if data.startswith(first):
                    self._speaks(protocol)
                    self._abort()
                    return
        if self.allowance is not None:
            self.allowance -= len(data)
            if self.allowance < 0:
                self._abort()
                return
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection has ended, whichever side closed it."""
        self.authenticated()
        self._timeout.cancel()
        if exc is not None and not isinstance(exc, ConnectionError):
            exc = ConnectionResetError(str(exc))  # TLS errors end a connection as resets do
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The response to malformed HTTP, or to an exception in aiohttp itself."""
        if isinstance(exc, ConnectionError) or request.writer.output_size > 0:
            raise ConnectionError from exc  # the client is gone, or already has a response
        if status < 500:
            response = error_response(HubFault(status, "BadRequest", _what_is_wrong(exc)))
        else:
            _log.error("a request failed: %s", describe_exception(exc) if exc else message)
            response = error_response(server_error())
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send a response; a client that reads it too slowly is disconnected."""
        if isinstance(resp, web.HTTPException):
            resp = error_response(HubFault(resp.status, "BadRequest", resp.reason))
        timeout = asyncio.get_running_loop().call_later(SECONDS_TO_READ_RESPONSE, self._abort)
        try:
            return await super().finish_response(request, resp, start_time)
        except HttpProcessingError:  # older aiohttp reads on here, into malformed input
            return resp, True
        finally:
            timeout.cancel()

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def log_exception(self, *args: Any, exc_info: BaseException | None = None, **_: Any) -> None:
        """Log one line without a traceback."""
        message, *values = args
        _log.error(f"{message}: %s", *values, describe_exception(exc_info) if exc_info else "")


def _what_is_wrong(error: BaseException | None) -> str:
    """Why a request cannot be read; aiohttp tells too many headers by its message only."""
    if isinstance(error, LineTooLong) or "Too many headers" in str(error):
        return "The headers of the request are too long, or too many."
    return "The request is not HTTP."


def _advice(doors: Doors, protocol: str) -> str:
    instead = f"use port {doors.mqtt}, or a websocket at {WEBSOCKET_PATH}"
    if protocol == "AMQP":
        instead = "the local hub does not speak AMQP"
    elif doors.mqtt is None:
        instead = "this hub serves no devices"
    return f"a client spoke {protocol} to the HTTPS port: {instead}"


def server_error() -> HubFault:
    """500: the local hub raised an unexpected exception."""
    return HubFault(500, "ServerError", "The local hub failed; its log says why.")


@asynccontextmanager
async def listening(
    app: web.Application,
    listener: socket.socket,
    context: tls_listener.ContextSource,
    doors: Doors,
) -> AsyncIterator[None]:
    """Serve an application on a socket during the block; then requests in flight are finished."""
    runner = web.AppRunner(app, shutdown_timeout=_SECONDS_TO_FINISH)
    await runner.setup()
    server = runner.server
    assert server is not None
    strangers = StrangerLog(_log)
    factory = partial(
        HttpConnection, server, speaks=lambda protocol: strangers.warn(_advice(doors, protocol))
    )
    failed = handshake.warn_of(strangers, "HTTPS")
    try:
        async with tls_listener.listening(listener, context, factory, failed=failed):
            yield
    finally:
        transports = [connection.transport for connection in server.connections]
        await runner.cleanup()
        for transport in transports:
            if transport is not None:
                transport.abort()  # idle clients do not answer the TLS shutdown
        await asyncio.sleep(0)
