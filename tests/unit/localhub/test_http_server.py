"""HTTP connections as nobody should make them: answered as Azure would, in time, and quietly."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import ssl
import time
import zlib

import pytest
from aiohttp import web

from edgeops.localhub.http import server
from edgeops.localhub.http.server import HttpConnection
from edgeops.localhub.http.wire import error_response, json_body
from edgeops.localhub.state.errors import HubFault

LARGE = 30_000_000  # more than sockets hold


async def echo(request):
    return web.json_response(await json_body(request))


async def bulk(request):
    """As `echo`, of as much as a bulk request may have."""
    return web.json_response(len(await json_body(request, LARGE)))


async def size(request):
    return web.json_response(len(await request.read()))


async def ignore(request):
    request.protocol.request_started()
    return web.Response()


async def large(_):
    return web.Response(body=bytes(LARGE))


class Connected(HttpConnection):
    """A connection that says when it is there, and when it has gone."""

    def __init__(self, manager):
        super().__init__(manager, lambda: self.gone.set())
        self.made, self.gone = asyncio.Event(), asyncio.Event()

    def connection_made(self, transport):
        super().connection_made(transport)
        self.made.set()


def converse(client):
    """What `client(reader, writer, connection)` gives, on a connection to a small application."""

    @web.middleware
    async def refusing(request, handler):
        try:
            return await handler(request)
        except HubFault as fault:
            return error_response(fault)

    async def main():
        app = web.Application(middlewares=[refusing])
        app.router.add_post("/echo", echo)
        app.router.add_post("/bulk", bulk)
        app.router.add_post("/size", size)
        app.router.add_post("/ignore", ignore)
        app.router.add_get("/large", large)
        runner = web.AppRunner(app)
        await runner.setup()
        connection = Connected(runner.server)
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: connection, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        async with asyncio.timeout(20):
            await connection.made.wait()
            result = await client(reader, writer, connection)
        writer.transport.abort()
        listening.close()
        await runner.cleanup()
        return result

    return asyncio.run(main())


def sending(raw):
    """The answer to some bytes, after which the hub closes the connection."""

    async def client(reader, writer, _):
        writer.write(raw)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return head.partition(b"\r\n")[0], body

    return client


def posting(path, content, *lines):
    head = [f"POST {path} HTTP/1.1", "Host: hub", "Connection: close", *lines]
    return "\r\n".join([*head, f"Content-Length: {len(content)}", "", ""]).encode() + content


@pytest.fixture
def errors(caplog):
    """What was logged as an error."""
    return lambda: [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01 no\r\n\r\n",
        b"GET / HTTP/9.9.9\r\n\r\n",
        b"GET /echo HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nConnection: close\r\n\r\n",
    ],
)
def test_bytes_that_are_not_http_get_the_answer_of_azure(raw, errors):
    status, body = converse(sending(raw))
    assert status.split()[1] in (b"400", b"417")
    refused = json.loads(body)
    assert refused["Message"].startswith("ErrorCode:BadRequest;")
    assert refused["ExceptionMessage"].startswith("Tracking ID:")
    assert errors() == []


def test_a_header_that_is_too_long_is_named():
    raw = b"GET /echo HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 9_000 + b"\r\n\r\n"
    _, body = converse(sending(raw))
    assert "The headers of the request are too long, or too many." in json.loads(body)["Message"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_an_unread_body_that_cannot_be_decoded_is_not_a_failure(encoding, errors):
    raw = posting("/ignore", b"not compressed", f"Content-Encoding: {encoding}")
    assert converse(sending(raw))[0].split()[1] == b"200"
    assert errors() == []


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_body_is_never_decompressed(pack, errors):
    encoding = {gzip.compress: "gzip", zlib.compress: "Deflate"}[pack]
    body = pack(bytes(1_000_000))
    raw = posting("/size", body, f"Content-Encoding: {encoding}")
    assert converse(sending(raw)) == (b"HTTP/1.1 200 OK", str(len(body)).encode())
    status, answer = converse(
        sending(posting("/echo", pack(b"{}"), f"Content-Encoding: {encoding}"))
    )
    assert status.split()[1] == b"400"
    assert "does not take compressed bodies" in json.loads(answer)["Message"]
    assert errors() == []


@pytest.mark.parametrize("coding", ["identity", "utf-8"])
def test_encodings_that_do_not_compress_are_ignored(coding):
    raw = posting("/echo", b"[1]", f"Content-Encoding: {coding}")
    assert converse(sending(raw)) == (b"HTTP/1.1 200 OK", b"[1]")


@pytest.mark.parametrize("remainder", [b"no chunk\r\n", b"1\r\nx", None])
def test_an_unread_body_that_breaks_off_is_not_a_failure(remainder, errors, monkeypatch):
    monkeypatch.setattr(server, "_SECONDS_FOR_UNREAD_BODY", 0.1)

    async def client(reader, _writer, connection):
        head = b"POST /ignore HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.data_received(head + b"1\r\nx\r\n")
        status = await reader.readline()
        if remainder is None:
            connection.transport.abort()
        else:
            connection.data_received(remainder)
        await connection.gone.wait()
        return status.split()[1]

    assert converse(client) == b"200"
    assert errors() == []


def test_a_large_body_in_small_pieces_costs_no_more_than_its_pieces(errors):
    pieces = [b'"', *[b"x" * 8_000] * 1000, *[b"x"] * 1000, b'"']
    size = sum(map(len, pieces))

    async def client(reader, _writer, connection):
        head = f"POST /bulk HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n"
        connection.data_received(head.encode())
        began = time.process_time()
        for piece in pieces:
            connection.data_received(piece)
            await asyncio.sleep(0)
            await asyncio.sleep(0)  # it is read, and the next one is waited for
        spent = time.process_time() - began
        await reader.readuntil(b"\r\n\r\n")
        return spent, int(await reader.read(7))

    spent, read = converse(client)
    assert (read, errors()) == (size - 2, [])
    assert spent < 1.0, "to copy all that has come for each piece takes several times as long"


def test_a_client_that_is_slow_with_the_head_is_cut_off(monkeypatch, errors):
    monkeypatch.setattr(server, "SECONDS_FOR_HEAD", 0.1)
    assert converse(sending(b"GET / HTT")) == (b"", b"")
    assert errors() == []


def test_a_client_that_does_not_take_the_answer_is_cut_off(monkeypatch, errors):
    monkeypatch.setattr(server, "SECONDS_TO_READ_RESPONSE", 0.1)

    async def client(_reader, writer, connection):
        writer.write(b"GET /large HTTP/1.1\r\nHost: hub\r\n\r\n")
        await connection.gone.wait()

    converse(client)
    assert errors() == []


@pytest.mark.parametrize("error", [None, ConnectionResetError("reset"), ssl.SSLError("garbage")])
@pytest.mark.parametrize("sent", [b"POST /echo HTTP/1.1\r\nHost: a\r\n", b"{", b"0" * 50_000])
def test_a_client_that_vanishes_is_not_a_failure(error, sent, errors):
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"

    async def client(_, _writer, connection):
        transport = connection.transport
        connection.data_received(sent if sent.startswith(b"POST") else head + sent)
        for _ in range(10):  # it is read, and more is waited for
            await asyncio.sleep(0)
        connection.connection_lost(error)
        transport.abort()

    converse(client)
    assert errors() == []
