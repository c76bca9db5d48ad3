"""Finds the file of a release on this machine: its copy in git, or the store of the local hub."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.plain_file import is_absent, read_plain
from edgeops.release import ReleaseFile

_RESTORE = "restore the published file"


def released_file(
    reference: str, root: Path, state: Path, copy: Path, file: ReleaseFile, most: int
) -> tuple[Path, bytes] | None:
    """The path and the bytes of a file of a release, whose copy in git would be `copy`.

    None if it is not on this machine. Raises `EdgeOpsError` where it is only as another one
    than was published, or cannot be read.
    """
    places = [(root, copy.relative_to(root).as_posix())]
    if file.path is not None:
        places.append((state / "artifacts", file.path))
    changed = []
    for folder, path in places:
        try:
            content = read_plain(folder, path, most)
        except OSError as error:
            if is_absent(error):
                continue
            message = f"cannot read {folder / path}, published as {reference}: {error.strerror}"
            raise EdgeOpsError(message, _RESTORE) from error
        if hashlib.sha256(content).hexdigest() == file.sha256:
            return folder / path, content
        changed.append(folder / path)
    if changed:
        raise EdgeOpsError(f"{changed[0]} differs from what was published as {reference}", _RESTORE)
    return None
