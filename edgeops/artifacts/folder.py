"""Published files in a folder, which the local hub serves under `/artifacts`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from edgeops.artifacts.checked_file import CheckedFile, opened
from edgeops.artifacts.digest import CHUNK_BYTES, Digest, chunks_of, digest_file
from edgeops.artifacts.store import (
    ArtifactError,
    Progress,
    checked_name,
    no_progress,
    not_published,
    refuse_other_bytes,
)


class FolderStore:
    """`Store` in the folder `root`, which is served at `base_url`."""

    def __init__(self, root: Path, base_url: str) -> None:
        self._root = root
        self._base_url = base_url.rstrip("/")

    def sha256_of(self, name: str) -> str | None:
        """See `Store.sha256_of`."""
        path = self._path(name)
        with _doing("read", path):
            return digest_file(path).sha256 if path.is_file() else None

    def put(self, file: Path, name: str, digest: Digest, progress: Progress = no_progress) -> str:
        """See `Store.put`."""
        target = self._path(name)
        url = f"{self._base_url}/{name}"
        there = self.sha256_of(name)
        if there is not None:
            refuse_other_bytes(name, there, digest)
            return url
        with _doing("write", target):
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, path = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
            part = Path(path)
            try:
                with os.fdopen(handle, "wb") as copy, opened(file, digest, progress) as source:
                    os.fchmod(handle, 0o644)  # published files are no secret
                    _copy(source, copy)
                target.hardlink_to(part)  # unlike a rename it never replaces what is there
                _flush_directory(target.parent)
            except FileExistsError:  # somebody was faster
                refuse_other_bytes(name, digest_file(target).sha256, digest)
            finally:
                part.unlink()
        return url

    @contextmanager
    def open(self, name: str) -> Iterator[Iterator[bytes]]:
        """See `Store.open`."""
        path = self._path(name)
        try:
            file = path.open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise not_published(name) from None
        except OSError as error:
            raise _cannot("read", path, error) from error
        with file:
            yield _chunks(file, path)

    def _path(self, name: str) -> Path:
        return self._root / checked_name(name)


def _copy(source: CheckedFile, copy: BinaryIO) -> None:
    """Copy to disk, not only to its cache."""
    while chunk := source.read(CHUNK_BYTES):
        copy.write(chunk)
    copy.flush()
    os.fsync(copy.fileno())


def _flush_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _chunks(file: BinaryIO, path: Path) -> Iterator[bytes]:
    with _doing("read", path):
        yield from chunks_of(file)


@contextmanager
def _doing(what: str, path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _cannot(what, path, error) from error


def _cannot(what: str, path: Path, error: OSError) -> ArtifactError:
    return ArtifactError(
        f"cannot {what} {path}: {error.strerror}", "is there room, and do you own the folder?"
    )
