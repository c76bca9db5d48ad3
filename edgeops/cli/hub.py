"""`edgeops hub`: the local IoT Hub emulator."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from edgeops import api, report
from edgeops.cli import hub_device
from edgeops.cli.hub_clone import clone
from edgeops.cli.hub_conditions import (
    FaultOption,
    LatencyOption,
    QueryDelayOption,
    RetryAfterOption,
    SkuOption,
    UnitsOption,
    conditions,
    conditions_of,
)
from edgeops.cli.hub_dir import DirOption, hub_workspace
from edgeops.cli.hub_open import open_page
from edgeops.cli.hub_seed import seed
from edgeops.cli.hub_send import send
from edgeops.cli.hub_trust_ca import trust_ca
from edgeops.cli.options import OutputOption, group, option
from edgeops.cli.settings import note
from edgeops.cli.watch import until_ctrl_c
from edgeops.errors import EdgeOpsError
from edgeops.localhub.access import DEFAULT_HOST, DEFAULT_MQTT_PORT, DEFAULT_PORT

if TYPE_CHECKING:
    from edgeops.localhub.access import Endpoint


def _port(help: str, variable: str) -> Any:  # noqa: A002 - as typer calls it
    return option(help, envvar=variable, metavar="PORT", min=0, max=65535)


def serve(
    context: typer.Context,
    port: Annotated[
        int, _port("HTTPS port; 0 takes a free one.", "EDGEOPS_HTTPS_PORT")
    ] = DEFAULT_PORT,
    mqtt_port: Annotated[
        int,
        _port(
            "MQTT port; 0 takes a free one. Azure device SDKs always use 8883.",
            "EDGEOPS_MQTT_PORT",
        ),
    ] = DEFAULT_MQTT_PORT,
    no_mqtt: Annotated[bool, option("Serve no devices.", "--no-mqtt")] = False,
    directory: DirOption = None,
    ephemeral: Annotated[
        bool,
        option(
            "Keep nothing: a temporary folder, or an empty --dir, is deleted at the end.",
            "--ephemeral",
        ),
    ] = False,
    host: Annotated[
        list[str] | None,
        option(
            "Name or address by which clients reach the hub, for its certificate; the first is in"
            " connection strings. May be repeated.",
            metavar="NAME",
        ),
    ] = None,
    listen: Annotated[
        str,
        option(
            "Address to listen on; 0.0.0.0 is every one, for other machines too.",
            metavar="ADDRESS",
        ),
    ] = DEFAULT_HOST,
    output: Annotated[
        Literal["text", "json"],
        option("json prints one line with everything, when ready.", "--output", "-o"),
    ] = "text",
    sku: SkuOption = None,
    units: UnitsOption = 1,
    retry_after: RetryAfterOption = None,
    query_delay: QueryDelayOption = 0,
    latency: LatencyOption = 0,
    fault: FaultOption = None,
    with_parent: Annotated[
        bool,
        option("End when stdin ends, as it does with the program that has it.", "--with-parent"),
    ] = False,
) -> None:
    """Run the local IoT Hub emulator until Ctrl-C.

    Service SDKs reach it by HTTPS, devices by MQTT over TLS. It needs no Azure
    and no git. Unless you --listen elsewhere, only this machine reaches it.
    State, keys and the certificate that clients must trust (ca.pem) are stored
    in .edgeops/ or in --dir. When it is ready it prints the next steps.

    \b
    Examples:
      edgeops hub serve
      edgeops hub serve --ephemeral --dir hub
      edgeops hub serve --ephemeral --port 443 --with-parent -o json
      edgeops hub serve --dir second-hub --listen 127.0.0.2
      edgeops hub serve --sku S1 --query-delay 60
      edgeops hub serve --fault twin-write=500@5% --fault query=slow:2
    """
    from edgeops.localhub.conditions import parse_conditions
    from edgeops.localhub.ephemeral import ephemeral_dir
    from edgeops.localhub.loop import run
    from edgeops.localhub.serve import serve as serve_hub

    logging.basicConfig(format="local IoT Hub: %(message)s")
    under = parse_conditions(conditions_of(sku, units, retry_after, query_delay, latency, fault))
    with ephemeral_dir(directory) if ephemeral else nullcontext(directory) as chosen:
        where = hub_workspace(context, chosen, starts=True)

        def ready(endpoint: Endpoint) -> None:
            started = api.hubs.HubStart.of(where, endpoint, ephemeral=ephemeral)
            if output == "json":
                typer.echo(report.hub_start.as_json(started))
            else:
                # A key is for whoever sits at the terminal, not for a log.
                typer.echo(report.hub_start.text(started, with_key=sys.stdout.isatty()))
            sys.stdout.flush()
            if started.is_open:
                note(context, report.hub_start.WARNING.format(listen))

        api.hubs.seed_artifacts(where)
        if with_parent:
            threading.Thread(target=_end_with_parent, daemon=True).start()
        run(
            serve_hub(
                where.hub_dir,
                port=port,
                mqtt_port=None if no_mqtt else mqtt_port,
                host=listen,
                names=host or (),
                conditions=under,
                ready=ready,
                checkout=api.hub_page.checkout(where),
            )
        )


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def connection_string(
    context: typer.Context,
    device: Annotated[
        str | None, option("Device to connect as, instead of a service.", "--device", "-d")
    ] = None,
    module: Annotated[
        str | None, option("Module of the device to connect as.", "--module", "-m")
    ] = None,
    policy: Annotated[str, option("Shared access policy of the service.")] = "iothubowner",
    directory: DirOption = None,
) -> None:
    """Print a connection string of the local hub, for any Azure IoT tool or SDK.

    It holds a key. Clients must trust ca.pem in the folder of the hub; what
    `edgeops hub serve` prints says how each SDK does.

    \b
    Examples:
      edgeops hub connection-string
      edgeops hub connection-string --device my-device
    """
    where = hub_workspace(context, directory)
    typer.echo(api.connection_string(where, device=device, module=module, policy=policy))


def events(
    context: typer.Context,
    follow: Annotated[bool, option("Print new events until Ctrl-C.", "--follow", "-f")] = False,
    last: Annotated[int, option("Start with the newest N events.", min=0, max=100_000)] = 20,
    device: Annotated[
        str | None, option("Only events of this device and its modules.", "--device", "-d")
    ] = None,
    output: OutputOption = "text",
    directory: DirOption = None,
) -> None:
    """Print the events of the local hub: telemetry, twin changes, connections; secrets masked.

    \b
    Examples:
      edgeops hub events --follow
      edgeops hub events --device my-device -o json
    """
    where = hub_workspace(context, directory)
    shown = report.event_text.event_json if output == "json" else report.event_text.event_line
    with until_ctrl_c():
        for event in api.events(where, last=last, device=device, follow=follow):
            typer.echo(shown(event))
            sys.stdout.flush()


def reset(
    context: typer.Context,
    yes: Annotated[bool, option("Delete without asking.", "--yes", "-y")] = False,
    directory: DirOption = None,
) -> None:
    """Delete every device, module, twin and configuration of the local hub.

    One that is running goes on, empty: devices are disconnected. Keys and the
    certificate stay.

    \b
    Example:
      edgeops hub reset --yes
    """
    where = hub_workspace(context, directory)
    question = f"Delete all devices and twins of the local hub in {where.hub_dir}?"
    if not yes and not typer.confirm(question):
        raise EdgeOpsError("not confirmed: nothing was deleted")
    api.hubs.reset(where)
    note(context, "the local hub is empty")


app = group(
    """Run the local IoT Hub emulator, and see and change what is on it.

    It needs no Azure and no git. `serve` runs it; the other commands, in another
    terminal, find it by its folder: .edgeops, or what --dir or EDGEOPS_HUB_DIR names.

    \b
    Examples:
      edgeops hub serve
      edgeops hub device create my-device
      edgeops hub open
    """
)
app.command("serve", short_help="Run the hub until Ctrl-C.")(serve)
app.command("open", short_help="Open its web page: devices, events, faults.")(open_page)
app.command("events", short_help="Print telemetry, twin changes and connections.")(events)
app.command("connection-string", short_help="Print a connection string for any tool or SDK.")(
    connection_string
)
app.command("send", short_help="Send a message to a device.")(send)
app.command("seed", short_help="Create devices and twins from a file.")(seed)
app.command("conditions", short_help="Show or change throttles, delays and faults.")(conditions)
app.command("trust-ca", short_help="Let devices connect with certificates.")(trust_ca)
app.command("clone", short_help="Copy another hub into it, to rehearse a sync.")(clone)
app.command("reset", short_help="Delete everything on it.")(reset)
app.add_typer(hub_device.app, name="device", short_help="Create, list and delete devices.")
