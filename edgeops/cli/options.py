"""Options and arguments that several commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Output(StrEnum):
    """Forms of output that every reading command has."""

    TEXT = "text"
    JSON = "json"


class Document(StrEnum):
    """Forms of output of what is shown in pull requests as well."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


OutputOption = Annotated[Output, typer.Option("--output", "-o", help="Form of the output.")]
DocumentOption = Annotated[Document, typer.Option("--output", "-o", help="Form of the output.")]
RevisionOption = Annotated[
    str | None, typer.Option(help="A git revision, not the files on disk.", metavar="REV")
]
ModelName = Annotated[str, typer.Argument(help="The folder of the model in models/.")]
SavedPlanFile = Annotated[Path, typer.Argument(help="A plan that `sync` saved with --out.")]
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
