"""MQTT over websockets: the connection of a device on the HTTPS port.

It needs no token of a service: the device authenticates with its MQTT CONNECT.
Sources: OASIS standard "MQTT Version 3.1.1", chapter 6; "Communicate with an
IoT hub using the MQTT protocol", Microsoft Learn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler

from edgeops.localhub.client_certificate import ClientCertificate, client_certificate
from edgeops.localhub.doors import WEBSOCKET_PATH
from edgeops.localhub.http.server import HttpConnection
from edgeops.localhub.mqtt.broker import Broker
from edgeops.localhub.mqtt.connection import DeviceConnection
from edgeops.localhub.service.scheduler import Scheduler
from edgeops.localhub.state.errors import HubFault

# A frame may hold several packets; the largest has a quarter of this.
MAX_FRAME_BYTES = 1024 * 1024
# All that a client may send before it has authenticated: a CONNECT, in frames.
MAX_UNAUTHENTICATED_BYTES = 64 * 1024
# A client that does not read is disconnected at this many unsent bytes.
_MAX_UNSENT = 4 * 1024 * 1024
_SECONDS_TO_CLOSE = 5.0
_SUBPROTOCOL = "mqtt"


def add_route(router: web.UrlDispatcher, broker: Broker | None) -> None:
    """Serve devices by websockets; without a broker the hub serves none."""
    router.add_get(WEBSOCKET_PATH, _serving(broker))


def _serving(broker: Broker | None) -> Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        if broker is None:
            raise HubFault(404, "ResourceNotFound", "This local hub was started without MQTT.")
        websocket = web.WebSocketResponse(
            protocols=(_SUBPROTOCOL,), compress=False, max_msg_size=MAX_FRAME_BYTES
        )
        if mistake := _mistake(request, websocket):
            broker.strangers.warn(f"refused a websocket: {mistake}")
            raise HubFault(400, "BadRequest", mistake)
        wire = _Wire(request, websocket)
        wire.limit(MAX_UNAUTHENTICATED_BYTES)
        await websocket.prepare(request)
        await wire.run(broker)
        return websocket

    return serve


def _mistake(request: web.Request, websocket: web.WebSocketResponse) -> str | None:
    """Why a request does not open a websocket for MQTT."""
    if request.headers.get("Upgrade", "").strip().lower() != "websocket":
        return "This path is for MQTT over websockets: the request must upgrade to websocket."
    offered = request.headers.getall("Sec-WebSocket-Protocol", [])
    if _SUBPROTOCOL not in [name.strip() for line in offered for name in line.split(",")]:
        return "The local hub speaks MQTT over websockets: the subprotocol must be 'mqtt'."
    if not websocket.can_prepare(request):
        return "The headers of the websocket are invalid, or its version is not 13."
    return None


class _Wire:
    """One websocket and the connection on it; also the connection's `Channel`."""

    def __init__(self, request: web.Request, websocket: web.WebSocketResponse) -> None:
        self._protocol = request.protocol
        self._transport = request.transport
        self._websocket = websocket
        self._loop = asyncio.get_running_loop()
        self._unsent = bytearray()
        self._sender: asyncio.Task[None] | None = None
        self._closing: asyncio.TimerHandle | None = None

    async def run(self, broker: Broker) -> None:
        """Serve the device until the connection ends, whichever side closes it."""
        connection = DeviceConnection(broker, self, self._loop.time())
        broker.connections.add(connection, self.abort)
        try:
            async for message in self._websocket:
                if message.type is not WSMsgType.BINARY:
                    connection.close("a websocket frame is too large, or is not binary")
                    break
                connection.receive(message.data, self._loop.time())
                await _finish(broker.hub.scheduler, connection.work)
                while connection.pause:
                    await asyncio.sleep(connection.pause)
                    await _finish(broker.hub.scheduler, connection.work)
                await self._drain()
        finally:
            broker.connections.discard(connection)
            connection.lost()
            await self._drain()
            if self._closing is not None:
                self._closing.cancel()
            _forget_frames(self._websocket.exception())

    def limit(self, size: int | None) -> None:
        """Disconnect a client that sends more bytes than this; None for no limit."""
        if isinstance(self._protocol, HttpConnection):
            self._protocol.allowance = size

    def authenticated(self) -> None:
        self.limit(None)
        if isinstance(self._protocol, HttpConnection):
            self._protocol.authenticated()

    def certificate(self) -> ClientCertificate | None:
        return client_certificate(self._transport)

    def write(self, data: bytes) -> None:
        self._unsent += data
        buffered = self._transport.get_write_buffer_size() if self._transport else 0
        if len(self._unsent) + buffered > _MAX_UNSENT:
            self.abort()
        self._send_soon()

    def close(self) -> None:
        if self._closing is None:
            self._closing = self._loop.call_later(_SECONDS_TO_CLOSE, self.abort)
            self._send_soon()

    def abort(self) -> None:
        """Close the connection without sending what is left."""
        if self._transport is not None:
            self._transport.abort()

    def _send_soon(self) -> None:
        if self._sender is None:
            self._sender = self._loop.create_task(self._send())

    async def _send(self) -> None:
        """Send what is unsent, and close the websocket if that is the last of it."""
        try:
            while self._unsent:
                data = bytes(self._unsent)
                self._unsent.clear()
                await self._websocket.send_bytes(data)
            if self._closing is not None:
                await self._websocket.close()
        except ConnectionError:  # the client has gone
            self._unsent.clear()
        finally:
            self._sender = None

    async def _drain(self) -> None:
        """Wait until the client has read its responses."""
        if self._sender is not None:
            await asyncio.wait([self._sender])


def _forget_frames(error: BaseException | None) -> None:
    """Break the cycle of a websocket, why it ended, and frames: its memory is freed at once."""
    while error is not None:
        error.__traceback__ = None
        error = error.__context__


async def _finish(scheduler: Scheduler, work: Callable[[float], bool]) -> None:
    """Run the work of a connection in turns, as the MQTT listener does."""
    finished = asyncio.get_running_loop().create_future()

    def job(until: float) -> bool:
        done = work(until)
        if done and not finished.done():
            finished.set_result(None)
        return done

    scheduler.begin(job)
    if not finished.done():
        await finished
