"""The working tree -> Snapshot; needs no git."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.fleet.memo import Memo
from edgeops.fleet.model import Place, Problem, Snapshot
from edgeops.fleet.yaml import MAX_BYTES, too_large
from edgeops.plain_file import read_plain
from edgeops.source.layout import (
    FOLDERS,
    detour_problem,
    name_problem,
    no_fleet,
    role,
    unread_problem,
)
from edgeops.source.read import MAX_KEY_BYTES, SourceFile, read_snapshot
from edgeops.source.schemas import packaged_schemas


def load_worktree(root: Path, cache: Memo | None = None, path: Path | None = None) -> Snapshot:
    """The snapshot of the files on disk, committed or not.

    With `path`, only the files at or below it are read. Raises `EdgeOpsError`
    when `root` has no fleet/ folder, or `path` has no manifest or schema.
    """
    root = root.resolve()
    fleet = root / "fleet"
    if fleet.is_symlink() or not fleet.is_dir():
        raise no_fleet(str(root))
    names = sorted(_names(root))
    if path is not None:
        names = _below(root, path, names)
    files = (file for name in names if (file := source_file(root, name)))

    def read_key(name: str) -> bytes:
        return read_plain(root, name, MAX_KEY_BYTES)

    return read_snapshot(None, files, packaged_schemas(), cache, read_key)


def _names(root: Path) -> Iterator[str]:
    """Every file, link to a folder and submodule, as a path relative to the root."""
    for top in FOLDERS:
        for folder, folders, files in os.walk(root / top):
            prefix = Path(folder).relative_to(root).as_posix()
            if ".git" in files or ".git" in folders:
                folders.clear()
                yield prefix
                continue
            links = [name for name in folders if Path(folder, name).is_symlink()]
            yield from (f"{prefix}/{name}" for name in [*files, *links])


def _below(root: Path, path: Path, names: list[str]) -> list[str]:
    wanted = path.resolve()
    if wanted == root:
        return names
    chosen = [name for name in names if (root / name) == wanted or wanted in (root / name).parents]
    if not any(role(name) for name in chosen):
        raise EdgeOpsError(
            f"there is no manifest or schema at {path}",
            f"edgeops reads fleet/, models/*/releases/ and schemas/ of {root}",
        )
    return chosen


def source_file(root: Path, name: str) -> SourceFile | Problem | None:
    """The file to read, the problem that prevents it, or None for a file that is ignored."""
    kind = role(name)
    path = root / name
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return detour_problem(name, "a symbolic link")
        if stat.S_ISDIR(status.st_mode):
            return detour_problem(name, "a submodule")
        if kind is None:
            return unread_problem(name)
        if badly_named := name_problem(name):
            return badly_named
        if status.st_size > MAX_BYTES:
            return too_large(name, status.st_size)
        data = read_plain(root, name, MAX_BYTES)
    except OSError as error:
        return Problem(Place(name), "", f"cannot be read: {error.strerror}")
    return SourceFile(name, kind, _blob_id(data), lambda: data)


def _blob_id(data: bytes) -> str:
    """The object id of these bytes in git."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
