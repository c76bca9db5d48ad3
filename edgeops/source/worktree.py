"""The working tree -> Snapshot; needs no git."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from functools import partial
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
from edgeops.source.listing import Listing
from edgeops.source.read import MAX_KEY_BYTES, SourceFile
from edgeops.source.stat_index import (
    State,
    StatIndex,
    is_settled,
    load_index,
    save_index,
    state_of,
)

_HELD_BYTES = 16 * 1024 * 1024  # of files that were read to list them


def load_worktree(root: Path, cache: Memo | None = None, path: Path | None = None) -> Snapshot:
    """The snapshot of the files on disk, committed or not.

    With `path`, only the files at or below it are read. Raises `EdgeOpsError`
    when `root` has no fleet/ folder, or `path` has no manifest or schema.
    """
    return list_worktree(root, cache, path).snapshot(cache)


def list_worktree(root: Path, memo: Memo | None = None, path: Path | None = None) -> Listing:
    """The files on disk, as `load_worktree` reads them.

    Those that are as `memo` knows them are not read.
    """
    root = root.resolve()
    fleet = root / "fleet"
    if fleet.is_symlink() or not fleet.is_dir():
        raise no_fleet(str(root))
    started = time.time_ns()
    found = _states(root)
    if path is not None:
        found = {name: found[name] for name in _below(root, path, list(found))}
    index = load_index(memo, root) if memo is not None else StatIndex()
    known = {
        name: index.blobs[name]
        for name, state in found.items()
        if state is not None and index.states.get(name) == state
    }
    fresh: dict[str, bytes] = {}
    held = 0
    refused: list[Problem] = []
    new = found.keys() - known.keys()
    for name in sorted(new):
        file = source_file(root, name)
        if isinstance(file, Problem):
            refused.append(file)
        elif file is not None:
            known[name], data = file.sha, file.read()
            held += len(data)
            if held <= _HELD_BYTES:  # the others are read again
                fresh[name] = data
    new &= known.keys()
    if memo is not None and path is None and (new or known.keys() != index.blobs.keys()):
        unsettled = {name for name in new if not _is_settled(found[name], started)}
        blobs = {name: blob for name, blob in known.items() if name not in unsettled}
        save_index(memo, root, StatIndex(found, blobs))
    read = partial(_read_again, root, known, fresh)
    return Listing(None, known, tuple(refused), read, partial(_key, root))


def _is_settled(state: State | None, started: int) -> bool:
    return state is not None and is_settled(state, started)


def _read_again(root: Path, blobs: dict[str, str], fresh: dict[str, bytes], name: str) -> bytes:
    """The content of a file, as it was when it was listed."""
    data = fresh.pop(name) if name in fresh else read_plain(root, name, MAX_BYTES)
    if _blob_id(data) != blobs[name]:
        raise EdgeOpsError(f"{name} changes while it is read", "run the command again")
    return data


def _key(root: Path, name: str) -> bytes:
    return read_plain(root, name, MAX_KEY_BYTES)


def _states(root: Path) -> dict[str, State | None]:
    """Every file, link to a folder and submodule, by its path relative to the root.

    The state is None where it says nothing of the content, as behind a link.
    """
    found: dict[str, State | None] = {}
    for top in FOLDERS:
        linked = (root / top).is_symlink()
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(root / folder) as entries:
                    inside = list(entries)
            except OSError:
                continue
            if any(entry.name == ".git" for entry in inside):
                found[folder] = None
                continue
            for entry in inside:
                name = f"{folder}/{entry.name}"
                try:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(name)
                        continue
                    state = state_of(entry.stat(follow_symlinks=False))
                except OSError:
                    found[name] = None
                else:
                    found[name] = None if linked else state
    return found


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
    try:
        status = os.lstat(f"{root}/{name}")
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
