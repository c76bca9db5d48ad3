"""A local hub that is killed at random moments while clients write, and what must be left of it.

Every acknowledged write is there after the next start; a write that was under way is there
as a whole or not at all. After the last start each twin of a job has been updated once, and
configurations have made of the twins what their rules say.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from edgeops.hub.credentials import parse_connection_string
from edgeops.localhub import access

_SERVE = """
import asyncio, sys
from pathlib import Path
from edgeops.localhub.serve import serve
ready = lambda at: print(at.port, flush=True)
asyncio.run(serve(Path(sys.argv[1]), port=0, mqtt_port=0, ready=ready))
"""
_SECONDS_TO_START = 0.6
_SHARE_OF_STARTS = 0.2  # of the kills: so many come before the hub is ready
_SECONDS_TO_LIVE = 0.5
_SECONDS_TO_SETTLE = 60.0
_WRITERS = 4
_JOBS_IN_A_LIFE = 3
_CONFIGURATIONS = ("c0", "c1", "c2", "c3")
# Target conditions, and the thirds of the twins that they match.
_THIRDS = {"tags.third = 0": (0,), "tags.third > 0": (1, 2), "tags.third >= 0": (0, 1, 2)}

Document = dict[str, Any]


@dataclass(frozen=True)
class Api:
    """The service API of a hub that can die at any time."""

    session: aiohttp.ClientSession
    base: str
    token: str

    async def ask(
        self, method: str, path: str, body: object = None, *, etag: str | None = None
    ) -> tuple[int, Any]:
        """The status and JSON of an answer. Raises `aiohttp.ClientError` when the hub is gone."""
        headers = {"Authorization": self.token} | ({"If-Match": etag} if etag else {})
        data = None if body is None else json.dumps(body)
        url = self.base + path
        async with self.session.request(method, url, data=data, headers=headers) as answer:
            text = await answer.text()
            assert answer.status < 500, (method, path, answer.status, text)
            return answer.status, json.loads(text) if text else None

    async def twins(self, kind: str) -> dict[str, Document]:
        """The twins with a kind in their tags, by their device."""
        text = f"SELECT * FROM devices WHERE tags.kind = '{kind}'"
        status, rows = await self.ask("POST", "/devices/query", {"query": text})
        assert status == 200, rows
        return {row["deviceId"]: row for row in rows}


class KilledHub:
    """Kills a hub again and again. Raises `AssertionError` when something is lost."""

    def __init__(self, state_dir: Path, *, seed: int) -> None:
        self._state_dir = state_dir
        self._random = random.Random(seed)
        self._written = [f"w{n:02}" for n in range(24)]
        self._of_jobs = [f"j{n:02}" for n in range(76)]
        # The states in which a thing may be: the one that was acknowledged last, and
        # then one that was under way when the hub died. None does not exist.
        self._numbers: dict[str, list[int]] = {}
        self._new_jobs: dict[str, list[str | None]] = {}
        self._configurations: dict[str, list[Document | None]] = {
            name: [None] for name in _CONFIGURATIONS
        }
        self.jobs: list[str] = []  # those that exist
        self.acknowledged = 0
        self.lives = 0
        self.kills_at_start = 0
        self.slowest_start = 0.0

    async def run(self, kills: int) -> None:
        """Make devices, kill the hub so many times, and check what is left in the end."""
        await self._live(self._make_devices)
        while self.lives < kills:
            if self._random.random() < _SHARE_OF_STARTS:
                await self._kill_at_start()
            else:
                await self._live(self._be_killed)
        await self._live(self._settle)
        with closing(sqlite3.connect(self._state_dir / "hub.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    # --- lives of the hub ----------------------------------------------------------------

    async def _kill_at_start(self) -> None:
        process = self._start()
        await asyncio.sleep(self._random.uniform(0, _SECONDS_TO_START))
        _kill(process)
        self.kills_at_start += 1

    async def _live(self, live: Callable[[Api], Awaitable[None]]) -> None:
        """Start the hub, check what it has, do something, and kill it if that has not."""
        began = time.perf_counter()
        process = self._start()
        try:
            assert process.stdout
            ready = await asyncio.to_thread(process.stdout.readline)
            assert ready.strip().isdecimal(), "the hub has not started; its errors say why"
            self.slowest_start = max(self.slowest_start, time.perf_counter() - began)
            endpoint = access.running(self._state_dir)
            assert endpoint
            text = access.connection_string(self._state_dir)
            token = await parse_connection_string(text, "a test").authorization()
            context = ssl.create_default_context(cafile=endpoint.ca_file)
            connector = aiohttp.TCPConnector(ssl=context)
            async with aiohttp.ClientSession(connector=connector) as session:
                api = Api(session, f"https://{endpoint.hostname}", token)
                await self._check(api)
                await live(api)
        finally:
            _kill(process)

    def _start(self) -> subprocess.Popen[str]:
        self.lives += 1
        command = [sys.executable, "-c", _SERVE, str(self._state_dir)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    async def _be_killed(self, api: Api) -> None:
        """Let clients write until the hub has died in the middle of it."""
        clients = [
            *(self._write_twins(api, self._written[n::_WRITERS]) for n in range(_WRITERS)),
            self._create_jobs(api),
            self._change_configurations(api),
        ]
        tasks = [asyncio.create_task(client) for client in clients]
        await asyncio.sleep(self._random.uniform(0, _SECONDS_TO_LIVE))
        endpoint = access.running(self._state_dir)
        assert endpoint
        os.kill(endpoint.pid, signal.SIGKILL)
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if outcome is not None and not isinstance(outcome, aiohttp.ClientError | OSError):
                raise outcome

    # --- clients -------------------------------------------------------------------------

    async def _make_devices(self, api: Api) -> None:
        for kind, names in (("written", self._written), ("job", self._of_jobs)):
            tags = {"kind": kind, "n": 0} | ({"third": 0} if kind == "written" else {})
            body = [{"id": name, "importMode": "create", "tags": tags} for name in names]
            status, answer = await api.ask("POST", "/devices", body)
            assert status == 200, answer
        self._numbers = {name: [0] for name in self._written}

    async def _write(
        self, states: list[Any], state: Any, request: Callable[[], Awaitable[bool]]
    ) -> None:
        """Bring a thing into a state by a request, which gives whether the hub has done it."""
        before = states[-1]
        states[:] = [before, state]
        done = await request()
        states[:] = [state if done else before]
        self.acknowledged += done

    async def _write_twins(self, api: Api, names: list[str]) -> None:
        while True:
            name = self._random.choice(names)
            states = self._numbers[name]
            number = states[-1] + 1
            await self._write(states, number, partial(_write_tags, api, name, number))

    async def _create_jobs(self, api: Api) -> None:
        for n in range(_JOBS_IN_A_LIFE):
            name = f"job-{self.lives:04}-{n}"
            states = self._new_jobs.setdefault(name, [None])
            await self._write(states, name, partial(_create_job, api, name))
            await asyncio.sleep(self._random.uniform(0, 0.1))

    async def _change_configurations(self, api: Api) -> None:
        while True:
            name = self._random.choice(_CONFIGURATIONS)
            states = self._configurations[name]
            state: Document | None = None
            if states[-1] is None or self._random.random() < 0.8:
                state = {
                    "targetCondition": self._random.choice(list(_THIRDS)),
                    "priority": self._random.randrange(3),
                }
            change = partial(_change_configuration, api, name, state, existing=bool(states[-1]))
            await self._write(states, state, change)

    # --- what must be there --------------------------------------------------------------

    async def _check(self, api: Api) -> None:
        """Check that everything is in a state in which it may be."""
        twins = await api.twins("written")
        for name, numbers in self._numbers.items():
            number = twins[name]["tags"]["n"]
            assert number in numbers, f"twin {name} has {number}, not one of {numbers}"
            numbers[:] = [number]
        for name, states in self._new_jobs.items():
            status, _ = await api.ask("GET", f"/jobs/v2/{name}")
            state = name if status == 200 else None
            assert state in states, f"job {name}: status {status}, but it must be one of {states}"
            if state:
                self.jobs.append(state)
        self._new_jobs.clear()
        for name, possible in self._configurations.items():
            status, body = await api.ask("GET", f"/configurations/{name}")
            now = (
                {key: body[key] for key in ("targetCondition", "priority")}
                if status == 200
                else None
            )
            assert now in possible, f"configuration {name} is {now}, not one of {possible}"
            possible[:] = [now]

    async def _settle(self, api: Api) -> None:
        """Wait for jobs and configurations, and check what they have made of the twins."""
        async with asyncio.timeout(_SECONDS_TO_SETTLE):
            for name in self.jobs:
                await self._wait_for(api, name)
        once_each = dict.fromkeys(self._of_jobs, 1 + len(self.jobs))
        twins = await api.twins("job")
        assert once_each == {name: _desired(twin)["$version"] for name, twin in twins.items()}

        until = time.monotonic() + _SECONDS_TO_SETTLE
        while (found := await self._configured(api)) != (wanted := await self._wanted(api)):
            assert time.monotonic() < until, f"configurations made {found}, not {wanted}"

    async def _wait_for(self, api: Api, job: str) -> None:
        while True:
            _, body = await api.ask("GET", f"/jobs/v2/{job}")
            if body["status"] not in ("queued", "scheduled", "running"):
                break
            await asyncio.sleep(0.02)
        counts = body["deviceJobStatistics"]
        assert body["status"] == "completed", body
        assert counts["succeededCount"] == counts["deviceCount"] == len(self._of_jobs), body

    async def _configured(self, api: Api) -> dict[str, Document]:
        """What configurations have made of each device, with the statuses that they have there."""
        return {
            name: {key: value for key, value in _desired(twin).items() if key[0] != "$"}
            | {"statuses": {c: s["status"] for c, s in twin.get("configurations", {}).items()}}
            for name, twin in (await api.twins("written")).items()
        }

    async def _wanted(self, api: Api) -> dict[str, Document]:
        """What the rules of the configurations say."""
        _, configurations = await api.ask("GET", "/configurations")
        configurations.sort(key=lambda c: (c["priority"], c["createdTimeUtc"]))
        wanted = {}
        for name, [number] in self._numbers.items():
            third = number % 3
            ids = [c["id"] for c in configurations if third in _THIRDS[c["targetCondition"]]]
            settings = {"highest": ids[-1], "own": dict.fromkeys(ids, True)} if ids else {}
            wanted[name] = {**settings, "statuses": dict.fromkeys(ids, "Applied")}
        return wanted


def _kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


def _desired(twin: Document) -> Document:
    desired: Document = twin["properties"]["desired"]
    return {key: value for key, value in desired.items() if key != "$metadata"}


async def _write_tags(api: Api, name: str, number: int) -> bool:
    tags = {"n": number, "third": number % 3}
    status, answer = await api.ask("PATCH", f"/twins/{name}", {"tags": tags}, etag='"*"')
    assert status == 200, answer
    return True


async def _create_job(api: Api, name: str) -> bool:
    body = {
        "jobId": name,
        "type": "scheduleUpdateTwin",
        "queryCondition": "tags.kind = 'job'",
        "updateTwin": {"etag": "*", "properties": {"desired": {"by": name}}},
    }
    status, answer = await api.ask("PUT", f"/jobs/v2/{name}", body)
    assert status in (200, 429), answer  # 429: ten others run
    return status == 200


async def _change_configuration(
    api: Api, name: str, state: Document | None, *, existing: bool
) -> bool:
    path, etag = f"/configurations/{name}", '"*"' if existing else None
    if state is None:
        status, answer = await api.ask("DELETE", path, etag=etag)
    else:
        settings = {"properties.desired.highest": name, f"properties.desired.own.{name}": True}
        body = {"id": name, "content": {"deviceContent": settings}, **state}
        status, answer = await api.ask("PUT", path, body, etag=etag)
    assert status < 300, answer
    return True
