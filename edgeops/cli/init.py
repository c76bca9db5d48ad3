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
    keep_existing: Annotated[
        bool, option("Write only files that do not exist, and list the others.", "--keep-existing")
    ] = False,
) -> None:
    """Create a new fleet repository: manifests, schemas, GitHub workflows.

    It has two devices in two rings, ready to use on the local hub; its README
    explains how to connect it to Azure and GitHub. The manifests name the images
    of the owner's edgeops release by digest; without an owner, they name a
    registry that does not exist. The workflows install this version or commit of
    edgeops; if it was installed from a folder, they stop before they sign in
    anywhere. Existing files are never overwritten: exit code 5, or with
    --keep-existing they stay as they are.

    \b
    Examples:
      edgeops init my-fleet --owner contoso
      edgeops init --keep-existing
      cd my-fleet && git init && git add . && git commit -m "a new fleet"
      edgeops sync
    """
    root = settings(context).repo if folder is None else folder
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    new = api.init(
        root,
        owner=_ask() if owner is None else owner,
        server=server,
        keep_existing=keep_existing,
    )
    for path in new.files:
        say(path)
    for path in new.kept:
        note(context, f"kept as it is: {path}")
    note(context, f"wrote {len(new.files)} files to {root}; commit them, then run `edgeops sync`")
    for point in new.open_points:
        note(context, point)


def _ask() -> str:
    """The owner of the images, asked for on a terminal; empty without a terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ""
    question = "GitHub owner of the images (ghcr.io/OWNER/...); leave empty to set it later"
    return str(typer.prompt(question, default="", show_default=False)).strip()
