"""`edgeops model list` and `verify`: the published releases."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import OutputOption, argument
from edgeops.cli.settings import show, workspace
from edgeops.errors import EdgeOpsError


def list_releases(
    context: typer.Context,
    name: Annotated[
        str | None, argument("Only the releases of this model.", metavar="NAME")
    ] = None,
    output: OutputOption = "text",
) -> None:
    """List the releases: quality, signatures, the manifests that name them, where they run.

    The devices are read from the hub (--hub), if it can be reached.

    \b
    Examples:
      edgeops model list
      edgeops model list crowdedness-24h -o json
    """
    show(context, report.release_text, api.list_releases(workspace(context), name), output)


def verify(
    context: typer.Context,
    releases: Annotated[
        list[str] | None,
        argument("Models or releases, as NAME or NAME@VERSION; all by default.", metavar="RELEASE"),
    ] = None,
    output: OutputOption = "text",
) -> None:
    """Check that published artifacts still match the digests in their release files.

    Reads the copy in git, and the artifact in the store of the hub (--hub) or
    at the URL of the release, and says whose signature it has. Exit code 1: an
    artifact changed, is missing, or cannot be read, or is not what a key that the
    Fleet trusts has signed.

    \b
    Examples:
      edgeops model verify
      edgeops model verify crowdedness-24h@1.0.0 --hub production
    """
    rows = api.verify(workspace(context), releases or ())
    show(context, report.verify_text, rows, output)
    if not all(row.good for row in rows):
        raise EdgeOpsError(report.verify_text.summary(rows), report.verify_text.hint(rows))
