"""`edgeops hub device`: devices of the local hub by hand."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from edgeops import api, report
from edgeops.cli.hub_dir import DirOption, hub_workspace
from edgeops.cli.options import OutputOption, argument, group, option
from edgeops.cli.settings import note, show

app = group("Create, list and delete devices of the local hub.")

IdentityArgument = Annotated[str, argument("The id of the device.", metavar="DEVICE")]
OfDevice = Annotated[
    str | None, option("A module of the device, instead of the device.", "--module", "-m")
]


@app.command("create", short_help="Create a device or module; print its connection string.")
def create(
    context: typer.Context,
    identity: IdentityArgument,
    of_device: OfDevice = None,
    edge: Annotated[bool, option("Create an IoT Edge device.", "--edge")] = False,
    status: Annotated[
        Literal["enabled", "disabled"], option("Whether the device may connect.")
    ] = "enabled",
    output: OutputOption = "text",
    directory: DirOption = None,
) -> None:
    """Create a device of the local hub, or a module of one, and print its connection string.

    It holds a key. Uses the running hub, or starts one for this command.

    \b
    Examples:
      edgeops hub device create thermostat-1
      edgeops hub device create gateway-1 --edge
      edgeops hub device create gateway-1 --module camera
    """
    where = hub_workspace(context, directory)
    secret = api.hub_devices.create_device(
        where, identity, module=of_device, edge=edge, status=status
    )
    if output == "json":
        secret = report.hub_devices.created_json(identity, of_device, secret)
    typer.echo(secret)


@app.command("list", short_help="List devices and modules.")
def list_(
    context: typer.Context, output: OutputOption = "text", directory: DirOption = None
) -> None:
    """List the devices of the local hub with their modules.

    \b
    Example:
      edgeops hub device list -o json
    """
    where = hub_workspace(context, directory)
    show(context, report.hub_devices, api.hub_devices.list_devices(where), output)


@app.command("delete", short_help="Delete a device or module.")
def delete(
    context: typer.Context,
    identity: IdentityArgument,
    of_device: OfDevice = None,
    directory: DirOption = None,
) -> None:
    """Delete a device of the local hub with its modules, or one module.

    If it is connected, its connection ends.

    \b
    Example:
      edgeops hub device delete gateway-1 --module camera
    """
    api.hub_devices.delete_device(hub_workspace(context, directory), identity, module=of_device)
    note(context, f"deleted {'/'.join(filter(None, (identity, of_device)))}")
