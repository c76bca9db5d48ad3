"""A file that is checked against its digest while it is uploaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from edgeops.artifacts.store import ArtifactError, Progress
from edgeops.digest import Digest, Hasher
from edgeops.translate import doing


class CheckedFile:
    """Reads a file once, and returns its last byte only if all bytes match the digest.

    So a file that changes during the upload is never published: a store
    publishes nothing before it has every byte.
    """

    def __init__(self, file: BinaryIO, digest: Digest, progress: Progress) -> None:
        self._file = file
        self._digest = digest
        self._progress = progress
        self._hasher = Hasher(md5=bool(digest.md5))

    def __len__(self) -> int:
        return self._digest.size

    def read(self, count: int = -1) -> bytes:
        """The next bytes. Raises `ArtifactError` in place of the last bytes of another file."""
        left = self._digest.size - self._hasher.size
        wanted = left if count < 0 else min(count, left)
        chunk = self._file.read(wanted)
        self._hasher.add(chunk)
        complete = self._hasher.size == self._digest.size
        if len(chunk) < wanted or (complete and not self._matches()):
            raise ArtifactError(
                "the file does not match its digest: it was modified",
                "nothing was published; try again",
            )
        self._progress(self._hasher.size, self._digest.size)
        return chunk

    def _matches(self) -> bool:
        return self._hasher.digest() == self._digest and not self._file.read(1)


@contextmanager
def opened(path: Path, digest: Digest, progress: Progress) -> Iterator[CheckedFile]:
    """The file to publish. Raises `ArtifactError` if it cannot be read."""
    with doing(f"read {path}", error=ArtifactError):
        file = path.open("rb")
    with file:
        yield CheckedFile(file, digest, progress)
