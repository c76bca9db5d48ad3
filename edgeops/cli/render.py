"""`edgeops render`: the resolved twins or deployment manifests, for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgeops import api, report
from edgeops.cli.options import RevisionOption, argument, option
from edgeops.cli.settings import note, workspace
from edgeops.user_files import write_atomically


def render(
    context: typer.Context,
    devices: Annotated[
        list[str] | None, argument("Devices; all when none is named.", show_default=False)
    ] = None,
    deployment: Annotated[
        bool, option("The IoT Edge deployment manifest, not the twins.", "--deployment")
    ] = False,
    rev: RevisionOption = None,
    out: Annotated[
        Path | None, option("Write one file per device into this folder.", metavar="DIR")
    ] = None,
    output: Annotated[
        Literal["yaml", "json"], option("Form of the output.", "--output", "-o")
    ] = "yaml",
) -> None:
    """Print the resolved twins, or the deployment manifest, of devices.

    \b
    Examples:
      edgeops render queen-street-210
      edgeops render --out rendered/
      edgeops render --deployment queen-street-210 -o json > deployment.json
      az iot edge set-modules --device-id queen-street-210 --content deployment.json ...
    """
    rendered = api.render(workspace(context), devices or (), rev=rev, deployment=deployment)
    dump = report.documents.dump_json if output == "json" else report.documents.dump_yaml
    if out is not None:
        for name, document in rendered.items():
            write_atomically(out / f"{name}.{output}", dump(document))
        note(context, f"wrote {len(rendered)} files to {out}")
    elif len(rendered) == 1 or output == "yaml":
        typer.echo("---\n".join(dump(document) for document in rendered.values()), nl=False)
    else:
        typer.echo(dump(rendered), nl=False)
