"""Unpacks archives when they are published, so that devices verify each file.

Members are written to files named by number: no name in an archive leads anywhere.
"""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from edgeops.digest import CHUNK_BYTES
from edgeops.errors import EdgeOpsError
from edgeops.files import CACHE, write_blocks
from edgeops.plain_file import open_plain
from edgeops.publishing.names import MAX_FILES
from edgeops.translate import doing, translate

MAX_BYTES = 4 * 1024**3  # of all members: an archive can hold a thousand times its size
_MAX_MEMBERS = 1000
_MAX_HEADER = 1024**2  # bytes of all names in a zip, or of what comes before a member of a tar
_CONTENT = 2 * MAX_BYTES  # to be read of a member: `_bounded` stops before
_ENDINGS = (".tar.gz", ".tgz", ".tar", ".zip")
_HINT = "nothing was published"
_PACK_IT = f"{_HINT}; publish it without --unpack"
_BROKEN = (
    tarfile.TarError,
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,  # numbers and texts that are none
    LookupError,
    NotImplementedError,
    RecursionError,  # headers that each describe the next
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
                raise EdgeOpsError(message, _PACK_IT)
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
            raise EdgeOpsError(f"{archive} holds more than {MAX_BYTES // 1024**3} GB", _PACK_IT)
        yield chunk


class _Metered(io.RawIOBase):
    """A file of which `left` more bytes may be read: what is listed there is read at once."""

    def __init__(self, archive: Path, raw: IO[bytes]) -> None:
        self._archive, self._raw, self.left = archive, raw, _MAX_HEADER

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(min(size, self.left + 1) if size >= 0 else self.left + 1)
        self.left -= len(data)
        if self.left < 0:
            raise EdgeOpsError(
                f"{self._archive} says more than {_MAX_HEADER // 1024**2} MB about its files;"
                f" a release has at most {MAX_FILES}",
                _PACK_IT,
            )
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def seekable(self) -> bool:
        return True


def _members(archive: Path, raw: IO[bytes]) -> Iterator[_Member]:
    if archive.name.lower().endswith(".zip"):
        return _of_zip(_Metered(archive, raw))
    is_packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    plain = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if is_packed else raw
    return _of_tar(_Metered(archive, plain))


def _of_tar(metered: _Metered) -> Iterator[_Member]:
    with tarfile.open(fileobj=metered, mode="r|") as archive:  # a stream: nothing is read twice
        for member in archive:
            fault = None
            if not (member.isreg() or member.isdir()):
                fault = _not_a_file(is_link=member.issym() or member.islnk())
            elif member.issparse():
                fault = "is sparse; pack it as a plain file"

            def opened(member: tarfile.TarInfo = member) -> AbstractContextManager[IO[bytes]]:
                content = archive.extractfile(member)
                assert content is not None  # it is a regular file
                return closing(content)

            metered.left = _CONTENT
            yield _Member(member.name, fault, member.isdir(), opened)
            metered.left = _MAX_HEADER


def _of_zip(metered: _Metered) -> Iterator[_Member]:
    with zipfile.ZipFile(cast("IO[bytes]", metered)) as archive:
        for info in archive.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            fault = None
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                fault = _not_a_file(is_link=kind == stat.S_IFLNK)
            elif info.flag_bits & 1:
                fault = "is encrypted"
            elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                fault = "is packed in a way that is not bounded; pack it with deflate"

            def opened(info: zipfile.ZipInfo = info) -> AbstractContextManager[IO[bytes]]:
                return archive.open(info)

            metered.left = _CONTENT
            yield _Member(info.filename, fault, info.is_dir(), opened)


def _not_a_file(*, is_link: bool) -> str:
    return "is not a file, but a link" if is_link else "is not a file"
