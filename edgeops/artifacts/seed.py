"""Artifacts that git holds, for the local hub: so a fresh clone works without any store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgeops.artifacts.folder import FolderStore
from edgeops.artifacts.verify import digest_of_release
from edgeops.errors import EdgeOpsError
from edgeops.release import ModelRelease


def seed(copies: Iterable[tuple[ModelRelease, Path]], folder: Path) -> tuple[str, ...]:
    """Put the copies that are not there yet into the folder that the local hub serves.

    Gives a warning for each copy that could not be put there; one that is not
    what its release file says never is.
    """
    store = FolderStore(folder, "")
    warnings = []
    for release, copy in copies:
        if release.path is None or not copy.is_file() or (folder / release.path).exists():
            continue
        try:
            store.put(copy, release.path, digest_of_release(release))
        except EdgeOpsError as error:
            warnings.append(f"{release.reference} is not served from git: {error.message}")
    return tuple(warnings)
