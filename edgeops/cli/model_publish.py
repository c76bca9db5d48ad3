"""`edgeops model publish`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops.cli.options import DataDirs, ModelName, Output, OutputOption, option
from edgeops.cli.settings import settings, show, workspace


def publish(
    context: typer.Context,
    name: ModelName,
    version: Annotated[
        str | None, option("major.minor.patch; the next minor version by default.", metavar="X.Y.Z")
    ] = None,
    data_dir: DataDirs = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Publish the trained and evaluated model, if its gates let it through.

    The artifact goes to the store of the hub (--hub) and is read back. Then the
    release file is written to models/NAME/releases/, with the model card and
    an artifact of at most 512 KB beside it. Commit them. A release never
    changes: other bytes need another version. Exit code 5: a gate said no, or
    the version is taken.

    Name the folders again that the model was trained with (--data-dir).

    \b
    Examples:
      edgeops model publish crowdedness-24h
      edgeops model publish crowdedness-24h --version 1.1.0 --hub production
      edgeops model publish my-model --data-dir /mnt/counts
    """
    from edgeops.api import models

    options = settings(context)
    done = models.publish(workspace(options), name, version=version, data_dirs=data_dir or ())
    from edgeops.report import published_text

    show(options, published_text, done, output)
