"""Unpacks archives when they are published, so that devices verify each file.

Members are written to files named by number: no name in an archive leads anywhere.
"""

from __future__ import annotations

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from edgeops.digest import CHUNK_BYTES
from edgeops.errors import EdgeOpsError
from edgeops.files import CACHE, write_blocks
from edgeops.plain_file import open_plain
from edgeops.publishing.names import MAX_FILES
from edgeops.translate import doing, translate

MAX_BYTES = 4 * 1024**3  # of all members: an archive can hold a thousand times its size
_MAX_MEMBERS = 1000
_ENDINGS = (".tar.gz", ".tgz", ".tar", ".zip")
_HINT = "nothing was published"
_BROKEN = (
    tarfile.TarError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
)


@dataclass(frozen=True, slots=True)
class _Member:
    """A member of an archive: its name, why it cannot be published, and how to open it."""

    name: str
    fault: str | None
    folder: bool
    open: Callable[[], AbstractContextManager[IO[bytes]]]


def is_archive(path: Path) -> bool:
    """Whether a file is an archive by its name."""
    return path.name.lower().endswith(_ENDINGS)


def unpacked(archive: Path, scratch: Path, most: int = MAX_BYTES) -> list[tuple[str, Path]]:
    """The names of the files in an archive, sorted, and where they were unpacked to.

    Raises `EdgeOpsError` for what is not a whole archive of regular files, at most `most` bytes.
    """
    files: dict[str, Path] = {}
    left = most
    with _reading(archive), open_plain(archive.parent, archive.name) as raw:
        for count, member in enumerate(_members(archive, raw)):
            if member.fault:
                raise EdgeOpsError(f"{member.name!r} in {archive} {member.fault}", _HINT)
            if count >= _MAX_MEMBERS or len(files) > MAX_FILES:
                message = f"{archive} has too many files; a release has at most {MAX_FILES}"
                raise EdgeOpsError(message, f"{_HINT}; publish it without --unpack")
            if member.folder:
                continue
            name = member.name.removeprefix("./")
            if name in files:
                raise EdgeOpsError(f"{archive} has two files named {name!r}", _HINT)
            files[name] = scratch / f"{len(list(scratch.iterdir()))}"
            with member.open() as content:
                chunks = iter(partial(content.read, CHUNK_BYTES), b"")
                blocks = _bounded(chunks, archive, left)
                left -= write_blocks(files[name], blocks, mode=0o600, disk=CACHE).st_size
    if not files:
        raise EdgeOpsError(f"{archive} has no files", _HINT)
    return sorted(files.items())


@contextmanager
def _reading(archive: Path) -> Iterator[None]:
    def broken(error: Exception) -> EdgeOpsError:
        return EdgeOpsError(f"cannot unpack {archive}: {error or 'it is cut off'}", _HINT)

    with doing(f"read {archive}", _HINT), translate((_BROKEN, broken)):
        yield


def _bounded(chunks: Iterator[bytes], archive: Path, most: int) -> Iterator[bytes]:
    read = 0
    for chunk in chunks:
        read += len(chunk)
        if read > most:
            raise EdgeOpsError(
                f"{archive} holds more than {MAX_BYTES // 1024**3} GB",
                f"{_HINT}; publish it without --unpack",
            )
        yield chunk


def _members(archive: Path, raw: IO[bytes]) -> Iterator[_Member]:
    if archive.name.lower().endswith(".zip"):
        return _of_zip(raw)
    return _of_tar(raw)


def _of_tar(raw: IO[bytes]) -> Iterator[_Member]:
    with tarfile.open(fileobj=raw) as archive:
        for member in archive:
            fault = None if member.isreg() or member.isdir() else "is not a file, but a link"
            if fault and not (member.issym() or member.islnk()):
                fault = "is not a file"

            def opened(member: tarfile.TarInfo = member) -> AbstractContextManager[IO[bytes]]:
                content = archive.extractfile(member)
                assert content is not None  # it is a regular file
                return closing(content)

            yield _Member(member.name, fault, member.isdir(), opened)


def _of_zip(raw: IO[bytes]) -> Iterator[_Member]:
    with zipfile.ZipFile(raw) as archive:
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            fault = None if kind in (0, stat.S_IFREG, stat.S_IFDIR) else "is not a file, but a link"
            if info.flag_bits & 1:
                fault = "is encrypted"

            def opened(info: zipfile.ZipInfo = info) -> AbstractContextManager[IO[bytes]]:
                return archive.open(info)

            yield _Member(info.filename, fault, info.is_dir(), opened)
