"""The edge agent of a device: applies the deployment in its twin, and reports its modules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edgeops import __version__
from edgeops.jsonvalue import JsonObject, leaves
from edgeops.localedge.deployment import (
    NONE,
    BadDeployment,
    Deployment,
    WantedModule,
    parse_deployment,
)
from edgeops.localedge.process import Program, supervise
from edgeops.localedge.status import (
    NO_CONTAINERS,
    DesiredStatus,
    ModuleStatus,
    RuntimeStatus,
    reported,
)
from edgeops.localedge.storage import map_folders, storage_of, with_paths_of_this_machine
from edgeops.twin import diff


class AgentConnection(Protocol):
    """The module twin of `$edgeAgent`; all methods wait until the hub can be reached."""

    async def desired(self) -> JsonObject:
        """The desired properties with their `$version`."""

    async def changed(self) -> None:
        """Return when the desired properties may have changed since they were last read."""

    async def reported(self) -> JsonObject:
        """The reported properties."""

    async def report(self, patch: JsonObject) -> None:
        """Merge a patch into the reported properties."""


class Launcher(Protocol):
    """Makes the program of a module."""

    def __call__(self, module: WantedModule, storage: Path) -> Program:
        """The program of a module with this storage folder."""


@dataclass(frozen=True, slots=True)
class _Started:
    module: WantedModule
    storage: Path
    task: asyncio.Task[None]


class Agent:
    """Runs the modules that edgeops provides, and those that `programs` name; reports the rest.

    `programs` are files of Python programs by the names of their modules.
    """

    def __init__(
        self,
        connection: AgentConnection,
        folder: Path,
        launch: Launcher,
        note: Callable[[str], None],
        on_line: Callable[[str, str], None],
        programs: Mapping[str, str] = NONE,
    ) -> None:
        self._programs = programs
        self._connection = connection
        self._folder = folder
        self._launch = launch
        self._note = note
        self._on_line = on_line
        self._started: dict[str, _Started] = {}
        self._status: dict[str, tuple[WantedModule, ModuleStatus]] = {}
        self._desired = DesiredStatus(0, 417)
        self._dirty = asyncio.Event()

    async def run(self) -> None:
        """Apply deployments until cancelled, then stop all modules."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._report_changes())
                group.create_task(self._follow_changes())
        finally:
            await asyncio.shield(self._stop(list(self._started)))

    async def _follow_changes(self) -> None:
        while True:
            await self._follow(await self._connection.desired())
            await self._connection.changed()

    async def _follow(self, desired: JsonObject) -> None:
        version = desired.get("$version", 0)
        if version == self._desired.version:
            return
        try:
            await self._apply(parse_deployment(desired, self._programs))
            self._desired = DesiredStatus(version, 200)
            self._note(f"deployment {version}: {self._summary()}")
        except BadDeployment as error:  # running modules keep running
            self._desired = DesiredStatus(version, error.code, str(error))
            self._note(f"deployment {version} refused: {error}")
        self._dirty.set()

    async def _apply(self, deployment: Deployment) -> None:
        folders = map_folders(self._folder, deployment.modules)
        storage = {
            module.name: storage_of(module, folders, self._folder) for module in deployment.modules
        }
        modules = [
            with_paths_of_this_machine(module, folders, self._folder)
            for module in deployment.modules
        ]
        ours = {module.name: module for module in modules if _is_started(module)}
        await self._stop(
            [
                name
                for name, started in self._started.items()
                if (started.module, started.storage) != (ours.get(name), storage.get(name))
            ]
        )
        names = {module.name for module in modules}
        self._status = {name: entry for name, entry in self._status.items() if name in names}
        for module in modules:
            if module.name not in ours:
                status = _not_started(module)
                self._status[module.name] = (module, status)
                if status.runtime is RuntimeStatus.FAILED:
                    self._note(f"module {module.name} {status.description}")
            elif module.name not in self._started:
                self._start(module, storage[module.name])

    def _start(self, module: WantedModule, storage: Path) -> None:
        self._status[module.name] = (module, ModuleStatus(RuntimeStatus.UNKNOWN, "starting"))
        task = asyncio.create_task(
            supervise(
                self._launch(module, storage),
                lambda status: self._on_status(module, status),
                lambda line: self._on_line(module.name, line),
            )
        )
        self._started[module.name] = _Started(module, storage, task)

    async def _stop(self, names: list[str]) -> None:
        tasks = [self._started.pop(name).task for name in names]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _on_status(self, module: WantedModule, status: ModuleStatus) -> None:
        if status.runtime is not RuntimeStatus.RUNNING:
            self._note(f"module {module.name} {status.description}")
        self._status[module.name] = (module, status)
        self._dirty.set()

    def _summary(self) -> str:
        run = [name for name in self._status if name in self._started]
        rest = [
            f"{name} ({module.image})"
            for name, (module, _) in self._status.items()
            if name not in run
        ]
        left_out = f"; not started here: {', '.join(sorted(rest))}" if rest else ""
        unknown = sorted(self._programs.keys() - self._status.keys())
        unused = f"; no module {', '.join(unknown)} in it" if unknown else ""
        return f"{', '.join(run) or 'nothing to run'}{left_out}{unused}"

    async def _report_changes(self) -> None:
        last = await self._connection.reported()
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            current = reported(self._desired, self._status, __version__)
            patch = diff(last, current, [path for path, _ in leaves(last)])
            if patch:
                await self._connection.report(patch)
            last = current


def _is_started(module: WantedModule) -> bool:
    return bool(module.program and module.running and not module.refused)


def _not_started(module: WantedModule) -> ModuleStatus:
    if module.program is None:
        return ModuleStatus(RuntimeStatus.UNKNOWN, NO_CONTAINERS)
    if module.running:
        return ModuleStatus(RuntimeStatus.FAILED, f"cannot be started here: {module.refused}")
    return ModuleStatus(RuntimeStatus.STOPPED, "stopped")
