"""`edgeops device`: real modules on this machine, without containers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.settings import Settings, say, settings, workspace
from edgeops.errors import EdgeOpsError, UsageError

if TYPE_CHECKING:
    from edgeops.localedge.run import Machine
    from edgeops.plan.health import DeviceStatus

app = typer.Typer(
    help="Run edge devices on this machine, against the local IoT Hub.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command("run")
def run(
    context: typer.Context,
    devices: Annotated[
        list[str] | None, typer.Argument(help="The devices to run.", metavar="DEVICE...")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Run every edge device of the fleet at HEAD.")
    ] = False,
    history: Annotated[
        Path | None,
        typer.Option(
            help="CSV file of observations that a forecaster without any begins with.",
            metavar="FILE",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    until_converged: Annotated[
        bool,
        typer.Option(
            "--until-converged", help="End once the devices are in sync with HEAD and Converged."
        ),
    ] = False,
    timeout: Annotated[
        float, typer.Option(help="How long --until-converged waits.", metavar="SECONDS", min=0)
    ] = 300,
) -> None:
    """Stand in for the IoT Edge runtime: start the devices' modules as processes.

    Each device gets its deployment from the local hub, as edgeAgent does, and
    reports as edgeAgent does. Modules of edgeops run (model_loader,
    forecaster); other images are named and left out. The storage of a device
    is .edgeops/devices/DEVICE/. Ctrl-C stops all.

    A module gets the environment of a container, nothing of yours: a proxy is
    set in its manifest (HTTPS_PROXY). One whose `env` would change which code a
    process of this machine loads, where it finds things or whom it trusts
    (LD_PRELOAD, PYTHONPATH, PATH, SSL_CERT_FILE ...) is not started, and says so.

    A --history file has the columns `timestamp` (ISO 8601 with an offset from
    UTC), then one for each series. Hours that lie ahead count when they are over.

    \b
    Examples:
      edgeops device run queen-street-210
      edgeops device run --all --until-converged
      edgeops device run k-road-150 --history counts.csv
    """
    import asyncio

    options = settings(context)
    names = _names(options, devices or [], every)
    machine = _machine(options, history)
    rows = asyncio.run(_run(options, machine, names, timeout if until_converged else None))
    if rows is not None:
        from edgeops.report.status_text import text

        typer.echo(text(rows, color=options.styled()))


def _names(options: Settings, devices: list[str], every: bool) -> list[str]:
    if every == bool(devices):
        raise UsageError("name the devices to run, or say --all")
    if not every:
        return sorted(set(devices))
    fleet = workspace(options).at("HEAD").fleet
    return sorted(name for name, device in fleet.devices.items() if device.edge)


async def _run(
    options: Settings, machine: Machine, names: list[str], seconds: float | None
) -> list[DeviceStatus] | None:
    """Run devices for ever, or until they have converged: then their status."""
    import asyncio

    from edgeops.localedge.run import run_devices

    def tell(device: str, text: str) -> None:
        options.note(f"{device}: {text}")

    running = asyncio.create_task(run_devices(machine, names, tell, _print_line))
    waiting = None
    if seconds is not None:
        waiting = asyncio.create_task(_converged(options, names, seconds))
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


def _machine(options: Settings, history: Path | None) -> Machine:
    from edgeops.localedge.run import Machine
    from edgeops.localhub import access

    if options.hub != "local":
        raise UsageError(
            "`edgeops device run` needs the local hub: it holds the devices' keys",
            "leave --hub out",
        )
    state = workspace(options).state
    endpoint = access.running(state)
    if endpoint is None:
        raise EdgeOpsError("the local hub is not running", "start it with `edgeops hub serve`")
    if endpoint.mqtt_port is None:
        raise EdgeOpsError(
            "the local hub takes no devices: it runs without MQTT",
            "start it with `edgeops hub serve`, without --mqtt-port 0",
        )
    return Machine(
        devices_folder=state.resolve() / "devices",
        hub=endpoint.name,
        ca_file=Path(endpoint.ca_file).resolve(),
        connection_string=lambda device, module: access.device_connection_string(
            state, device, module
        ),
        history=history.resolve() if history else None,
    )


async def _converged(options: Settings, names: list[str], seconds: float) -> list[DeviceStatus]:
    from edgeops.api.session import open_session
    from edgeops.api.statuses import until_converged

    where = workspace(options)
    fleet = where.at("HEAD").fleet
    for name in names:
        if name not in fleet.devices:
            raise EdgeOpsError(f"git has no device `{name}`", "leave --until-converged out")
    async with open_session(where, fleet.hubs[options.hub]) as hub:
        return await until_converged(where, hub, fleet, names, seconds)


def _print_line(device: str, module: str, line: str) -> None:
    say(f"{device}/{module} | {line}")
    sys.stdout.flush()
