"""Files that commands write for the user."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from edgeops.errors import EdgeOpsError


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that it is whole or as it was, whatever happens.

    Raises:
        EdgeOpsError: the folder is not writable, or the disk is full.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise EdgeOpsError(
            f"cannot write {path}: {error.strerror}", "nothing was written; choose another place"
        ) from error
