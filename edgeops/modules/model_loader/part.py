"""A file that is being downloaded: hidden, hashed while it is written, taken up again later."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from edgeops.modules.model_loader.desired import Model

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Digest:
    """Size in bytes and lower-case hexadecimal digests; `md5` is empty when it was not asked."""

    size: int
    sha256: str
    md5: str = ""

    def fits(self, model: Model) -> bool:
        """Whether a file with this digest is the wanted model."""
        return (
            model.size in (None, self.size)
            and model.sha256 in ("", self.sha256)
            and model.md5 in ("", self.md5)
        )


class Hasher:
    """SHA-256, and MD5 where it is asked for, of bytes that come in pieces."""

    def __init__(self, *, md5: bool) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._md5: Any = hashlib.md5(usedforsecurity=False) if md5 else None

    def update(self, data: bytes) -> None:
        """Take in the next bytes."""
        self.size += len(data)
        self._sha256.update(data)
        if self._md5 is not None:
            self._md5.update(data)

    def digest(self) -> Digest:
        """The digest of all bytes so far."""
        md5 = self._md5.hexdigest() if self._md5 is not None else ""
        return Digest(self.size, self._sha256.hexdigest(), md5)


def digest_file(path: Path, *, md5: bool) -> Digest:
    """The digest of a file on disk. Raises `OSError`, also when it is a link."""
    hasher = Hasher(md5=md5)
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        _take_in(file, hasher)
    return hasher.digest()


class Part:
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
        _take_in(self._file, self._hasher)

    def __enter__(self) -> Part:
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
        self._hasher.update(data)

    def restart(self) -> None:
        """Forget what came so far."""
        self._file.seek(0)
        self._file.truncate()
        self._hasher = Hasher(md5=self._md5)

    def finish(self) -> Digest:
        """Bring the bytes to the disk; gives the digest of all of them."""
        os.fsync(self._file.fileno())
        return self._hasher.digest()


def _take_in(file: BinaryIO, hasher: Hasher) -> None:
    while block := file.read(_BLOCK):
        hasher.update(block)
