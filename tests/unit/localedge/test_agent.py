"""An agent with real processes, and a hub that is a twin in memory."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from edgeops.backoff import Backoff
from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject, merge_patch
from edgeops.localedge.agent import Agent
from edgeops.localedge.deployment import WantedModule
from edgeops.localedge.process import Program

LOADER = "example/edgeops-model-loader:1"
PRINTS_AND_WAITS = "import sys, signal; print('here', flush=True); signal.pause()"
QUICK = Backoff(base=0.01, longest=0.01)


class Hub:
    """The twin of `$edgeAgent`, and a way to wait for what is reported in it."""

    def __init__(self, reported: JsonObject | None = None) -> None:
        self.document: JsonObject = {"$version": 1}
        self.state: JsonObject = reported or {}
        self.version = 1
        self._changed = asyncio.Event()
        self._heard = asyncio.Condition()

    def deploy(self, **modules: Any) -> None:
        self.version += 1
        self.document = {"$version": self.version, "schemaVersion": "1.1", "modules": modules}
        self._changed.set()

    async def desired(self) -> JsonObject:
        self._changed.clear()
        return self.document

    async def changed(self) -> None:
        await self._changed.wait()

    async def reported(self) -> JsonObject:
        return self.state

    async def report(self, patch: JsonObject) -> None:
        async with self._heard:
            self.state = merge_patch(self.state, patch)
            self._heard.notify_all()

    async def until(self, fits: Callable[[JsonObject], bool]) -> JsonObject:
        async with self._heard, asyncio.timeout(20):
            await self._heard.wait_for(lambda: fits(self.state))
            return self.state

    async def until_running(self, module: str) -> JsonObject:
        return await self.until(lambda state: runtime(state, module) == "running")


def runtime(state: JsonObject, module: str) -> str | None:
    value = state.get("modules", {}).get(module, {}).get("runtimeStatus")
    return value if isinstance(value, str) else None


def module(image: str = LOADER, **more: Any) -> JsonObject:
    return {"status": "running", "restartPolicy": "always", "settings": {"image": image}} | more


class Bench:
    """An agent, its hub, and everything it said."""

    def __init__(
        self,
        folder: Path,
        code: str,
        reported: JsonObject | None = None,
        programs: dict[str, str] | None = None,
    ) -> None:
        self.hub = Hub(reported)
        self.told: list[str] = []
        self.lines: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.code = code
        self.agent = Agent(
            self.hub,
            folder,
            self._launch,
            self.told.append,
            lambda name, line: self.lines.put_nowait((name, line)),
            programs or {},
        )

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"]}

    def _launch(self, module: WantedModule, storage: Path) -> Program:
        command = (sys.executable, "-c", self.code)
        return Program(command, self.environment, module.restart_policy, QUICK)


def run(bench: Bench, story: Callable[[Hub], Awaitable[None]]) -> None:
    async def play() -> None:
        agent = asyncio.create_task(bench.agent.run())
        try:
            await story(bench.hub)
        finally:
            agent.cancel()
            await asyncio.gather(agent, return_exceptions=True)

    asyncio.run(play())


def test_a_deployment_is_started_and_reported_and_ends_with_the_agent(tmp_path):
    bench = Bench(tmp_path, "import os; print(os.getpid(), flush=True); " + PRINTS_AND_WAITS)
    states: list[JsonObject] = []
    lines: list[tuple[str, str]] = []

    async def story(hub: Hub) -> None:
        hub.deploy(model_loader=module(), sensor=module("mcr.microsoft.com/sensor:1"))
        await hub.until_running("model_loader")
        states.append(hub.state)
        lines.extend([await bench.lines.get(), await bench.lines.get()])

    run(bench, story)
    (state,) = states
    assert (state["lastDesiredVersion"], state["lastDesiredStatus"]["code"]) == (2, 200)
    assert runtime(state, "sensor") == "unknown"
    assert "not started here" in state["modules"]["sensor"]["statusDescription"]
    assert state["systemModules"]["edgeAgent"]["runtimeStatus"] == "running"
    assert (
        "deployment 2: model_loader; not started here: sensor (mcr.microsoft.com/sensor:1)"
        in bench.told
    )
    (name, pid), (_, line) = lines
    assert (name, line) == ("model_loader", "here")
    assert not is_alive(int(pid))


def test_a_program_for_a_module_that_the_device_does_not_have_is_named(tmp_path):
    bench = Bench(tmp_path, PRINTS_AND_WAITS, programs={"counter": "counter.py"})

    async def story(hub: Hub) -> None:
        hub.deploy(model_loader=module())
        await hub.until_running("model_loader")

    run(bench, story)
    assert "deployment 2: model_loader; no module counter in it" in bench.told


def test_a_device_without_a_deployment_says_so(tmp_path):
    bench = Bench(tmp_path, PRINTS_AND_WAITS)

    async def story(hub: Hub) -> None:
        state = await hub.until(lambda state: "lastDesiredStatus" in state)
        assert (state["lastDesiredVersion"], state["lastDesiredStatus"]["code"]) == (1, 417)

    run(bench, story)


def test_a_bad_deployment_keeps_what_runs(tmp_path):
    bench = Bench(tmp_path, PRINTS_AND_WAITS)

    async def story(hub: Hub) -> None:
        hub.deploy(model_loader=module())
        before = await hub.until_running("model_loader")
        hub.deploy(model_loader={"settings": {}})
        after = await hub.until(lambda state: state["lastDesiredVersion"] == 3)
        assert after["lastDesiredStatus"] == {
            "code": 400,
            "description": "module model_loader: settings.image is missing",
        }
        assert after["modules"] == before["modules"]

    run(bench, story)


def test_a_changed_module_is_started_anew_and_a_dropped_one_stopped(tmp_path):
    bench = Bench(tmp_path, PRINTS_AND_WAITS, reported={"modules": {"from-before": {"x": 1}}})

    async def story(hub: Hub) -> None:
        hub.deploy(a=module(), b=module())
        await hub.until_running("a")
        first = await hub.until_running("b")
        assert "from-before" not in first["modules"]
        started = {name: first["modules"][name]["lastStartTimeUtc"] for name in "ab"}
        hub.deploy(a=module(), b=module(env={"X": {"value": "1"}}))
        second = await hub.until(
            lambda state: state["modules"]["b"]["lastStartTimeUtc"] > started["b"]
        )
        assert second["modules"]["a"]["lastStartTimeUtc"] == started["a"]
        hub.deploy(b=module(env={"X": {"value": "1"}}))
        await hub.until(lambda state: "a" not in state["modules"])
        hub.deploy(b=module(env={"X": {"value": "1"}}, status="stopped"))
        await hub.until(lambda state: runtime(state, "b") == "stopped")

    run(bench, story)


def test_a_module_that_fails_is_started_again_as_its_policy_says(tmp_path):
    bench = Bench(tmp_path, "raise SystemExit(3)")

    async def story(hub: Hub) -> None:
        hub.deploy(often=module(), once=module(restartPolicy="never"))
        state = await hub.until(
            lambda state: (
                runtime(state, "once") == "failed" and state["modules"]["often"]["restartCount"] > 2
            )
        )
        assert (state["modules"]["once"]["exitCode"], state["modules"]["often"]["exitCode"]) == (
            3,
            3,
        )

    run(bench, story)
    assert "module once ended with exit code 3" in bench.told


def test_a_module_that_cannot_be_started_says_why(tmp_path, monkeypatch):
    bench = Bench(tmp_path, PRINTS_AND_WAITS)

    def refuse() -> dict[str, str]:
        raise EdgeOpsError("the local hub has no module a/m")

    monkeypatch.setattr(bench, "environment", refuse)

    async def story(hub: Hub) -> None:
        hub.deploy(m=module())
        state = await hub.until(lambda state: runtime(state, "m") == "backoff")
        assert state["modules"]["m"]["statusDescription"] == (
            "cannot be started: the local hub has no module a/m"
        )

    run(bench, story)


def test_a_module_whose_env_is_refused_has_failed_and_the_others_run(tmp_path):
    bench = Bench(tmp_path, PRINTS_AND_WAITS)
    why = (
        "cannot be started here: the env of a process may not set"
        " 'LD_PRELOAD', which would change which code is loaded"
    )

    async def story(hub: Hub) -> None:
        hub.deploy(good=module(), bad=module())
        await hub.until_running("bad")
        hub.deploy(good=module(), bad=module(env={"LD_PRELOAD": {"value": "/tmp/x.so"}}))
        state = await hub.until(lambda state: runtime(state, "bad") == "failed")
        assert state["modules"]["bad"]["statusDescription"] == why
        assert runtime(state, "good") == "running"
        assert state["lastDesiredStatus"]["code"] == 200
        hub.deploy(good=module(), bad=module(status="stopped", env={"PATH": {"value": "/"}}))
        await hub.until(lambda state: runtime(state, "bad") == "stopped")
        hub.deploy(good=module(), bad=module(env={"LOG": {"value": "1"}}))
        await hub.until_running("bad")

    run(bench, story)
    assert bench.told.count(f"module bad {why}") == 1


def test_long_lines_come_in_pieces(tmp_path):
    bench = Bench(tmp_path, "print('x' * 100_000 + '\\nlast', flush=True); " + PRINTS_AND_WAITS)

    lines: list[str] = []

    async def story(hub: Hub) -> None:
        hub.deploy(m=module())
        while "here" not in lines:
            lines.append((await bench.lines.get())[1])

    run(bench, story)
    assert sum(line.count("x") for line in lines) == 100_000
    assert max(map(len, lines)) < 20_000
    assert lines[-2:] == ["last", "here"]


def test_a_module_that_does_not_want_to_end_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("edgeops.localedge.process.SECONDS_TO_END", 0.1)
    bench = Bench(
        tmp_path,
        "import os, signal; signal.signal(signal.SIGTERM, lambda *_: os.write(1, b'no\\n'));"
        " print(os.getpid(), flush=True)\nwhile True: signal.pause()",
    )
    lines: list[str] = []

    async def story(hub: Hub) -> None:
        hub.deploy(m=module())
        lines.append((await bench.lines.get())[1])

    run(bench, story)
    assert not is_alive(int(lines[0]))
    assert bench.lines.get_nowait() == ("m", "no")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
