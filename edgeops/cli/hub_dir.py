"""Which local hub the commands of `edgeops hub` are for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from edgeops import api
from edgeops.cli.options import option
from edgeops.cli.settings import workspace
from edgeops.errors import EdgeOpsError

HUB_DIR = "EDGEOPS_HUB_DIR"

DirOption = Annotated[
    Path | None,
    option(
        "Folder of the local hub, instead of .edgeops in the repository or in this folder.",
        "--dir",
        metavar="DIR",
        envvar=HUB_DIR,
        file_okay=False,
    ),
]


def hub_workspace(
    context: typer.Context, directory: Path | None, *, starts: bool = False
) -> api.Workspace:
    """The workspace of a hub command, which needs no fleet and no repository.

    Raises `EdgeOpsError` if no hub has ever run there, unless this command `starts` it.
    """
    from edgeops.source.root import is_repository

    chosen = {HUB_DIR: str(directory.absolute())} if directory is not None else {}
    where = workspace(context, new=True, environ={**os.environ, **chosen})
    elsewhere = directory is not None or not is_repository(where.root)
    if elsewhere and not starts and not where.hub_dir.is_dir():
        raise EdgeOpsError(
            f"there is no local hub in {where.hub_dir}",
            "start one with `edgeops hub serve`, or name the folder of another with --dir",
        )
    return where
