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

from edgeops.training.whole_file import write_whole
from edgeops.twin import JsonObject

Arrays = Mapping[str, NDArray[Any]]
_NOTES = "notes"


def write_arrays(path: Path, arrays: Arrays, notes: JsonObject) -> None:
    """Write arrays and notes in place of what the file held; it is the old or the new one."""
    said = np.frombuffer(json.dumps(notes).encode(), np.uint8)
    buffer = io.BytesIO()
    named: dict[str, Any] = {_NOTES: said, **arrays}
    np.savez(buffer, **named)
    write_whole(path, buffer.getbuffer())


def read_arrays(path: Path) -> tuple[dict[str, NDArray[Any]], JsonObject] | None:
    """What `write_arrays` wrote; None where there is no such file, or it is damaged."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return arrays, json.loads(arrays.pop(_NOTES).tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
