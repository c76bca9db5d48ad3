"""HTTPS: the web application on a socket, with time limits for clients, and Azure's errors."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError

from edgeops.localhub import tls_listener
from edgeops.localhub.failures import describe_exception
from edgeops.localhub.http.wire import error_response
from edgeops.localhub.state.errors import HubFault

# For the whole head of a request, and between two requests.
SECONDS_FOR_HEAD = 30.0
SECONDS_TO_TAKE_ANSWER = 60.0
_SECONDS_FOR_UNREAD_BODY = 2.0
_SECONDS_TO_FINISH = 5.0

_log = logging.getLogger(__name__)


class HttpConnection(web.RequestHandler):
    """One connection."""

    def __init__(self, server: web.Server, known: Callable[[], None]) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]
            keepalive_timeout=SECONDS_FOR_HEAD,
            auto_decompress=False,  # a megabyte of a stranger could stand for a gigabyte
            lingering_time=_SECONDS_FOR_UNREAD_BODY,
        )
        self.known = known
        # Not every aiohttp minds the time before the first request.
        self._silent = asyncio.get_running_loop().call_later(SECONDS_FOR_HEAD, self._cut)

    def began(self) -> None:
        """A request has come."""
        self._silent.cancel()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection has ended, from whatever side."""
        self.known()
        self._silent.cancel()
        if exc is not None and not isinstance(exc, ConnectionError):
            exc = ConnectionResetError(str(exc))  # not TLS any more: it is gone all the same
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is not HTTP, or to a failure of aiohttp itself."""
        if isinstance(exc, ConnectionError) or request.writer.output_size > 0:
            raise ConnectionError from exc  # nobody is there, or it is too late for an answer
        if status < 500:
            response = error_response(HubFault(status, "BadRequest", "The request is not HTTP."))
        else:
            _log.error("a request failed: %s", describe_exception(exc) if exc else message)
            response = error_response(failure())
        response.force_close()
        return response

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send a response, to who takes it in time."""
        if isinstance(resp, web.HTTPException):
            resp = error_response(HubFault(resp.status, "BadRequest", resp.reason))
        late = asyncio.get_running_loop().call_later(SECONDS_TO_TAKE_ANSWER, self._cut)
        try:
            return await super().finish_response(request, resp, start_time)
        except HttpProcessingError:  # older aiohttp reads on here, and stumbles over what comes
            return resp, True
        finally:
            late.cancel()

    def _cut(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def log_exception(self, *args: Any, exc_info: BaseException | None = None, **_: Any) -> None:
        """One line, no traceback."""
        message, *values = args
        _log.error(f"{message}: %s", *values, describe_exception(exc_info) if exc_info else "")


def failure() -> HubFault:
    """500: the hub itself is wrong."""
    return HubFault(500, "ServerError", "The local hub failed; its log says why.")


@asynccontextmanager
async def listening(
    app: web.Application, listener: socket.socket, context: ssl.SSLContext
) -> AsyncIterator[None]:
    """Serve an application on a socket; at the end, requests in flight are finished."""
    runner = web.AppRunner(app, shutdown_timeout=_SECONDS_TO_FINISH)
    await runner.setup()
    server = runner.server
    assert server is not None
    try:
        async with tls_listener.listening(
            listener, context, lambda known: HttpConnection(server, known)
        ):
            yield
    finally:
        transports = [connection.transport for connection in server.connections]
        await runner.cleanup()
        for transport in transports:
            if transport is not None:
                transport.abort()  # idle clients do not answer the goodbye of TLS
        await asyncio.sleep(0)
