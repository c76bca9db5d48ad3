"""`edgeops hub`: the local IoT Hub emulator."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeops import api, report
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
from edgeops.cli.options import OutputOption, group, option
from edgeops.cli.settings import note, workspace
from edgeops.cli.watch import until_ctrl_c
from edgeops.errors import EdgeOpsError
from edgeops.localhub.access import DEFAULT_MQTT_PORT, DEFAULT_PORT

if TYPE_CHECKING:
    from edgeops.localhub.access import Endpoint

app = group("Run and inspect the local IoT Hub emulator.")
app.command("conditions", short_help="Show or change throttles, delays and faults.")(conditions)
app.command("clone", short_help="Copy a hub into the local one, to rehearse a sync.")(clone)


def _port(help: str, variable: str) -> Any:  # noqa: A002 - as typer calls it
    return option(help, envvar=variable, min=0, max=65535)


@app.command("serve")
def serve(
    context: typer.Context,
    port: Annotated[
        int, _port("HTTPS port on 127.0.0.1; 0 chooses a free one.", "EDGEOPS_HTTPS_PORT")
    ] = DEFAULT_PORT,
    mqtt_port: Annotated[
        int,
        _port(
            "MQTT port on 127.0.0.1; 0 disables MQTT. Azure device SDKs always use 8883.",
            "EDGEOPS_MQTT_PORT",
        ),
    ] = DEFAULT_MQTT_PORT,
    sku: SkuOption = None,
    units: UnitsOption = 1,
    retry_after: RetryAfterOption = None,
    query_delay: QueryDelayOption = 0,
    latency: LatencyOption = 0,
    fault: FaultOption = None,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
) -> None:
    """Run the local IoT Hub emulator until Ctrl-C.

    Service SDKs reach it by HTTPS, devices by MQTT over TLS. It listens on the
    loopback interface only. State, keys and the certificate that clients must
    trust (ca.pem) are stored in .edgeops/.

    \b
    Examples:
      edgeops hub serve
      edgeops hub serve --port 9443 --mqtt-port 0
      edgeops hub serve --sku S1 --query-delay 60
      edgeops hub serve --fault twin-write=500@5% --fault query=slow:2
    """
    from edgeops.localhub.conditions import parse_conditions
    from edgeops.localhub.loop import run
    from edgeops.localhub.serve import serve as serve_hub

    def ready(endpoint: Endpoint) -> None:
        devices = f", mqtts://localhost:{endpoint.mqtt_port}" if endpoint.mqtt_port else ""
        typer.echo(f"local IoT Hub on https://localhost:{endpoint.port}{devices} (Ctrl-C stops it)")
        sys.stdout.flush()

    under = parse_conditions(conditions_of(sku, units, retry_after, query_delay, latency, fault))
    where = workspace(context)
    api.hubs.seed_artifacts(where)
    if with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    run(
        serve_hub(
            where.state,
            port=port,
            mqtt_port=mqtt_port or None,
            conditions=under,
            ready=ready,
        )
    )


def _end_with_parent() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


@app.command("connection-string", short_help="Print a connection string for any tool or SDK.")
def connection_string(
    context: typer.Context,
    device: Annotated[
        str | None, option("Device to connect as, instead of a service.", "--device", "-d")
    ] = None,
    module: Annotated[
        str | None, option("Module of the device to connect as.", "--module", "-m")
    ] = None,
    policy: Annotated[str, option("Shared access policy of the service.")] = "iothubowner",
) -> None:
    """Print a connection string of the local hub, for any Azure IoT tool or SDK.

    It holds a key. Clients must trust .edgeops/ca.pem (REQUESTS_CA_BUNDLE for
    the Python service SDK).

    \b
    Examples:
      edgeops hub connection-string
      edgeops hub connection-string --device queen-street-210
    """
    where = workspace(context)
    typer.echo(api.connection_string(where, device=device, module=module, policy=policy))


@app.command("events", short_help="Print telemetry, twin changes and connections.")
def events(
    context: typer.Context,
    follow: Annotated[bool, option("Print new events until Ctrl-C.", "--follow", "-f")] = False,
    last: Annotated[int, option("Start with the newest N events.", min=0, max=100_000)] = 20,
    device: Annotated[
        str | None, option("Only events of this device and its modules.", "--device", "-d")
    ] = None,
    output: OutputOption = "text",
) -> None:
    """Print the events of the local hub: telemetry, twin changes, connections; secrets masked.

    \b
    Examples:
      edgeops hub events --follow
      edgeops hub events --device queen-street-210 -o json
    """
    where = workspace(context)
    shown = report.event_text.event_json if output == "json" else report.event_text.event_line
    with until_ctrl_c():
        for event in api.events(where, last=last, device=device, follow=follow):
            typer.echo(shown(event))
            sys.stdout.flush()


@app.command("reset", short_help="Delete all devices of the local hub.")
def reset(
    context: typer.Context,
    yes: Annotated[bool, option("Delete without asking.", "--yes", "-y")] = False,
) -> None:
    """Delete every device, module, twin and configuration of the local hub.

    \b
    Example:
      edgeops hub reset --yes
    """
    where = workspace(context)
    question = f"Delete all devices and twins of the local hub in {where.state}?"
    if not yes and not typer.confirm(question):
        raise EdgeOpsError("not confirmed: nothing was deleted")
    api.hubs.reset(where)
    note(context, "the local hub is empty")
