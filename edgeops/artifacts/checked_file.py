"""A file on its way to a store, held against its digest while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from edgeops.artifacts.store import ArtifactError, Progress
from edgeops.digest import Digest, Hasher


class CheckedFile:
    """Reads a file once. Its last byte is given only if all of them are what the digest says.

    So a file that changes while it is published never gets published: a store
    that has not got every byte publishes none.
    """

    def __init__(self, file: BinaryIO, digest: Digest, progress: Progress) -> None:
        self._file = file
        self._digest = digest
        self._progress = progress
        self._hasher = Hasher()

    def __len__(self) -> int:
        return self._digest.size

    def read(self, count: int = -1) -> bytes:
        """The next bytes. Raises `ArtifactError` instead of the last ones."""
        left = self._digest.size - self._hasher.size
        wanted = left if count < 0 else min(count, left)
        chunk = self._file.read(wanted)
        self._hasher.add(chunk)
        complete = self._hasher.size == self._digest.size
        if len(chunk) < wanted or (complete and not self._is_right()):
            raise ArtifactError(
                "the file is not what its digest says: it changed meanwhile",
                "nothing was published; try again",
            )
        self._progress(self._hasher.size, self._digest.size)
        return chunk

    def _is_right(self) -> bool:
        return self._hasher.digest() == self._digest and not self._file.read(1)


@contextmanager
def opened(path: Path, digest: Digest, progress: Progress) -> Iterator[CheckedFile]:
    """The file to publish. Raises `ArtifactError` when it cannot be read."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise ArtifactError(f"cannot read {path}: {error.strerror}") from error
    with file:
        yield CheckedFile(file, digest, progress)
