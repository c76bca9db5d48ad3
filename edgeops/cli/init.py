"""`edgeops init`: a new fleet repository."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.settings import Settings, say, settings
from edgeops.errors import EdgeOpsError, Refused

if TYPE_CHECKING:
    from edgeops.scaffold.origin import Origin

_SHOWN = 10


def init(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Where; the current folder by default.", metavar="[DIR]")
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(
            help="Whose edgeops the devices run: the images of its release on GitHub, by digest."
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
    from edgeops.scaffold.repository import new_repository

    options = settings(context)
    root = options.repo if folder is None else folder
    origin = _origin()
    owner = _ask() if owner is None else owner
    files = new_repository(root.resolve().name, origin, _images(owner, origin))
    _refuse_to_overwrite(root, files)
    for path, data in files.items():
        _write(root / path, data)
        say(path)
    options.note(f"{len(files)} files are in {root}; commit them, then `edgeops sync`")
    _note_what_is_open(options, origin, owner)


def _origin() -> Origin:
    """Where this edgeops was installed from."""
    from importlib.metadata import PackageNotFoundError, distribution

    from edgeops.scaffold.origin import NOWHERE, origin_of

    try:
        return origin_of(distribution("edgeops").read_text("direct_url.json"))
    except PackageNotFoundError:  # run from its source, without having been installed
        return NOWHERE


def _ask() -> str:
    """The owner of the images, from somebody at a terminal; empty where nobody is there."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ""
    question = "Owner of the images on GitHub (ghcr.io/OWNER/...), empty for none yet"
    return str(typer.prompt(question, default="", show_default=False)).strip()


def _images(owner: str, origin: Origin) -> Mapping[str, str]:
    """The images to run, where somebody was named and there can be any."""
    from edgeops.github.images import released_images
    from edgeops.scaffold.repository import owner_on_github

    if not owner:
        return {}
    owner = owner_on_github(owner)
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    return released_images(server, owner, origin.version) if origin.released else {}


def _note_what_is_open(options: Settings, origin: Origin, owner: str) -> None:
    if not origin.version:
        options.note(
            "this edgeops was installed from a folder, so the workflows do not know which one to"
            " run and stop: set inputs.version.default in .github/actions/edgeops/action.yml"
        )
    if not owner or not origin.released:
        why = "no --owner was given" if not owner else "there are no images of this edgeops"
        options.note(f"{why}: set `image` in fleet/modules before you sync to Azure IoT Hub")


def _refuse_to_overwrite(root: Path, files: Mapping[str, bytes]) -> None:
    there = [path for path in files if (root / path).exists() or (root / path).is_symlink()]
    if there:
        shown = ", ".join(there[:_SHOWN])
        more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
        raise Refused(
            f"there already: {shown}{more}",
            "nothing was written; choose an empty folder, and copy from there what you need",
        )


def _write(file: Path, data: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as new:
            new.write(data)
    except OSError as error:
        raise EdgeOpsError(
            f"cannot write {file}: {error.strerror}", "choose another folder"
        ) from error
