"""SHA-256, MD5 and size of files, computed in one pass and constant memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Digest:
    """The digests of a file in lower-case hexadecimal, and its size in bytes.

    Files are compared by `sha256`; `md5`, empty unless requested, is for what supports nothing
    better, such as Azure Blob Storage and devices of older fleets.
    """

    sha256: str
    md5: str
    size: int


class Hasher:
    """Computes the digest of a file from its chunks; `size` is the number of bytes so far."""

    def __init__(self, *, md5: bool = True) -> None:
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if md5 else None
        self.size = 0

    def add(self, chunk: bytes) -> None:
        """Add the next chunk."""
        self._sha256.update(chunk)
        if self._md5:
            self._md5.update(chunk)
        self.size += len(chunk)

    def digest(self) -> Digest:
        """The digest of all chunks so far."""
        md5 = self._md5.hexdigest() if self._md5 else ""
        return Digest(self._sha256.hexdigest(), md5, self.size)


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """The remaining content of an open file, in chunks."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def digest_of(chunks: Iterable[bytes], *, md5: bool = True) -> Digest:
    """The digest of a stream."""
    hasher = Hasher(md5=md5)
    for chunk in chunks:
        hasher.add(chunk)
    return hasher.digest()


def digest_file(path: Path) -> Digest:
    """The digest of a file. Raises `OSError`."""
    with path.open("rb") as file:
        return digest_of(chunks_of(file))


def digest_of_files(files: Iterable[tuple[str, int, str]]) -> str:
    """The SHA-256 of a set of files, each its name, size and SHA-256: of these as JSON, sorted."""
    listed = sorted([name, size, sha256] for name, size, sha256 in files)
    return hashlib.sha256(json.dumps(listed, separators=(",", ":")).encode()).hexdigest()
