"""`edgeops hub`: the IoT Hub in the box."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.options import Output, option
from edgeops.cli.settings import settings, workspace
from edgeops.errors import EdgeOpsError
from edgeops.localhub.access import DEFAULT_MQTT_PORT, DEFAULT_PORT

if TYPE_CHECKING:
    from edgeops.localhub.access import Endpoint

app = typer.Typer(
    help="The IoT Hub in the box: serve it, connect to it, watch it, start afresh.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command("serve")
def serve(
    context: typer.Context,
    port: Annotated[
        int,
        option(
            "HTTPS port on 127.0.0.1; 0 takes a free one.",
            envvar="EDGEOPS_HTTPS_PORT",
            min=0,
            max=65535,
        ),
    ] = DEFAULT_PORT,
    mqtt_port: Annotated[
        int,
        option(
            "MQTT port on 127.0.0.1 for devices; 0 goes without. Microsoft's device SDK"
            " always uses 8883.",
            envvar="EDGEOPS_MQTT_PORT",
            min=0,
            max=65535,
        ),
    ] = DEFAULT_MQTT_PORT,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
) -> None:
    """Run the local IoT Hub until Ctrl-C.

    Services reach it by HTTPS, devices by MQTT over TLS. It listens on the
    loopback interface only and keeps everything under .edgeops/: state, keys,
    and the certificate (ca.pem) that clients trust.

    \b
    Examples:
      edgeops hub serve
      edgeops hub serve --port 9443 --mqtt-port 0
    """
    from edgeops.api.hubs import seed_artifacts
    from edgeops.localhub.loop import run
    from edgeops.localhub.serve import serve as serve_hub

    def ready(endpoint: Endpoint) -> None:
        devices = f", mqtts://localhost:{endpoint.mqtt_port}" if endpoint.mqtt_port else ""
        typer.echo(f"local IoT Hub on https://localhost:{endpoint.port}{devices} (Ctrl-C stops it)")
        sys.stdout.flush()

    where = workspace(settings(context))
    seed_artifacts(where)
    if with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    run(serve_hub(where.state, port=port, mqtt_port=mqtt_port or None, ready=ready))


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


@app.command("connection-string")
def connection_string(
    context: typer.Context,
    device: Annotated[
        str | None, option("Of this device, not of the service.", "--device", "-d")
    ] = None,
    module: Annotated[str | None, option("Of this module of the device.", "--module", "-m")] = None,
    policy: Annotated[
        str, option("Shared access policy of the service connection string.")
    ] = "iothubowner",
) -> None:
    """Print a connection string of the local hub, for any Azure IoT tool or SDK.

    It is a secret of this machine's local hub. Clients must trust
    .edgeops/ca.pem (REQUESTS_CA_BUNDLE for the Python service SDK).

    \b
    Examples:
      edgeops hub connection-string
      edgeops hub connection-string --device queen-street-210
    """
    from edgeops.api import hubs

    where = workspace(settings(context))
    typer.echo(hubs.connection_string(where, device=device, module=module, policy=policy))


@app.command("events")
def events(
    context: typer.Context,
    follow: Annotated[
        bool, option("Go on with those that come, until Ctrl-C.", "--follow", "-f")
    ] = False,
    last: Annotated[int, option("Begin with so many of the newest.", min=0, max=100_000)] = 20,
    device: Annotated[
        str | None, option("Of this device and its modules only.", "--device", "-d")
    ] = None,
    output: Annotated[Output, option("Form of a line.", "--output", "-o")] = Output.TEXT,
) -> None:
    """Show what happens on the local hub: telemetry, changed twins, connections.

    Secrets in them are masked.

    \b
    Examples:
      edgeops hub events --follow
      edgeops hub events --device queen-street-210 -o json
    """
    from edgeops.api import hubs
    from edgeops.report.event_text import event_json, event_line

    where = workspace(settings(context))
    shown = event_json if output is Output.JSON else event_line
    for event in hubs.events(where, last=last, device=device, follow=follow):
        typer.echo(shown(event))
        sys.stdout.flush()


@app.command("reset")
def reset(
    context: typer.Context,
    yes: Annotated[bool, option("Do not ask.", "--yes", "-y")] = False,
) -> None:
    """Delete every device, module, twin and configuration of the local hub.

    \b
    Example:
      edgeops hub reset --yes
    """
    from edgeops.api import hubs

    where = workspace(settings(context))
    question = f"Delete all devices and twins of the local hub in {where.state}?"
    if not yes and not typer.confirm(question):
        raise EdgeOpsError("not confirmed: nothing was deleted")
    hubs.reset(where)
    settings(context).note("the local hub is empty")
