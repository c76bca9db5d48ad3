"""Options and arguments that several commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


def option(help: str, *names: str, **more: Any) -> Any:  # noqa: A002 - as typer calls it
    """An option of a command: its help, then its names, and what else typer knows."""
    return typer.Option(*names, help=help, **more)


def argument(help: str, **more: Any) -> Any:  # noqa: A002
    """An argument of a command: its help, and what else typer knows."""
    return typer.Argument(help=help, **more)


class Output(StrEnum):
    """Forms of output that every reading command has."""

    TEXT = "text"
    JSON = "json"


class Document(StrEnum):
    """Forms of output of what is shown in pull requests as well."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


OutputOption = Annotated[Output, option("Form of the output.", "--output", "-o")]
DocumentOption = Annotated[Document, option("Form of the output.", "--output", "-o")]
RevisionOption = Annotated[
    str | None, option("A git revision, not the files on disk.", metavar="REV")
]
ModelName = Annotated[str, argument("The folder of the model in models/.")]
SavedPlanFile = Annotated[Path, argument("A plan that `sync` saved with --out.")]
# A path is looked up in the repository, then below each of these.
DataDirs = Annotated[
    list[Path] | None,
    option(
        "Folder outside the repository that paths in model.yaml may start at; repeatable.",
        "--data-dir",
        metavar="DIR",
        exists=True,
        file_okay=False,
    ),
]
