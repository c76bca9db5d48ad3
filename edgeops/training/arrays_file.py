"""Arrays with JSON notes in one file, which is replaced atomically."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeops.files import write_whole
from edgeops.jsonvalue import JsonObject
from edgeops.plain_file import open_plain

Arrays = Mapping[str, NDArray[Any]]
_NOTES = "notes"
_DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    MemoryError,  # an array header that claims more than fits into memory
    RuntimeError,  # encrypted, or an unknown compression
    zipfile.BadZipFile,
)


def write_arrays(path: Path, arrays: Arrays, notes: JsonObject) -> None:
    """Write arrays and notes; an existing file is replaced atomically."""
    text = np.frombuffer(json.dumps(notes).encode(), np.uint8)
    buffer = io.BytesIO()
    named: dict[str, Any] = {_NOTES: text, **arrays}
    np.savez(buffer, **named)
    write_whole(path, buffer.getbuffer())


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], JsonObject] | None:
    """The arrays and notes of a file; None if it is missing, damaged or not by `write_arrays`.

    The file can come from another machine, so it is not trusted: nothing is
    unpickled, and compressed members, which can expand without limit, are refused.
    """
    try:
        with open_plain(path.parent, path.name) as opened:
            if any(member.compress_type for member in zipfile.ZipFile(opened).infolist()):
                return None
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        if not all(isinstance(array, np.ndarray) for array in arrays.values()):
            return None
        return arrays, json.loads(arrays.pop(_NOTES).tobytes())
    except _DAMAGED:
        return None
