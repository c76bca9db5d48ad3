"""A file that is being downloaded: hidden, hashed while it is written, taken up again later."""

from __future__ import annotations

import os
from pathlib import Path

from edgeops.digest import Digest, Hasher, chunks_of


class PartFile:
    """The part file of one model, open for appending; what it holds already is hashed again.

    All calls may raise `OSError`.
    """

    def __init__(self, path: Path, *, md5: bool) -> None:
        self._md5 = md5
        self._hasher = Hasher(md5=md5)
        if path.is_symlink():
            path.unlink()
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        self._file = os.fdopen(handle, "rb+", buffering=0)
        for chunk in chunks_of(self._file):
            self._hasher.add(chunk)

    def __enter__(self) -> PartFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._hasher.size

    def append(self, data: bytes) -> None:
        """Write the next bytes, hashing them on the way."""
        view = memoryview(data)
        while view:
            written = self._file.write(view)
            view = view[written:]
        self._hasher.add(data)

    def restart(self) -> None:
        """Forget what came so far."""
        self._file.seek(0)
        self._file.truncate()
        self._hasher = Hasher(md5=self._md5)

    def finish(self) -> Digest:
        """Bring the bytes to the disk; gives the digest of all of them."""
        os.fsync(self._file.fileno())
        return self._hasher.digest()
