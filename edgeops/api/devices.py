"""Runs edge devices on this machine: their modules as processes, with the local hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.running import complete
from edgeops.api.session import open_session
from edgeops.api.statuses import until_converged
from edgeops.api.workspace import LOCAL, Workspace
from edgeops.errors import EdgeOpsError, UsageError

if TYPE_CHECKING:
    from edgeops.health.device import DeviceStatus
    from edgeops.localedge.run import Machine


def edge_devices(workspace: Workspace) -> list[str]:
    """The names of all edge devices of the fleet at HEAD. Raises `InvalidFleet`."""
    fleet = workspace.at("HEAD").fleet
    return sorted(name for name, device in fleet.devices.items() if device.edge)


def run_devices(
    workspace: Workspace,
    devices: Sequence[str],
    *,
    history: Path | None = None,
    programs: Mapping[str, Path] | None = None,
    trust: Path | None = None,
    until_converged_within: float | None = None,
    printed: Callable[[str, str, str], None] = lambda _device, _module, _line: None,
) -> list[DeviceStatus] | None:
    """Run the modules of these devices in place of the IoT Edge runtime, until interrupted.

    With `until_converged_within` (seconds), it stops when the devices are in sync
    with HEAD and Converged, and gives their status. `history` is a CSV file of
    observations for forecasters that have none; `programs` are Python programs
    that run in place of the containers of other modules, by the names of the
    modules. `trust` is a public key, or a folder of them (*.pub), that releases
    must be signed with. `printed` gets the device, module and text of each
    printed line. Raises `UsageError` for a hub other than the local one, and `EdgeOpsError` if
    that is not running or does not have a device, or on a timeout.
    """
    machine = _machine(workspace, history, programs or {}, trust)
    running = _run(workspace, machine, devices, until_converged_within, printed)
    return complete(running, hint="")


async def _run(
    workspace: Workspace,
    machine: Machine,
    names: Sequence[str],
    seconds: float | None,
    printed: Callable[[str, str, str], None],
) -> list[DeviceStatus] | None:
    from edgeops.localedge.run import run_devices as run

    def note(device: str, text: str) -> None:
        workspace.observer.note(f"{device}: {text}")

    running = asyncio.create_task(run(machine, names, note, printed))
    waiting = None
    if seconds is not None:
        waiting = asyncio.create_task(_converged(workspace, names, seconds))
    tasks = [task for task in (running, waiting) if task is not None]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error
    return waiting.result() if waiting is not None else None


async def _converged(
    workspace: Workspace, names: Sequence[str], seconds: float
) -> list[DeviceStatus]:
    fleet = workspace.at("HEAD").fleet
    for name in names:
        if name not in fleet.devices:
            raise EdgeOpsError(
                f"git has no device `{name}`",
                "do not use --until-converged, or add the device to fleet/ and commit it",
            )
    async with open_session(workspace, fleet.hubs[workspace.hub]) as hub:
        return await until_converged(workspace, hub, fleet, names, seconds)


def _machine(
    workspace: Workspace,
    history: Path | None,
    programs: Mapping[str, Path],
    trust: Path | None,
) -> Machine:
    from edgeops.localedge.run import Machine
    from edgeops.localhub import access

    if workspace.hub != LOCAL:
        raise UsageError(
            "`edgeops device run` needs the local hub, which has the keys of the devices",
            "do not use --hub",
        )
    folder = workspace.hub_dir
    endpoint = access.running(folder)
    if endpoint is None:
        raise EdgeOpsError("the local hub is not running", "start it with `edgeops hub serve`")
    if endpoint.mqtt_port is None:
        raise EdgeOpsError(
            "the local hub does not accept devices: it runs without MQTT",
            "start it with `edgeops hub serve`, without --no-mqtt",
        )
    return Machine(
        devices_folder=workspace.state.resolve() / "devices",
        hub=endpoint.name,
        ca_file=Path(endpoint.ca_file).resolve(),
        connection_string=lambda device, module: access.device_connection_string(
            folder, device, module, with_key=True
        ),
        history=history.resolve() if history else None,
        programs={name: file.resolve() for name, file in programs.items()},
        trust=trust.resolve() if trust else None,
    )
