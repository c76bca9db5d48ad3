"""Many simulated model_loader modules in one process: its own code, but for the SDK and threads.

Each follows its twin as `Session` does (read the twin, offer it, report), over
MQTT without the SDK; the work of all is done by a few threads.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import edgeops
from edgeops.https_get import open_web
from edgeops.localhub.access import Endpoint
from edgeops.localhub.mqtt.packets import Publish
from edgeops.modules.model_loader.desired import FlatKeys, parse_desired
from edgeops.modules.model_loader.download import Downloader
from edgeops.modules.model_loader.load_test import no_load_test
from edgeops.modules.model_loader.loader import Loader, World
from edgeops.modules.model_loader.status import OWNED, LoaderInfo, reported
from edgeops.modules.model_loader.storage import Storage
from edgeops.modules.runtime.module import report_patch
from edgeops.proxy import Proxies
from tests.bench.mqtt_devices import Device, connect

SLOT = "crowdedness"
MAX_BYTES = 1 << 30
DESIRED = "$iothub/twin/PATCH/properties/desired/"
WORLD = World(
    time.monotonic, lambda: datetime.now(UTC), random.uniform, logging.getLogger("model_loader")
)


@dataclass
class Rollout:
    """Waits until all modules have reported one digest; times are of `time.perf_counter`."""

    sha256: str
    modules: int
    notified: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    everywhere: asyncio.Event = field(default_factory=asyncio.Event)

    def on_notified(self, name: str, now: float) -> None:
        """The desired properties of this module changed."""
        self.notified.setdefault(name, now)

    def on_answered(self, name: str, on_hub: Mapping[str, Any], now: float) -> None:
        """The hub has taken in what this module reported."""
        slot = on_hub.get("models", {}).get(SLOT, {})
        if slot.get("state") == "ready" and slot.get("sha256") == self.sha256:
            self.answered.setdefault(name, now)
        if len(self.answered) == self.modules:
            self.everywhere.set()


class SimulatedLoader:
    """One module with a storage folder of its own."""

    def __init__(self, device: Device, storage: Path, ca_file: Path, workers: Executor) -> None:
        storage.mkdir()
        self._device = device
        self._workers = workers
        # Without the public certificates: to read them for each connection, which devices do side
        # by side, would be most of the work of this one process.
        self._http = open_web(Proxies(), only=ca_file)
        downloader = Downloader(self._http, MAX_BYTES)
        self._loader = Loader(Storage(storage, storage), downloader, no_load_test, WORLD)
        self._changed = asyncio.Event()
        self._changed.set()  # it reads its twin at start
        self._answer: asyncio.Future[tuple[Publish, float]] | None = None

    def on_message(self, message: Publish, now: float, rollout: Rollout) -> None:
        """A message of the hub arrived."""
        if message.topic.startswith(DESIRED):
            rollout.on_notified(self._device.name, now)
            self._changed.set()
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result((message, now))

    async def exchange(self) -> tuple[Mapping[str, Any], float]:
        """Wait for a change and bring it about; gives what the hub then has, and since when."""
        await self._changed.wait()
        self._changed.clear()
        self._answer = asyncio.get_running_loop().create_future()
        self._device.ask_twin()
        message, _ = await self._answer
        twin = json.loads(message.payload)
        desired, on_hub = (
            {key: value for key, value in twin[section].items() if not key.startswith("$")}
            for section in ("desired", "reported")
        )
        self._loader.offer(parse_desired(desired, FlatKeys()))
        wait = await self._work()
        while wait is not None:  # something failed and is due again
            await asyncio.sleep(wait)
            wait = await self._work()
        wanted, statuses = self._loader.snapshot()
        now = reported(wanted, statuses, LoaderInfo(edgeops.__version__))
        self._answer = asyncio.get_running_loop().create_future()
        self._device.report(json.dumps(report_patch(on_hub, now, OWNED)).encode())
        answer, when = await self._answer
        assert answer.topic.startswith("$iothub/twin/res/204"), answer
        return now, when

    async def _work(self) -> float | None:
        return await asyncio.get_running_loop().run_in_executor(self._workers, self._do_work)

    def _do_work(self) -> float | None:
        wait = self._loader.work()
        self._http.close()  # hours pass between two models: each comes over a new connection
        return wait


class Modules:
    """All modules of a fleet; `rollout` is what they take part in now."""

    def __init__(self, rollout: Rollout) -> None:
        self.rollout = rollout
        self._loaders: dict[str, SimulatedLoader] = {}
        self._devices: list[Device] = []

    async def connect(
        self, keys: Mapping[str, str], endpoint: Endpoint, storage: Path, workers: Executor
    ) -> None:
        """Connect the modules that have these keys, by `device/module`."""
        assert endpoint.mqtt_port
        self._devices = await connect(
            list(keys),
            self._on_message,
            host="127.0.0.1",
            port=endpoint.mqtt_port,
            hostname=endpoint.hostname,
            keys=keys,
            ca_file=endpoint.ca_file,
        )
        for device in self._devices:
            folder = storage / device.name.replace("/", "-")
            self._loaders[device.name] = SimulatedLoader(device, folder, endpoint.ca_file, workers)

    async def run(self) -> None:
        """Follow the twins until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name in self._loaders:
                group.create_task(self._follow(name))

    async def disconnect(self) -> None:
        """End all connections at once."""
        await asyncio.gather(*(device.disconnect() for device in self._devices))

    async def _follow(self, name: str) -> None:
        while True:
            on_hub, when = await self._loaders[name].exchange()
            self.rollout.on_answered(name, on_hub, when)

    def _on_message(self, device: Device, message: Publish, now: float) -> None:
        if device.name in self._loaders:
            self._loaders[device.name].on_message(message, now, self.rollout)
