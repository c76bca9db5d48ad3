"""Reads files below a folder whose content is not trusted, such as a checkout.

No name leads outside the folder, and no symbolic link below it is followed. The folder itself was
named by the user, and links on the way to it are followed.

Each part of a path is opened relative to the one before, and checked once it is open: nothing can
be swapped between check and read. A hard link is a file like any other; git creates none.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

# Without O_NONBLOCK, opening a FIFO without a writer would block.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NOT_FOLLOWED = (errno.ELOOP, errno.EMLINK)  # Linux and macOS; BSD


def open_plain(folder: Path, name: str) -> BinaryIO:
    """A regular file below a folder, open for reading; `name` is relative, with `/`.

    Raises `OSError`, whose `strerror` says what is wrong: `ELOOP` for a link, `EINVAL` for what is
    not a file or outside the folder, else the system's own.
    """
    return os.fdopen(_open_plain(folder, name)[0], "rb")


def _open_plain(folder: Path, name: str) -> tuple[int, int]:
    """The handle of a regular file, and its size."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or name.startswith("/"):
        raise OSError(errno.EINVAL, f"{name} is outside the folder")
    if not parts:
        raise OSError(errno.EINVAL, f"{name or 'an empty path'} is a folder, not a file")
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    size = 0
    try:
        for count, part in enumerate(parts, start=1):
            at = "/".join(parts[:count])
            before, handle = handle, _step(handle, part, at)
            os.close(before)
            size = _size(handle, at, last=count == len(parts))
    except BaseException:
        os.close(handle)
        raise
    return handle, size


def read_plain(folder: Path, name: str, most: int) -> bytes:
    """The content of a regular file below a folder.

    Raises `OSError` as `open_plain` does, and `EFBIG` for a file of more than `most` bytes, or one
    that grows meanwhile.
    """
    handle, size = _open_plain(folder, name)
    try:
        if size > most:
            raise OSError(errno.EFBIG, f"{name} is {size:,} bytes; at most {most:,} are allowed")
        data = os.read(handle, size + 1)
        while len(data) < size and (more := os.read(handle, size + 1 - len(data))):
            data += more
    finally:
        os.close(handle)
    if len(data) > size:  # files of /proc report 0
        raise OSError(errno.EFBIG, f"{name} is larger than its reported size")
    return data


def is_absent(error: OSError) -> bool:
    """Whether an error of these functions means that there is no such file."""
    return error.errno in (errno.ENOENT, errno.ENOTDIR)


def _step(folder: int, part: str, at: str) -> int:
    try:
        return os.open(part, _FLAGS, dir_fd=folder)
    except OSError as error:
        if error.errno in _NOT_FOLLOWED:
            raise OSError(errno.ELOOP, f"{at} is a symbolic link") from error
        if error.errno == errno.ENXIO:
            raise OSError(errno.EINVAL, f"{at} is not a file") from error
        raise


def _size(handle: int, at: str, *, last: bool) -> int:
    """The size of a folder on the way, or of the file at the end of it."""
    status = os.fstat(handle)
    mode = status.st_mode
    if not last and not stat.S_ISDIR(mode):
        raise NotADirectoryError(errno.ENOTDIR, f"{at} is not a folder")
    if last and not stat.S_ISREG(mode):
        kind = "a folder, not a file" if stat.S_ISDIR(mode) else "not a file"
        raise OSError(errno.EINVAL, f"{at} is {kind}")
    return status.st_size
