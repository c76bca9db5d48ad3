"""`edgeops init`: a new fleet repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from edgeops.cli.settings import say, settings
from edgeops.errors import EdgeOpsError, Refused

_SHOWN = 10


def init(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Where; the current folder by default.", metavar="[DIR]")
    ] = None,
) -> None:
    """Write a new fleet repository: manifests, schemas, GitHub workflows.

    Two devices in two rings, which work at once on the hub in the box. Its
    README says how to connect it to Azure and GitHub. Nothing is ever
    overwritten: exit code 5 when a file is there already.

    \b
    Examples:
      edgeops init my-fleet
      cd my-fleet && git init && git add . && git commit -m "a new fleet"
      edgeops sync
    """
    from edgeops.scaffold.repository import new_repository

    options = settings(context)
    root = options.repo if folder is None else folder
    files = new_repository(root.resolve().name)
    _refuse_to_overwrite(root, files)
    for path, data in files.items():
        _write(root / path, data)
        say(path)
    options.note(f"{len(files)} files are in {root}; commit them, then `edgeops sync`")


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
