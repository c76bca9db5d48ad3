"""Standing in for the IoT Edge runtime of several devices on this machine."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgeops.edgeruntime.agent import Agent, Launcher
from edgeops.edgeruntime.deployment import WantedModule
from edgeops.edgeruntime.process import Program
from edgeops.edgeruntime.restart import Backoff
from edgeops.edgeruntime.sdk import connected, require_sdk
from edgeops.twin import EDGE_AGENT

# All that a module gets of our environment: a container would not see the rest either.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "PYTHONPATH", "PYTHONHASHSEED")


@dataclass(frozen=True, slots=True)
class Machine:
    """What the devices share on this machine.

    `devices_folder` has a folder for each device; `connection_string` gives
    that of a device's module and may raise `EdgeOpsError`; `environ` is our
    own environment; `history` is the CSV file of observations that a
    forecaster without any begins with.
    """

    devices_folder: Path
    ca_file: Path
    connection_string: Callable[[str, str], str]
    environ: Mapping[str, str]
    history: Path | None = None
    backoff: Backoff = field(default_factory=Backoff)


async def run_devices(
    machine: Machine,
    devices: Iterable[str],
    tell: Callable[[str, str], None],
    on_line: Callable[[str, str, str], None],
) -> None:
    """Run these devices until cancelled; then all their modules have been stopped.

    `tell` gets a device and what happens to it; `on_line` a device, a module
    and a line of its output. Raises `EdgeOpsError` for a device that the hub
    lacks, and without the SDK.
    """
    require_sdk()
    strings = {device: machine.connection_string(device, EDGE_AGENT) for device in devices}
    async with asyncio.TaskGroup() as group:
        for device, string in strings.items():
            group.create_task(_run_device(machine, device, string, tell, on_line))


async def _run_device(
    machine: Machine,
    device: str,
    connection_string: str,
    tell: Callable[[str, str], None],
    on_line: Callable[[str, str, str], None],
) -> None:
    def told(text: str) -> None:
        tell(device, text)

    ca_pem = machine.ca_file.read_text()
    async with connected(connection_string, ca_pem, told) as connection:
        agent = Agent(
            connection,
            machine.devices_folder / device,
            launcher(machine, device),
            told,
            lambda module, line: on_line(device, module, line),
        )
        await agent.run()


def launcher(machine: Machine, device: str) -> Launcher:
    """Starts the modules of a device with this Python, each as its container would be told."""

    def launch(module: WantedModule, storage: Path) -> Program:
        def environment() -> Mapping[str, str]:
            storage.mkdir(parents=True, exist_ok=True)
            ours = {name: machine.environ[name] for name in _INHERITED if name in machine.environ}
            history = {"EDGEOPS_HISTORY_CSV": str(machine.history)} if machine.history else {}
            return {
                **ours,
                **module.env,
                **history,
                "PYTHONUNBUFFERED": "1",
                "PYTHONSAFEPATH": "1",  # a folder `edgeops` where the user stands is not ours
                "EDGEOPS_STORAGE": str(storage),
                "EDGEOPS_CONNECTION_STRING": machine.connection_string(device, module.name),
                "EDGEOPS_CA_FILE": str(machine.ca_file),
            }

        return Program(
            command=(sys.executable, "-m", "edgeops.edgeruntime.child", str(module.program)),
            environment=environment,
            restart_policy=module.restart_policy,
            backoff=machine.backoff,
        )

    return launch
