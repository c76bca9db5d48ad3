"""`edgeops render`: the resolved state, as files that other tools take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from edgeops.cli.settings import settings, workspace
from edgeops.errors import UsageError


class Form(StrEnum):
    """Forms of rendered documents."""

    YAML = "yaml"
    JSON = "json"


def render(
    context: typer.Context,
    devices: Annotated[
        list[str] | None,
        typer.Argument(help="Devices; all when none is named.", show_default=False),
    ] = None,
    deployment: Annotated[
        bool, typer.Option("--deployment", help="The IoT Edge deployment manifest, not the twins.")
    ] = False,
    rev: Annotated[
        str | None, typer.Option(help="A git revision, not the files on disk.", metavar="REV")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write one file a device into this folder.", metavar="DIR")
    ] = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="Form of the output.")] = Form.YAML,
) -> None:
    """Print the resolved twins, or the deployment manifest, of devices.

    \b
    Examples:
      edgeops render queen-street-210
      edgeops render --out rendered/
      edgeops render --deployment queen-street-210 -o json > deployment.json
      az iot edge set-modules --device-id queen-street-210 --content deployment.json ...
    """
    from edgeops.fleet.edge import deployment_manifest, render_device
    from edgeops.fleet.suggest import did_you_mean
    from edgeops.report.documents import dump_json, dump_yaml

    fleet = workspace(settings(context)).at(rev).fleet
    names = devices or sorted(fleet.devices)
    for name in names:
        if name not in fleet.devices:
            raise UsageError(f"the fleet has no device `{name}`", did_you_mean(name, fleet.devices))
    form = deployment_manifest if deployment else render_device
    dump = dump_json if output is Form.JSON else dump_yaml
    rendered = {name: form(fleet.devices[name]) for name in names}
    if out is not None:
        from edgeops.cli.files import write_atomically

        for name, document in rendered.items():
            write_atomically(out / f"{name}.{output}", dump(document))
        settings(context).note(f"{len(rendered)} files in {out}")
    elif len(rendered) == 1 or output is Form.YAML:
        typer.echo("---\n".join(dump(document) for document in rendered.values()), nl=False)
    else:
        typer.echo(dump(rendered), nl=False)
