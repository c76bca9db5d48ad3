"""Options and arguments shared by several commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer


def option(help: str, *names: str, **more: Any) -> Any:  # noqa: A002 - as typer calls it
    """An option of a command: its help, its names, and other parameters of typer."""
    return typer.Option(*names, help=help, **more)


def argument(help: str, **more: Any) -> Any:  # noqa: A002
    """An argument of a command: its help, and other parameters of typer."""
    return typer.Argument(help=help, **more)


def group(help: str) -> typer.Typer:  # noqa: A002
    """An empty group of commands."""
    return typer.Typer(help=help, rich_markup_mode=None, no_args_is_help=True, add_completion=False)


OutputOption = Annotated[Literal["text", "json"], option("Form of the output.", "--output", "-o")]
DocumentOption = Annotated[
    Literal["text", "json", "markdown"], option("Form of the output.", "--output", "-o")
]
DeviceListOption = Annotated[
    Literal["text", "json", "yaml", "csv"], option("Form of the output.", "--output", "-o")
]
TargetOption = Annotated[
    list[str] | None,
    option("Device, or label (key=value) of devices; repeatable.", metavar="TARGET"),
]
GroupOption = Annotated[
    str | None, option("Only the devices of this group.", "--group", "-g", metavar="NAME")
]
HealthOption = Annotated[
    list[str] | None, option("Only devices in this state of health; repeatable.", metavar="STATE")
]
RevisionOption = Annotated[
    str | None, option("A git revision instead of the files on disk.", metavar="REV")
]
ComparedRevisionOption = Annotated[str, option("The git revision to compare with.", metavar="REV")]
TimeoutOption = Annotated[float, option("How long to wait.", metavar="SECONDS", min=0)]
VerboseOption = Annotated[bool, option("Show every device and value.", "--verbose", "-v")]
YesOption = Annotated[bool, option("Do not ask before writing.", "--yes", "-y")]
ModelName = Annotated[str, argument("The folder of the model in models/.")]
SavedPlanFile = Annotated[Path, argument("A plan saved by `sync --out`.")]
KeyOption = Annotated[
    Path | None,
    option(
        "File of the private key to sign with; EDGEOPS_SIGNING_KEY holds its text by default.",
        "--key",
        metavar="FILE",
    ),
]
# A path is looked up in the repository, then below each of these.
DataDirs = Annotated[
    list[Path] | None,
    option(
        "Folder outside the repository to search for paths of model.yaml that do not exist in"
        " the repository; repeatable. Links are not followed.",
        "--data-dir",
        metavar="DIR",
        exists=True,
        file_okay=False,
    ),
]
NewerData = Annotated[
    Path | None,
    option(
        "Folder with newer data: its files, with the paths of model.yaml, come before those of the"
        " repository, and the split moves by whole weeks to the end of the data.",
        "--newer-data",
        metavar="DIR",
        exists=True,
        file_okay=False,
        envvar="EDGEOPS_NEWER_DATA",
    ),
]
