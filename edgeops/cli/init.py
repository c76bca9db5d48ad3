"""`edgeops init`: create a new fleet repository."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from edgeops import api
from edgeops.cli.options import argument, option
from edgeops.cli.settings import note, say, settings


def init(
    context: typer.Context,
    folder: Annotated[
        Path | None, argument("Folder; the current one by default.", metavar="[DIR]")
    ] = None,
    owner: Annotated[
        str | None,
        option("GitHub owner of the module images; asked for on a terminal.", metavar="NAME"),
    ] = None,
) -> None:
    """Create a new fleet repository: manifests, schemas, GitHub workflows.

    It has two devices in two rings, which work at once on the local hub; its
    README says how to connect it to Azure and GitHub. The manifests name the
    images of the owner's edgeops release by digest; without an owner, they name
    none that exists. The workflows install this version or commit of edgeops;
    one installed from a folder has neither, and they stop before they sign in
    anywhere. Existing files are never overwritten: exit code 5.

    \b
    Examples:
      edgeops init my-fleet --owner contoso
      cd my-fleet && git init && git add . && git commit -m "a new fleet"
      edgeops sync
    """
    root = settings(context).repo if folder is None else folder
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    made = api.init(root, owner=_ask() if owner is None else owner, server=server)
    for path in made.files:
        say(path)
    note(context, f"{len(made.files)} files are in {root}; commit them, then `edgeops sync`")
    for point in made.open_points:
        note(context, point)


def _ask() -> str:
    """The owner of the images, asked at a terminal; empty without a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ""
    question = "Owner of the images on GitHub (ghcr.io/OWNER/...), empty for none yet"
    return str(typer.prompt(question, default="", show_default=False)).strip()
