"""Runs the modules of several devices on this machine, in place of the IoT Edge runtime."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from edgeops.backoff import Backoff
from edgeops.localedge.agent import Agent, Launcher
from edgeops.localedge.deployment import MODULES_OF_OURS, WantedModule
from edgeops.localedge.environment import ModuleIdentity, process_environment
from edgeops.localedge.process import Program
from edgeops.localedge.restart import RESTART
from edgeops.localedge.sdk import connected, require_sdk
from edgeops.localedge.storage import FIRST_FILL, own_folder
from edgeops.twin import EDGE_AGENT

TRUST = "EDGEOPS_TRUST"
_CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True, slots=True)
class Machine:
    """The settings that all devices on this machine share.

    `devices_folder` has a folder for each device; `hub` is the host name of the
    local hub; `connection_string` gives that of a device and module, and can raise
    `EdgeOpsError`; `history` is a CSV file of observations for forecasters that
    have none. `programs` are Python programs for modules of the deployment that
    are not those of edgeops, by the names of the modules. `trust` has the public
    keys that releases must be signed with: what is on the host of a real device.
    """

    devices_folder: Path
    hub: str
    ca_file: Path
    connection_string: Callable[[str, str], str]
    history: Path | None = None
    programs: Mapping[str, Path] = field(default_factory=dict)
    trust: Path | None = None
    backoff: Backoff = RESTART


async def run_devices(
    machine: Machine,
    devices: Iterable[str],
    note: Callable[[str, str], None],
    on_line: Callable[[str, str, str], None],
) -> None:
    """Run these devices until cancelled, then stop all their modules.

    `note` gets a device and a message; `on_line` a device, a module and a line of
    its output. Raises `EdgeOpsError` for a device that is not on the hub, and
    without the SDK.
    """
    require_sdk()
    strings = {device: machine.connection_string(device, EDGE_AGENT) for device in devices}
    async with asyncio.TaskGroup() as group:
        for device, string in strings.items():
            group.create_task(_run_device(machine, device, string, note, on_line))


async def _run_device(
    machine: Machine,
    device: str,
    connection_string: str,
    note: Callable[[str, str], None],
    on_line: Callable[[str, str, str], None],
) -> None:
    note_of_device = partial(note, device)
    ca_pem = machine.ca_file.read_text()
    async with connected(connection_string, ca_pem, note_of_device) as connection:
        agent = Agent(
            connection,
            machine.devices_folder / device,
            launcher(machine, device),
            note_of_device,
            partial(on_line, device),
            {name: str(file) for name, file in machine.programs.items()},
        )
        await agent.run()


def launcher(machine: Machine, device: str) -> Launcher:
    """Starts the modules of a device with this Python, and the environment of a container."""

    def launch(module: WantedModule, storage: Path) -> Program:
        own = own_folder(machine.devices_folder / device, module.name)
        home, temporary = (
            own / ".home",
            own / ".tmp",
        )  # hidden, since the storage can be `own` itself
        loads_models = module.program == MODULES_OF_OURS["edgeops-model-loader"]

        def environment() -> Mapping[str, str]:
            for folder in (storage, home, temporary):
                folder.mkdir(parents=True, exist_ok=True)
            identity = ModuleIdentity(device, module.name, machine.hub)
            history = {FIRST_FILL: str(machine.history)} if machine.history else {}
            trust = {TRUST: str(machine.trust)} if machine.trust and loads_models else {}
            return {
                **process_environment(module.env, identity, Path(sys.executable), home, temporary),
                **history,
                **trust,
                "EDGEOPS_STORAGE": str(storage),
                "EDGEOPS_CONNECTION_STRING": machine.connection_string(device, module.name),
                "EDGEOPS_CA_FILE": str(machine.ca_file),
                # For websockets the SDK insists on port 443, which a local hub seldom has.
                "EDGEOPS_TRANSPORT": "mqtt",
            }

        return Program(
            # Isolated from the environment; unbuffered, so that lines are printed immediately.
            command=(sys.executable, "-I", "-u", "-X", "utf8", str(_CHILD), str(module.program)),
            environment=environment,
            restart_policy=module.restart_policy,
            backoff=machine.backoff,
            folder=home,
        )

    return launch
