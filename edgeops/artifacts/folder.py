"""Published files in a folder that the local hub serves under `/artifacts`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from edgeops.artifacts.checked_file import opened
from edgeops.artifacts.store import (
    ArtifactError,
    Progress,
    checked_name,
    no_progress,
    not_published,
    refuse_other_bytes,
)
from edgeops.artifacts.verify import promised
from edgeops.digest import CHUNK_BYTES, Digest, chunks_of, digest_file
from edgeops.errors import EdgeOpsError
from edgeops.files import sync_folder, write_blocks
from edgeops.release import ReleaseFile
from edgeops.translate import doing, translate


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
        existing = self.sha256_of(name)
        if existing is not None:
            refuse_other_bytes(name, existing, digest)
            return url
        with _doing("write", target):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with opened(file, digest, progress) as source:
                    chunks = iter(partial(source.read, CHUNK_BYTES), b"")
                    write_blocks(target, chunks, mode=0o644, first_wins=True)
                sync_folder(target.parent)
            except FileExistsError:  # published concurrently
                refuse_other_bytes(name, digest_file(target).sha256, digest)
        return url

    @contextmanager
    def open(self, name: str) -> Iterator[Iterator[bytes]]:
        """See `Store.open`."""
        path = self._path(name)
        absent = FileNotFoundError, IsADirectoryError, NotADirectoryError
        with _doing("read", path), translate((absent, lambda _: not_published(name))):
            file = path.open("rb")
        with file:
            yield _chunks(file, path)

    def _path(self, name: str) -> Path:
        return self._root / checked_name(name)


def _chunks(file: BinaryIO, path: Path) -> Iterator[bytes]:
    with _doing("read", path):
        yield from chunks_of(file)


def _doing(what: str, path: Path) -> AbstractContextManager[None]:
    hint = "check the free space and the permissions of the folder"
    return doing(f"{what} {path}", hint, ArtifactError)


def seed(copies: Iterable[tuple[str, ReleaseFile, Path]], folder: Path) -> tuple[str, ...]:
    """Put missing copies from git into the folder that the local hub serves; gives warnings.

    `copies` are the references of releases (`name@version`), their files and the copies of these.
    So a fresh clone works without any store. A copy that does not match its
    release file is never served.
    """
    store = FolderStore(folder, "")
    warnings = []
    for reference, file, copy in copies:
        if file.path is None or not copy.is_file() or (folder / file.path).exists():
            continue
        try:
            store.put(copy, file.path, promised(file))
        except EdgeOpsError as error:
            warnings.append(f"{reference} is not served from git: {error.message}")
    return tuple(warnings)
