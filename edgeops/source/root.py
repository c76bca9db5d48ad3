"""Finds the root of the fleet, and paths in it."""

from __future__ import annotations

import os
from pathlib import Path

from edgeops.errors import EdgeOpsError, UsageError


def find_root(start: Path, *, new: bool = False) -> Path:
    """The nearest folder at or above `start` that holds `fleet/`, or else a git repository.

    The result is absolute. If there is none, it is `start` for a `new` fleet; else raises
    `EdgeOpsError`.
    """
    if not start.exists():
        raise EdgeOpsError(f"{start} does not exist", "check the path")
    begin = start.resolve()
    for folder in (begin, *begin.parents):
        if is_repository(folder):
            return folder
    if new and begin.is_dir():
        return begin
    raise EdgeOpsError(
        f"no fleet was found in {begin} or above",
        "change to a repository with a `fleet/` folder, or name it with --repo",
    )


def is_repository(folder: Path) -> bool:
    """Whether a folder holds `fleet/`, or is the top of a git work tree."""
    return (folder / "fleet").is_dir() or (folder / ".git").exists()


def folder_in_repository(root: Path) -> str:
    """The path of `root` in its git work tree, such as `deploy/site`; empty at its top."""
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return "" if folder == root else root.relative_to(folder).as_posix()
    return ""


def path_in_fleet(path: str, root: Path, current: Path, *, exists: bool = True) -> str:
    """A path that the user typed, relative to the root of the fleet. Raises `UsageError`.

    It is relative to the current folder or, as in problems, to the root. With
    `exists=False` it need not be on disk.
    """
    for base in (current, root):
        place = Path(os.path.normpath(base / path))
        if place.is_relative_to(root) and (os.path.lexists(place) or not exists):
            return place.relative_to(root).as_posix()
    raise UsageError(f"{path} does not exist in {root}", "give a file or folder of the fleet")
