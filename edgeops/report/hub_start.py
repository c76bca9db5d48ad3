"""A local hub that has started, as text with the next steps, and as one line of JSON."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from edgeops.report.inert import line

if TYPE_CHECKING:
    from edgeops.api.hubs import HubStart

WARNING = (
    "warning: it listens on {}: whoever reaches this machine can try keys, and reads"
    " /artifacts/ without one; use it in a network that you trust"
)


def text(started: HubStart, *, with_key: bool) -> str:
    """What a person needs: addresses, folder, certificate, and how each SDK trusts it.

    The first line is the hub's address. The connection string is shown only `with_key`, or else
    the command that prints it. No newline at its end.
    """
    endpoint = started.endpoint
    name, folder = endpoint.name, shlex.quote(str(started.folder))
    devices = f", mqtts://{name}:{endpoint.mqtt_port}" if endpoint.mqtt_port else ""
    where = "" if started.by_default else f" --dir {folder}"
    command = f"edgeops hub connection-string{where}"
    by_hand = [f"  for a device   edgeops hub device create my-device{where}"]
    ending = " (deleted when it ends)" if started.ephemeral else ""
    rows = [
        f"local IoT Hub on https://{name}:{endpoint.port}{devices} (Ctrl-C stops it)",
        f"  folder         {folder}{ending}",
        f"  for services   {started.connection_string if with_key else command}",
        *(by_hand if endpoint.mqtt_port else ()),
        f"  its page       edgeops hub open{where}",
        "Clients must trust its certificate:",
        f"  CA={shlex.quote(str(endpoint.ca_file.absolute()))}",
        "  REQUESTS_CA_BUNDLE=$CA python service.py   # azure-iot-hub",
        "  SSL_CERT_FILE=$CA python device.py         # azure-iot-device",
        "  NODE_EXTRA_CA_CERTS=$CA node app.js",
        "  SSL_CERT_FILE=$CA dotnet run               # on Linux",
        f'  REQUESTS_CA_BUNDLE=$CA az iot hub device-identity list --login "$({command})"',
    ]
    if endpoint.hostname != name:
        rows.append("Service SDKs of Node and .NET, and az, may need --port 443: see the docs")
    secret = started.connection_string
    return "\n".join(row if secret in row else line(row) for row in rows)


def as_json(started: HubStart) -> str:
    """One line for programs, with the connection string: a secret."""
    endpoint = started.endpoint
    return json.dumps(
        {
            "hostName": endpoint.hostname,
            "port": endpoint.port,
            "mqttPort": endpoint.mqtt_port,
            "pid": endpoint.pid,
            "dir": str(started.folder),
            "caFile": str(endpoint.ca_file.absolute()),
            "ephemeral": started.ephemeral,
            "connectionString": started.connection_string,
        }
    )
