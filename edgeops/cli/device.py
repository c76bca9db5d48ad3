"""`edgeops device`: the devices of the fleet, and edge devices on this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.device_list import list_devices
from edgeops.cli.device_show import show_device
from edgeops.cli.options import TimeoutOption, argument, group, option
from edgeops.cli.settings import has_color, say, workspace
from edgeops.cli.watch import until_ctrl_c
from edgeops.errors import UsageError

app = group("List and show devices, and run edge devices on this machine.")
app.command("list", short_help="List devices with their health, versions and last sync.")(
    list_devices
)
app.command("show", short_help="Show git, hub and reports of one device side by side.")(show_device)


@app.command("run", short_help="Run edge devices, with processes as modules.")
def run(
    context: typer.Context,
    devices: Annotated[
        list[str] | None, argument("The devices to run.", metavar="DEVICE...")
    ] = None,
    every: Annotated[bool, option("Run every edge device of the fleet at HEAD.", "--all")] = False,
    history: Annotated[
        Path | None,
        option(
            "CSV file of observations for a forecaster that has none: `timestamp` (ISO 8601 with"
            " an offset from UTC), then a column per series.",
            metavar="FILE",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    program: Annotated[
        list[str] | None,
        option(
            "Python program that runs in place of the container of a module which is not one of"
            " edgeops. May be repeated.",
            metavar="MODULE=FILE",
        ),
    ] = None,
    trust: Annotated[
        Path | None,
        option(
            "Public key, or a folder of them (*.pub): the devices take only releases that are"
            " signed by one.",
            metavar="FILE_OR_FOLDER",
            exists=True,
        ),
    ] = None,
    until_converged: Annotated[
        bool, option("Stop once the devices have converged on HEAD.", "--until-converged")
    ] = False,
    timeout: TimeoutOption = 300,
) -> None:
    """Run edge devices as the IoT Edge runtime does, with processes instead of containers.

    Each device gets its deployment from the local hub and reports as edgeAgent
    does. The modules of edgeops run (model_loader, forecaster), and those that
    --program names; others are listed and skipped. The routes of the deployment
    apply. The storage of a device is .edgeops/devices/DEVICE/. Ctrl-C stops all.
    Future hours of a --history file count once they are over.

    A module gets the environment of a container, not yours: set a proxy in its
    manifest (HTTPS_PROXY). A module whose `env` changes which code a process
    loads, where it looks for files or whom it trusts (LD_PRELOAD, PYTHONPATH,
    PATH, SSL_CERT_FILE ...) is reported and not started.

    \b
    Examples:
      edgeops device run queen-street-210
      edgeops device run --all --until-converged
      edgeops device run k-road-150 --history counts.csv
      edgeops device run k-road-150 --program people_counter=counter.py
      edgeops device run --all --trust keys/releases.pub
    """
    if every == bool(devices):
        raise UsageError("name the devices to run, or use --all")
    where = workspace(context)
    with nullcontext() if until_converged else until_ctrl_c():
        rows = api.run_devices(
            where,
            api.devices.edge_devices(where) if every else sorted(set(devices or ())),
            history=history,
            programs=_programs(program or ()),
            trust=trust,
            until_converged_within=timeout if until_converged else None,
            printed=_print_line,
        )
    if rows is not None:
        typer.echo(report.status_text.text(rows, color=has_color(context)))


def _programs(options: Iterable[str]) -> dict[str, Path]:
    programs = {}
    for text in options:
        module, _, file = text.partition("=")
        if not module or not file.endswith(".py") or not Path(file).is_file():
            raise UsageError(
                f"--program {text}: expected MODULE=FILE with an existing file that ends with .py"
            )
        programs[module] = Path(file)
    return programs


def _print_line(device: str, module: str, line: str) -> None:
    say(f"{device}/{module} | {line}")
    sys.stdout.flush()
