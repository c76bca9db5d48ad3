"""Arrays with notes in one file, written whole or not at all."""

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
    MemoryError,  # an array that says it is larger than this machine
    RuntimeError,  # encrypted, or packed in an unknown way
    zipfile.BadZipFile,
)


def write_arrays(path: Path, arrays: Arrays, notes: JsonObject) -> None:
    """Write arrays and notes in place of what the file held; it is the old or the new one."""
    text = np.frombuffer(json.dumps(notes).encode(), np.uint8)
    buffer = io.BytesIO()
    named: dict[str, Any] = {_NOTES: text, **arrays}
    np.savez(buffer, **named)
    write_whole(path, buffer.getbuffer())


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], JsonObject] | None:
    """What `write_arrays` wrote; None where there is no such file, or it is damaged.

    Results of other machines are read too: nothing in them is run, and they
    are as large in memory as they are on disk.
    """
    try:
        with open_plain(path.parent, path.name) as opened:
            if any(member.compress_type for member in zipfile.ZipFile(opened).infolist()):
                return None  # not ours, and maybe without end
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        if not all(isinstance(array, np.ndarray) for array in arrays.values()):
            return None
        return arrays, json.loads(arrays.pop(_NOTES).tobytes())
    except _DAMAGED:
        return None
