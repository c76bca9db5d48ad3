"""Runs the modules of several devices on this machine, in place of the IoT Edge runtime."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeops.backoff import Backoff
from edgeops.localedge.agent import Agent, Launcher
from edgeops.localedge.deployment import WantedModule
from edgeops.localedge.environment import ModuleIdentity, process_environment
from edgeops.localedge.process import Program
from edgeops.localedge.restart import RESTART
from edgeops.localedge.sdk import connected, require_sdk
from edgeops.localedge.storage import FIRST_FILL, own_folder
from edgeops.twin import EDGE_AGENT

_CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True, slots=True)
class Machine:
    """What the devices share on this machine.

    `devices_folder` has a folder for each device; `hub` is the host name of
    the local hub; `connection_string` gives that of a device's module and may
    raise `EdgeOpsError`; `history` is the CSV file of observations that a
    forecaster without any begins with.
    """

    devices_folder: Path
    hub: str
    ca_file: Path
    connection_string: Callable[[str, str], str]
    history: Path | None = None
    backoff: Backoff = RESTART


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
    def tell_of_device(text: str) -> None:
        tell(device, text)

    ca_pem = machine.ca_file.read_text()
    async with connected(connection_string, ca_pem, tell_of_device) as connection:
        agent = Agent(
            connection,
            machine.devices_folder / device,
            launcher(machine, device),
            tell_of_device,
            lambda module, line: on_line(device, module, line),
        )
        await agent.run()


def launcher(machine: Machine, device: str) -> Launcher:
    """Starts the modules of a device with this Python, each with its container's environment.

    Nothing of our own environment is passed on.
    """

    def launch(module: WantedModule, storage: Path) -> Program:
        own = own_folder(machine.devices_folder / device, module.name)
        home, temporary = own / ".home", own / ".tmp"  # beside a storage that may be `own` itself

        def environment() -> Mapping[str, str]:
            for folder in (storage, home, temporary):
                folder.mkdir(parents=True, exist_ok=True)
            identity = ModuleIdentity(device, module.name, machine.hub)
            history = {FIRST_FILL: str(machine.history)} if machine.history else {}
            return {
                **process_environment(module.env, identity, Path(sys.executable), home, temporary),
                **history,
                "EDGEOPS_STORAGE": str(storage),
                "EDGEOPS_CONNECTION_STRING": machine.connection_string(device, module.name),
                "EDGEOPS_CA_FILE": str(machine.ca_file),
            }

        return Program(
            # Isolated, whatever else is in the environment; unbuffered, so that lines come at once.
            command=(sys.executable, "-I", "-u", "-X", "utf8", str(_CHILD), str(module.program)),
            environment=environment,
            restart_policy=module.restart_policy,
            backoff=machine.backoff,
            folder=home,
        )

    return launch
