"""Requests that no SDK would send: each gets an answer that a hub would give, and never a 500.

New ones for a minute: `EDGEOPS_FUZZ_SECONDS=60 pytest tests/fuzz`.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import hostile_wire
from aiohttp import web
from fuzz_budget import rounds

from edgeops.localhub.access import Endpoint
from edgeops.localhub.http.app import ROUTES, application
from edgeops.localhub.http.server import HttpConnection
from edgeops.localhub.page import LINKS, PAGE_ROUTES, HubPage, add_page
from edgeops.localhub.page.logins import Logins
from edgeops.localhub.sas import signature
from edgeops.localhub.service import job_runner, registry
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.store import HubStore

CONNECTIONS = 250
MOST_REQUESTS_OF_A_CONNECTION = 20
SECONDS_TO_ANSWER = 20
KEY = base64.b64encode(b"a key of a policy").decode()
HOST = "hub:1"
# Makes anew what an earlier request has deleted.
WELL_FORMED = (
    b"PUT /devices/edge HTTP/1.1\r\nHost: hub:1\r\nAuthorization: %s\r\nContent-Length: 54\r\n\r\n"
    b'{"deviceId": "edge", "capabilities": {"iotEdge":true}}'
)

OTHERS = ("/", "/page/login", "/page/api/events")  # HTML, and a stream without an end
PAGE_PATHS = [(route.method, route.path) for route in PAGE_ROUTES if route.path not in OTHERS]
PATHS = [(route.method, route.path) for route in (*ROUTES, LINKS)] + PAGE_PATHS
PATHS += [("GET", "/artifacts/{name}"), ("HEAD", "/artifacts/{name}"), ("GET", "/nothing")]
NAMES = ("edge", "plain", "m1", "$edgeAgent", "c1", "d3", "file.bin")
TWIN = {
    "tags": {"site": "north", "ring": 1},
    "properties": {"desired": {"interval": 60, "model": {"version": "1.0"}}},
}
IDENTITY = {
    "deviceId": "d3",
    "moduleId": "m1",
    "id": "c1",
    "status": "enabled",
    "statusReason": "new",
    "capabilities": {"iotEdge": True},
    "authentication": {
        "type": "sas",
        "symmetricKey": {"primaryKey": KEY, "secondaryKey": KEY},
        "x509Thumbprint": {"primaryThumbprint": "A" * 40},
    },
    "deviceScope": "ms-azure-iot-edge://edge-1",
    "parentScopes": ["ms-azure-iot-edge://edge-1"],
    "managedBy": "IotEdge",
}
CONTENT = {
    "modulesContent": {
        "$edgeAgent": {"properties.desired": {"modules": {"m1": {"type": "docker"}}}},
        "$edgeHub": {"properties.desired.routes.upstream": "FROM /messages/* INTO $upstream"},
    }
}
CONFIGURATION = {
    "id": "c1",
    "content": CONTENT,
    "targetCondition": "tags.site = 'north'",
    "priority": 10,
    "labels": {"a": "b"},
    "metrics": {"queries": {"m": "SELECT deviceId FROM devices"}},
}
JOBS = (
    {
        "type": "scheduleUpdateTwin",
        "updateTwin": {"etag": "*", **TWIN},
        "queryCondition": "tags.site = 'north'",
        "startTime": "2026-01-02T03:04:05Z",
        "maxExecutionTimeInSeconds": 60,
    },
    {
        "type": "scheduleDeviceMethod",
        "cloudToDeviceMethod": {"methodName": "m", "payload": 1, "responseTimeoutInSeconds": 5},
        "queryCondition": "FROM devices.modules WHERE moduleId = 'm1'",
        "startTime": "2126-01-02T03:04:05Z",
    },
)
QUERY_WORDS = (
    *("SELECT", "*", "TOP", "5", "99999999999999999999", "COUNT()", "AS", "[[a b]]", "FROM"),
    *("devices", "devices.modules", "devices.jobs", "WHERE", "AND", "OR", "NOT", "IN", "NIN"),
    *("[", "]", "(", ")", ",", ".", "=", "!=", "<>", "<", "+", "-", "*", "/", "%", "tags", "a"),
    *("deviceId", "version", "properties.desired", "IS_DEFINED(", "STARTSWITH(", "GROUP BY"),
    *("'x'", r"'\ud800'", r"'\ud83d\ude00'", "'\\", '"', "1e308", "1e999", "0xFFFFFFFFFFFFFFFFFF"),
    *("true", "null", "undefined", "é", "\0", "configurations.[[c1]].status"),
)
GOOD_QUERIES = (
    "SELECT * FROM devices",
    "SELECT deviceId, tags.site AS site FROM devices WHERE tags.ring IN [1, 2] OR version * 2 > 1",
    "SELECT COUNT() AS n FROM devices.modules WHERE is_defined(properties.desired.interval)",
    "SELECT status, AVG(tags.ring), MAX(deviceId) AS last FROM devices GROUP BY status, tags",
    "SELECT * FROM devices WHERE startswith(deviceId, 'd') OR array_contains(parentScopes, 'x')",
    "SELECT * FROM devices.jobs WHERE devices.jobs.createdTimeUtc > '2026'",
    "SELECT * FROM devices.modules WHERE moduleId = '$edgeAgent' AND NOT configurations.[[c1]] = 1",
)


def query(random: Random) -> str:
    text = random.choice(GOOD_QUERIES)
    kind = random.randrange(4)
    if kind == 0:
        return " ".join(random.choices(QUERY_WORDS, k=random.randrange(1, 30)))
    if kind == 1:
        words = text.split(" ")
        words[random.randrange(len(words))] = random.choice(QUERY_WORDS)
        return " ".join(words)
    if kind == 2:
        joint = random.choice([" OR a=1", "+1", " AND NOT a", ",1", "(", ".a", " IN [1]"])
        return (text + " WHERE 1" + joint * random.choice([1, 70, 2000]))[:8200]
    return text


def body(random: Random, path: str) -> bytes:
    """What an operation takes, or nearly."""
    good: Any = random.choice([TWIN, IDENTITY, CONTENT, CONFIGURATION])
    if path == "/devices":
        modes = ("create", "update", "updateTwin", "updateIfMatchETag", "delete", "none")
        entry = {**TWIN, **IDENTITY, "id": "d4", "importMode": random.choice(modes), "eTag": "x"}
        good = [entry, {**entry, "id": "d5"}]
    elif path == "/page/api/methods":
        good = {"device": "edge", "module": "m1", "methodName": "m"}
    elif path == "/page/api/connection":
        good = random.choice([{"device": "edge", "module": "m1"}, {"policy": "service"}])
    elif path == "/page/api/conditions":
        good = {"latency": 0, "faults": []}
    elif path.endswith("regenerate"):
        policy_key = random.choice(["primaryKey", "secondaryKey", "both"])
        good = {"policyKey": policy_key, "devices": [{"id": "d1"}, {"id": "d1", "moduleId": "m1"}]}
    elif path.endswith("query"):
        good = {"query": query(random)}
    elif path.endswith("methods"):
        good = {"methodName": "m", "payload": 1, "responseTimeoutInSeconds": 5}
    elif path.endswith("testQueries"):
        queries = {"a": query(random), "b": query(random)}
        good = {"targetCondition": query(random), "customMetricQueries": queries}
    elif path.startswith("/jobs/v2/"):
        good = random.choice(JOBS)
        if random.random() < 0.3:
            good = good | {"queryCondition": query(random)}
    elif path.startswith("/configurations/"):
        good = CONFIGURATION | {"targetCondition": query(random)}
    return hostile_wire.json_bytes(
        random, good if random.random() < 0.2 else hostile_wire.spoilt(random, good)
    )


def address(random: Random, path: str) -> bytes:
    raw = b""
    for part in path.split("/")[1:]:
        name: str | bytes = part
        if part.startswith("{"):
            name = random.choice(NAMES if random.random() < 0.7 else hostile_wire.TEXTS)
        encoded = quote(name, safe="$").encode()
        if random.random() < 0.05:
            encoded += random.choice([b"%ff", b"%00", b"\xff", b"\xed\xa0\x80", b"%ed%a0%80", b"%"])
        raw += b"/" + encoded
    if random.random() < 0.4:
        names = ("api-version", "top", "after", "last", "max", "device", "jobType", "jobStatus")
        pairs = [
            f"{random.choice(names)}={quote(str(value))}"
            for value in random.choices(
                [*hostile_wire.TEXTS, *hostile_wire.NUMBERS], k=random.randrange(1, 4)
            )
        ]
        raw += b"?" + "&".join(pairs).encode()
        raw += random.choice([b"", b"", b"%ff", b"\xff", b"%ed%a0%80"])
    return raw


def continuation(random: Random) -> str:
    digest = hashlib.sha256(random.choice(GOOD_QUERIES).encode()).hexdigest()[:16]
    names = random.choices(["", "edge", "\ud800", "\0", 7, None], k=2)
    content = [digest, *names, random.choice(hostile_wire.NUMBERS)]
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def headers(random: Random, token: bytes) -> list[bytes]:
    lines = [b"Host: " + HOST.encode(), b"Authorization: " + token]
    lines.append(b"Origin: https://" + HOST.encode())  # as the page of the hub
    unusual: list[tuple[str, tuple[str | bytes, ...]]] = [
        (
            "If-Match",
            ('"*"', "*", "", '"', "W/", "\xe9", b"\xff\xfe", '"AAAAAAAAAAE="', "x" * 4000),
        ),
        ("x-ms-max-item-count", ("0", "-1", "1", "100", "1" * 30, "٣", "1.5", "", b"\xb2")),
        ("x-ms-continuation", (continuation(random), "x", "é", b"\xff", "====", "A" * 4000)),
        ("Content-Type", ("text/xml", "application/json; charset=utf-16", ";", b"\xff", "a" * 999)),
        ("Content-Encoding", ("gzip", "deflate", "br", "zstd", "identity", "x", "gzip, gzip")),
        ("Expect", ("100-continue", "200-ok", "")),
        ("Connection", ("close", "upgrade", "keep-alive")),
        ("Upgrade", ("websocket", "h2c")),
        (
            "Range",
            ("bytes=0-0", "bytes=9-1", "bytes=-5", "bytes=" + "9" * 18 + "-", "x", "bytes=-"),
        ),
        ("If-Range", ("x", '"', b"\xff")),
        ("If-None-Match", ("*", ",", '"x"')),
        ("Host", ("", ":", "[::1", b"\xff", "hub:1")),
        (
            "Authorization",
            ("", "SharedAccessSignature ", "SharedAccessSignature sr=&se=&sig=%ff", "é"),
        ),
        ("Accept", ("text/html",)),
        ("Cookie", ("=", '"', "a=\x01")),
        ("Origin", ("null", "https://", b"\xff")),
        ("Sec-Fetch-Site", ("cross-site", "", b"\xff")),
        ("X-Odd", ("", "\0", "a" * 9000)),
        ("iothub-ack", ("full", "FULL", "x", "", b"\xff")),
        ("iothub-expiry", ("2101-02-03T04:05:06Z", "0001-01-01T00:00:00+14:00", "x", "9" * 30)),
        ("iothub-messageid", ("m-1", "a b", "x" * 200, "é")),
        ("iothub-contentencoding", ("gzip", "utf-8", "x y", "é")),
        ("iothub-app-" + random.choice(["", "a", "#", "ü"]), ("b", "", "\t", "é", "%" * 4000)),
    ]
    inboxes = ("plain", "edge", "m1", "%ff", "%00", "edge/modules/m1", "")
    address = f"/devices/{random.choice(inboxes)}/messages/devicebound"
    unusual += [("iothub-to", (address, address.upper(), "/", "", b"\xff"))] * 3
    for name, values in random.sample(unusual, k=random.choice([0, 0, 1, 1, 2, 3])):
        chosen = random.choice(values)
        raw = chosen if isinstance(chosen, bytes) else chosen.encode("utf-8", "surrogatepass")
        if name in ("Authorization", "Host"):
            lines = [line for line in lines if not line.startswith(name.encode())]
        lines.append(name.encode() + b": " + raw)
    return lines


def request(random: Random, token: bytes) -> bytes:
    """A request, often wrong in one way or another."""
    method, path = random.choice(PATHS)
    if random.random() < 0.05:
        method = random.choice(
            ["OPTIONS", "TRACE", "CONNECT", "PRI", "get", "X" * 50, "DELETE", "HEAD"]
        )
    content = body(random, path) if method in ("PUT", "POST", "PATCH") else b""
    lines = headers(random, token)
    if random.random() < 0.1:
        content = random.choice([gzip.compress, zlib.compress])(content)
    if random.random() < 0.1:
        content, lines = chunked(random, content), [*lines, b"Transfer-Encoding: chunked"]
    if b"Transfer-Encoding: chunked" not in lines or random.random() < 0.1:
        sizes = [len(content)] * 20 + [0, -1, len(content) + 5, 10**30, "x", "1, 1", ""]
        lines.append(f"Content-Length: {random.choice(sizes)}".encode())
    line = b"%s %s HTTP/1.1" % (method.encode(), address(random, path))
    raw = b"\r\n".join([line, *lines]) + b"\r\n\r\n" + content
    return hostile_wire.mutated(random, raw) if random.random() < 0.05 else raw


def chunked(random: Random, content: bytes) -> bytes:
    sizes = [b"%x" % len(content)] * 5 + [b"-1", b"zz", b"", b"f" * 20, b"%x" % (len(content) + 3)]
    return random.choice(sizes) + b"\r\n" + content + b"\r\n0\r\n\r\n"


# --- a hub, and a client that sends any bytes ---------------------------------------------


class OpenToAll(Logins):
    """Every session is open."""

    def is_open(self, session: str) -> bool:
        return True


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[int]:
    """A hub on a port, without TLS; with an edge device, a plain one and an artifact."""
    (folder / "artifacts").mkdir()
    (folder / "artifacts" / "file.bin").write_bytes(b"0123456789")
    with HubStore(folder / "hub.db") as store:
        hub = EmulatedHub(store)
        registry.put_device(hub, "plain", {"deviceId": "plain"}, None)
        keys = {"iothubowner": KEY, "service": KEY}
        served = application(hub, keys, None, folder / "artifacts", None, LINKS)
        endpoint = Endpoint("127.0.0.1", 1, 1, folder / "ca.pem")
        add_page(served, HubPage(hub, endpoint, keys, logins=OpenToAll()))
        runner = web.AppRunner(served)
        await runner.setup()
        app = runner.server
        assert app is not None
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: HttpConnection(app, lambda: None), "127.0.0.1", 0)
        try:
            async with job_runner.running(hub):
                yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            await runner.cleanup()


async def answer(reader: asyncio.StreamReader, method: bytes) -> tuple[int, bytes, bool]:
    """Status, body, and whether the connection ends. Raises `EOFError` when it was cut."""
    head = await reader.readuntil(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100"):
        return await answer(reader, method)
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    status = int(first.split(" ")[1])
    empty = method == b"HEAD" or status in (204, 304)
    content = b"" if empty else await reader.readexactly(int(fields.get("content-length", "0")))
    return status, content, fields.get("connection") == "close" or first.startswith("HTTP/1.0")


def check(raw: bytes, status: int, content: bytes) -> None:
    assert status < 500, (raw, content)
    if status >= 400 and content:
        refusal = json.loads(content)
        if refusal.keys() & {"isSuccessful", "rotatedKeys"}:
            return  # an operation on many devices says so for each
        assert refusal["Message"].startswith("ErrorCode:"), (raw, content)
        assert refusal["ExceptionMessage"].startswith("Tracking ID:"), (raw, content)


async def converse(port: int, random: Random, token: bytes) -> None:
    """Some requests on one connection; then the hub must still answer a good one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(ConnectionError, EOFError):
        for _ in range(random.randrange(MOST_REQUESTS_OF_A_CONNECTION)):
            raw = request(random, token)
            if random.random() < 0.02:  # the client vanishes in the middle
                writer.write(raw[: random.randrange(len(raw))])
                break
            writer.write(raw)
            if random.random() < 0.02:
                break
            # What is shorter than it says leaves the hub waiting: nothing more comes.
            method = raw.partition(b" ")[0]
            async with asyncio.timeout(SECONDS_TO_ANSWER):
                asking = asyncio.ensure_future(answer(reader, method))
                done, _ = await asyncio.wait([asking], timeout=0.3)
                if not done and writer.can_write_eof():
                    writer.write_eof()
                status, content, ends = await asking
            check(raw, status, content)
            if ends:
                break
    if random.random() < 0.5:
        writer.transport.abort()
    writer.close()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(SECONDS_TO_ANSWER):
        writer.write(WELL_FORMED % token)
        status, content, _ = await answer(reader, b"PUT")
    writer.close()
    assert status in (200, 409), content


async def fuzz(folder: Path) -> None:
    signed = quote(signature(KEY, quote(HOST, safe=""), "9999999999"), safe="")
    sas = f"sr={quote(HOST, safe='')}&sig={signed}&se=9999999999&skn=iothubowner"
    token = b"SharedAccessSignature " + sas.encode()
    async with serving(folder) as port:
        for random in rounds(CONNECTIONS, seed=1):
            await converse(port, random, token)


def test_every_request_is_answered(tmp_path: Path, complaints: list[str]) -> None:
    asyncio.run(fuzz(tmp_path))
    assert complaints == []
