"""What costs a local hub most: work for each, by name, that a client can give it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any
from urllib.parse import quote

from edgeops.localhub.access import Endpoint
from edgeops.localhub.mqtt.packets import Publish, encode
from tests.bench.loaded_hub import BATCH, KEY, connect_to

# Gives the status and the body of an answer.
Ask = Callable[[str, str, object], Awaitable[tuple[int, bytes]]]
Work = Callable[[], Coroutine[Any, Any, None]]

_SELECT = "SELECT deviceId FROM devices WHERE "
_QUERIES = {
    "IN of 1,600 values": _SELECT + "version IN [" + ",".join(["9999"] * 1600) + "]",
    "OR of 900 comparisons": _SELECT + " OR ".join(["a=1"] * 900),
    "sums of 60 terms": _SELECT + " OR ".join(["+".join(["version"] * 60) + "=1"] * 14),
    "300 columns": "SELECT " + ",".join(f"tags AS a{n}" for n in range(300)) + " FROM devices",
    "everything of modules": "SELECT * FROM devices.modules",
    "a page of large twins": "SELECT * FROM devices",
    "a group of each device": "SELECT deviceId, COUNT() AS n FROM devices GROUP BY deviceId",
    "a group with 100 sums": "SELECT "
    + ",".join(f"SUM(version) AS a{n}" for n in range(100))
    + " FROM devices",
}
_LARGE = {f"key{n:04}": 4503599627370495 for n in range(2000)}
_METRICS = {f"m{n}": f"SELECT deviceId FROM devices WHERE version = {n}" for n in range(5)}
_DEVICES_WITH_2000_SETTINGS = 300
_EDGE, _SENDER, _AWAY = "edge", "edge/sender", "edge/away"
_UPPER = "UPPER($body.text) = 'x'"
_TO_AWAY = 'INTO BrokeredEndpoint("/modules/away/inputs/in")'


async def of_requests(ask: Ask, names: Sequence[str]) -> dict[str, Work]:
    """Requests that take long, of a hub with these devices."""
    sections = {"desired": _LARGE, "reported": _LARGE}
    update = [
        {"id": name, "importMode": "updateTwin", "properties": sections}
        for name in names[:24]  # as many as have the values that one body may have
    ]
    condition = " OR ".join(["tags.a=1"] * 300)
    for n in range(10):
        await _configure(ask, f"c{n}", {}, condition)

    def asking(method: str, path: str, body: object = None) -> Work:
        async def work() -> None:
            status, _ = await ask(method, path, body)
            assert status < 500

        return work

    return {
        **{name: asking("POST", "/devices/query", {"query": q}) for name, q in _QUERIES.items()},
        "bulk of large twins": asking("POST", "/devices", update),
        "configurations": asking("GET", "/configurations"),
        "statistics": asking("GET", "/statistics/devices"),
        "a body of empty lists": asking("PATCH", f"/twins/{names[1]}", [[]] * 19_990),
        "a body of 7 MB": asking("POST", "/devices", ["x" * 7_000_000]),
    }


async def of_the_hub(ask: Ask, names: Sequence[str]) -> dict[str, Work]:
    """What goes on in the hub when a request is answered, and requests that need it."""
    configurations = min(90, len(names))

    async def job() -> None:
        body = {
            "jobId": "j1",
            "type": "scheduleUpdateTwin",
            "queryCondition": "*",
            "updateTwin": {"etag": "*", "properties": {"desired": {"x": 1}}},
        }
        await ask("PUT", "/jobs/v2/j1", body)
        answer = await _until(ask, "/jobs/v2/j1", b'"completed"')
        assert json.loads(answer)["deviceJobStatistics"]["succeededCount"] >= len(names)

    async def settings() -> None:
        last = names[:_DEVICES_WITH_2000_SETTINGS][-1]
        body = {f"properties.desired.{key}": value for key, value in _LARGE.items()}
        await _configure(ask, "large", body, f"deviceId <= '{last}'")
        await _until(ask, f"/twins/{last}", b'"key1999"')

    async def metrics() -> None:
        for n in range(10):
            await ask("DELETE", f"/configurations/c{n}", None)
        for n in range(configurations):
            await _configure(ask, f"m{n}", {}, "tags.a = 1", {"queries": _METRICS})
        await ask("GET", "/configurations", None)
        for n in range(configurations):
            await ask("DELETE", f"/configurations/m{n}", None)

    async def keys() -> None:
        devices = [{"id": name} for name in names[len(names) // 2 :][-BATCH:]]
        for _ in range(min(20, len(names))):
            body = {"policyKey": "both", "devices": devices}
            status, _ = await ask("POST", "/devices/keys/regenerate", body)
            assert status == 200

    return {
        f"a job on {len(names):,} devices": job,
        f"metrics of {configurations} configurations": metrics,
        "2,000 settings": settings,
        "new keys for 100 devices": keys,
    }


async def of_modules(ask: Ask, endpoint: Endpoint, most: int) -> dict[str, Work]:
    """Messages of a module to another one that is away: at most so many."""
    keys = {"type": "sas", "symmetricKey": {"primaryKey": KEY, "secondaryKey": KEY}}
    entries = [
        {"id": _EDGE, "importMode": "create", "capabilities": {"iotEdge": True}},
        *(
            {"id": _EDGE, "moduleId": name, "importMode": "create", "authentication": keys}
            for name in ("sender", "away")
        ),
    ]
    for entry in entries:
        status, answer = await ask("POST", "/devices", [entry])
        assert status == 200, answer

    def sending(routes: list[str], payload: bytes, count: int) -> Work:
        async def work() -> None:
            named = {f"r{n}": route for n, route in enumerate(routes)}
            content = {"$edgeHub": {"properties.desired": {"routes": named}}}
            path = f"/devices/{_EDGE}/applyConfigurationContent"
            status, answer = await ask("POST", path, {"modulesContent": content})
            assert status == 204, answer
            await _send(endpoint, payload, min(count, most))

        return work

    costly = json.dumps({"text": "ŉ" * 127_000}, ensure_ascii=False).encode()
    long = " OR ".join([_UPPER] * 150)
    return {
        "500 routes, 256 KB": sending([f"FROM /* WHERE {_UPPER} INTO $upstream"] * 500, costly, 5),
        "7 long routes, 256 KB": sending([f"FROM /* WHERE {long} INTO $upstream"] * 7, costly, 5),
        "10,000 messages, nobody there": sending([f"FROM /* {_TO_AWAY}"], b"x" * 1000, 10_000),
        "500 large ones, nobody there": sending([f"FROM /* {_TO_AWAY}"], b"x" * 250_000, 500),
    }


async def _until(ask: Ask, path: str, expected: bytes) -> bytes:
    """Ask again and again until the answer has something; gives it."""
    while True:
        _, answer = await ask("GET", path, None)
        if expected in answer:
            return answer
        await asyncio.sleep(0.05)


async def _configure(
    ask: Ask, name: str, settings: object, condition: str, metrics: object = None
) -> None:
    body = {"id": name, "content": {"deviceContent": settings}, "targetCondition": condition}
    status, answer = await ask("PUT", f"/configurations/{name}", body | {"metrics": metrics})
    assert status == 201, answer


async def _send(endpoint: Endpoint, payload: bytes, count: int) -> None:
    """Send messages of the module, and wait until the hub has taken them."""
    answered = asyncio.Event()
    [module] = await connect_to(endpoint, [_SENDER], lambda *_: answered.set())
    properties = f"$.ct={quote('application/json', safe='')}&$.ce=utf-8"
    topic = f"devices/{_EDGE}/modules/sender/messages/events/{properties}"
    for n in range(count):
        module.transport.write(encode(Publish(topic, payload)))
        if n % 20 == 0 or n == count - 1:
            module.ask_twin()
            await answered.wait()
            answered.clear()
    await module.disconnect()
