"""What commands of models need besides the core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from edgeops.errors import EdgeOpsError

# A path is looked up in the repository, then below each of these.
DataDirs = Annotated[
    list[Path] | None,
    typer.Option(
        "--data-dir",
        help="Folder outside the repository that paths in model.yaml may start at; repeatable.",
        metavar="DIR",
        exists=True,
        file_okay=False,
    ),
]


@contextmanager
def extra_train() -> Iterator[None]:
    """Says which extra is missing. Raises `EdgeOpsError`."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "edgeops":
            raise
        raise EdgeOpsError(
            f"the package {package} is not installed", "pip install 'edgeops[train]'"
        ) from error
