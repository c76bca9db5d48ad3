"""`edgeops hub clone`: a copy of a hub in the local one, to rehearse a sync on it."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.hub_dir import DirOption, hub_workspace
from edgeops.cli.options import OutputOption, option
from edgeops.cli.settings import show


def clone(
    context: typer.Context,
    source: Annotated[
        str, option("Hub to copy, as the fleet names it; it is only read.", "--from")
    ],
    replace: Annotated[
        bool, option("Delete what the local hub has; otherwise it must be empty.", "--replace")
    ] = False,
    output: OutputOption = "text",
    directory: DirOption = None,
) -> None:
    """Copy devices, twins and configurations of a hub into the local one.

    Then `edgeops sync --hub HUB --rehearse` shows on the copy what a sync changes,
    how long it takes at the throttles of the hub, and what fails. The hub is only
    read. Devices get new keys, and secrets become ***. The copy is complete, or the
    local hub stays as it was.

    \b
    Examples:
      edgeops hub clone --from production
      edgeops hub clone --from production --replace
      edgeops sync --hub production --rehearse
    """
    cloned = api.clone_hub(
        hub_workspace(context, directory, starts=True), source, replace_all=replace
    )
    show(context, report.clone_text, cloned, output)
