"""`edgeops import`: write a fleet from what exists."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import OutputOption, argument, option
from edgeops.cli.settings import settings, show, workspace
from edgeops.errors import InvalidState, UsageError


def import_fleet(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        argument("Deployment manifests, templates, twins, exported states; none: read --hub."),
    ] = None,
    query: Annotated[
        str, option("Condition on the devices of the hub, in its query language.", metavar="WHERE")
    ] = "",
    group_by: Annotated[
        str, option("Tag whose values become groups, such as tags.site.", metavar="TAG")
    ] = "",
    device: Annotated[
        str | None, option("Device of a deployment manifest, which names none.", metavar="ID")
    ] = None,
    value: Annotated[
        list[str] | None,
        option("Value of a placeholder of a template; repeatable.", "--set", metavar="NAME=VALUE"),
    ] = None,
    name: Annotated[str | None, option("Name of the new Fleet.", metavar="NAME")] = None,
    hostname: Annotated[
        str | None, option("Host name of --hub, if no Fleet names it yet.", metavar="HOST")
    ] = None,
    connection_string_env: Annotated[
        str | None,
        option("Variable with its connection string; without: Entra ID.", metavar="VARIABLE"),
    ] = None,
    output: OutputOption = "text",
) -> None:
    """Write a fleet from devices on a hub, or from deployment manifests.

    Only reads the hub. What devices have in common is written once: in the Fleet,
    in Modules, in Groups; alike devices become DeviceSets. Secrets become
    references to variables. Existing files and devices in git are kept.

    Ends with the proof: planning the new fleet against what was read changes no
    value; a sync then only writes the stamps by which edgeops knows its devices.
    Exit code 0: proved. 3: something cannot be read, and nothing is written; or it
    is written, but a sync would change the values that are listed.

    \b
    Examples:
      edgeops import --hub production --hostname contoso.azure-devices.net
      edgeops import --hub production --query "tags.site = 's1'" --group-by tags.site
      edgeops import deployment.template.json --device gateway-1 --set TAG=1.4
      az iot hub state export ... && edgeops import state.json --group-by tags.site
    """
    request = api.ImportRequest(
        files=tuple(files or ()),
        hub=None if files else settings(context).hub,
        query=query,
        group_by=group_by,
        device=device,
        values=dict(map(_assignment, value or ())),
        hostname=hostname,
        connection_string_env=connection_string_env,
        fleet=name,
    )
    imported = api.import_fleet(workspace(context, new=True), request)
    show(context, report.import_text, imported, output)
    if imported.differences:
        raise InvalidState("the fleet was written, but a sync would change values")


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--set {text!r} is not NAME=VALUE")
    return name, value
