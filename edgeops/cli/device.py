"""`edgeops device`: real modules on this machine, without containers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from edgeops.cli.options import argument, option
from edgeops.cli.settings import say, settings, workspace
from edgeops.errors import UsageError

app = typer.Typer(
    help="Run edge devices on this machine, against the local IoT Hub.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command("run")
def run(
    context: typer.Context,
    devices: Annotated[
        list[str] | None, argument("The devices to run.", metavar="DEVICE...")
    ] = None,
    every: Annotated[bool, option("Run every edge device of the fleet at HEAD.", "--all")] = False,
    history: Annotated[
        Path | None,
        option(
            "CSV file of observations that a forecaster without any begins with.",
            metavar="FILE",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    until_converged: Annotated[
        bool,
        option("End once the devices are in sync with HEAD and Converged.", "--until-converged"),
    ] = False,
    timeout: Annotated[
        float, option("How long --until-converged waits.", metavar="SECONDS", min=0)
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
    from edgeops.api.devices import edge_devices, run_devices

    if every == bool(devices):
        raise UsageError("name the devices to run, or say --all")
    options = settings(context)
    where = workspace(options)
    rows = run_devices(
        where,
        edge_devices(where) if every else sorted(set(devices or ())),
        history=history,
        until_converged_within=timeout if until_converged else None,
        printed=_print_line,
    )
    if rows is not None:
        from edgeops.report.status_text import text

        typer.echo(text(rows, color=options.styled()))


def _print_line(device: str, module: str, line: str) -> None:
    say(f"{device}/{module} | {line}")
    sys.stdout.flush()
