"""`edgeops init`: a new fleet repository."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from edgeops.cli.options import argument, option
from edgeops.cli.settings import say, settings


def init(
    context: typer.Context,
    folder: Annotated[
        Path | None, argument("Where; the current folder by default.", metavar="[DIR]")
    ] = None,
    owner: Annotated[
        str | None,
        option(
            "Whose edgeops the devices run: the images of its release on GitHub, by digest."
            " Asked for on a terminal; without one the manifests name no image that exists.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a new fleet repository: manifests, schemas, GitHub workflows.

    Two devices in two rings, which work at once on the hub in the box. Its
    README says how to connect it to Azure and GitHub. The workflows run this
    very edgeops, by its version or commit; if it was installed from a folder it
    has neither, and they stop before they sign in anywhere. Nothing is ever
    overwritten: exit code 5 when a file is there already.

    \b
    Examples:
      edgeops init my-fleet --owner contoso
      cd my-fleet && git init && git add . && git commit -m "a new fleet"
      edgeops sync
    """
    from edgeops.api.new import init as new

    options = settings(context)
    root = options.repo if folder is None else folder
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    made = new(root, owner=_ask() if owner is None else owner, server=server)
    for path in made.files:
        say(path)
    options.note(f"{len(made.files)} files are in {root}; commit them, then `edgeops sync`")
    for point in made.open_points:
        options.note(point)


def _ask() -> str:
    """The owner of the images, from somebody at a terminal; empty where nobody is there."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ""
    question = "Owner of the images on GitHub (ghcr.io/OWNER/...), empty for none yet"
    return str(typer.prompt(question, default="", show_default=False)).strip()
