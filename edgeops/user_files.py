"""Files that a user names: read up to a limit, written completely or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.files import write_blocks
from edgeops.translate import doing

MAX_READ_BYTES = 256 * 1024 * 1024


def read_bytes(path: Path, kind: str, hint: str) -> bytes:
    """The content of a file; `kind` is what messages call it. Raises `EdgeOpsError`."""
    with doing(f"read {kind} {path}", hint), path.open("rb") as file:
        data = file.read(MAX_READ_BYTES + 1)  # bounded: a device such as /dev/zero never ends
    if len(data) > MAX_READ_BYTES:
        raise EdgeOpsError(f"cannot read {kind} {path}: it is larger than 256 MB", hint)
    return data


def read_text(path: Path, kind: str, hint: str) -> str:
    """The text of a file; `kind` is what messages call it. Raises `EdgeOpsError`."""
    data = read_bytes(path, kind, hint)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EdgeOpsError(f"cannot read {kind} {path}: it is not UTF-8", hint) from error


def write_atomically(path: Path, text: str) -> None:
    """Replace the content of a file completely or, if that fails, not at all.

    What is not a regular file (a pipe, /dev/stdout) is written to, never replaced; a link stays a
    link. Raises `EdgeOpsError`, for instance when the folder is not writable or the disk is full.
    """
    with doing(f"write {path}", "nothing was written; choose another path"):
        place = Path(os.path.realpath(path))
        if place.is_symlink():  # a cycle of links
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if place.exists() and not place.is_file():
            place.write_text(text, encoding="utf-8")
        else:
            if not place.parent.exists():
                place.parent.mkdir(parents=True)
            write_blocks(place, [text.encode()])


def append(path: Path, text: str) -> None:
    """Add text to the end of a file. Raises `EdgeOpsError`."""
    with doing(f"write {path}"), path.open("a", encoding="utf-8") as file:
        file.write(text)
