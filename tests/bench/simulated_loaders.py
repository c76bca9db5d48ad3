"""Many simulated model_loader modules in one process: what the hub sees of each, and little else.

Each follows its twin as `Session` does (read the twin, bring it about, report), over MQTT without
the SDK. It downloads the file over a TLS connection of its own, compares its SHA-256, and reports
in the module's own words. It keeps no files: to stage, sync and switch them, which devices do side
by side, would be most of the work of this one process.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from collections.abc import Mapping
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import edgeops
from edgeops.localhub.access import Endpoint
from edgeops.localhub.mqtt.packets import Publish
from edgeops.modules.model_loader.desired import FlatKeys, parse_desired
from edgeops.modules.model_loader.status import (
    OWNED,
    LoaderInfo,
    SlotState,
    SlotStatus,
    reported,
)
from edgeops.modules.model_loader.wanted import WantedModel
from edgeops.modules.runtime.module import report_patch
from edgeops.modules.runtime.slots import CurrentModel
from tests.bench.mqtt_devices import Device, connect

SLOT = "crowdedness"
DESIRED = "$iothub/twin/PATCH/properties/desired/"
_SECONDS_TO_DOWNLOAD = 60


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
    """One module."""

    def __init__(self, device: Device, trust: ssl.SSLContext, workers: Executor) -> None:
        self._device = device
        self._trust = trust
        self._workers = workers
        self._statuses: dict[str, SlotStatus] = {}
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
        wanted = parse_desired(desired, FlatKeys())
        for model in wanted.models.values():
            status = self._statuses.get(model.slot)
            if status is None or status.in_use is None or status.in_use.sha256 != model.digest:
                self._statuses[model.slot] = await asyncio.get_running_loop().run_in_executor(
                    self._workers, _obtained, model, self._trust
                )
        now = reported(wanted, self._statuses, LoaderInfo(edgeops.__version__))
        self._answer = asyncio.get_running_loop().create_future()
        self._device.report(json.dumps(report_patch(on_hub, now, OWNED)).encode())
        answer, when = await self._answer
        assert answer.topic.startswith("$iothub/twin/res/204"), answer
        return now, when


def _obtained(model: WantedModel, trust: ssl.SSLContext) -> SlotStatus:
    """Download and verify a model; hours pass between two, so that each takes a new connection."""
    file = model.main
    url = urlsplit(file.url)
    assert url.hostname
    connection = HTTPSConnection(
        url.hostname, url.port, timeout=_SECONDS_TO_DOWNLOAD, context=trust
    )
    with closing(connection):
        connection.request("GET", url.path)
        digest = hashlib.file_digest(connection.getresponse(), "sha256").hexdigest()
    assert digest == file.sha256, f"{file.url} is not what the twin says"
    since = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    current = CurrentModel(
        slot=model.slot,
        path=Path(file.name),
        name=model.name,
        version=model.version,
        sha256=digest,
        md5=file.md5,
        size=file.size or 0,
        format=model.format,
        since=since,
    )
    return SlotStatus(SlotState.READY, since, current)


class Modules:
    """All modules of a fleet; `rollout` is what they take part in now."""

    def __init__(self, rollout: Rollout) -> None:
        self.rollout = rollout
        self._loaders: dict[str, SimulatedLoader] = {}
        self._devices: list[Device] = []

    async def connect(self, keys: Mapping[str, str], endpoint: Endpoint, workers: Executor) -> None:
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
        trust = ssl.create_default_context(cafile=endpoint.ca_file)
        for device in self._devices:
            self._loaders[device.name] = SimulatedLoader(device, trust, workers)

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
