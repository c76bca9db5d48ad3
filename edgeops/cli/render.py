"""`edgeops render`: the resolved twins or deployment manifests, for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from edgeops import api, report
from edgeops.cli.options import RevisionOption, argument, option
from edgeops.cli.settings import note, workspace
from edgeops.errors import UsageError
from edgeops.user_files import write_atomically


def render(
    context: typer.Context,
    devices: Annotated[
        list[str] | None, argument("Devices; all when none is named.", show_default=False)
    ] = None,
    deployment: Annotated[
        bool, option("The IoT Edge deployment manifest, not the twins.", "--deployment")
    ] = False,
    calendar: Annotated[
        str | None,
        option("The file of a Context, byte by byte, not of devices.", "--context", metavar="NAME"),
    ] = None,
    rev: RevisionOption = None,
    out: Annotated[
        Path | None, option("Write one file per device into this folder.", metavar="DIR")
    ] = None,
    output: Annotated[
        Literal["yaml", "json"], option("Form of the output.", "--output", "-o")
    ] = "yaml",
) -> None:
    """Print the resolved twins, or the deployment manifest, of devices.

    Or the file that devices get of a Context, to put it into a store that sync
    cannot write to.

    \b
    Examples:
      edgeops render queen-street-210
      edgeops render --out rendered/
      edgeops render --deployment queen-street-210 -o json > deployment.json
      az iot edge set-modules --device-id queen-street-210 --content deployment.json ...
      edgeops render --context city-events > context.json
    """
    if calendar is not None:
        if devices or deployment or out or output == "json":
            raise UsageError("--context cannot be combined with devices or other forms of output")
        file = api.render_context(workspace(context), calendar, rev=rev)
        typer.echo(file.decode(), nl=False)
        return
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
