"""Model slots on disk: which file a slot holds, switched atomically and readable without locks.

In the storage folder each slot is a folder of versioned model files and one
small pointer, `current.json`, that names the file in use. The pointer is
replaced whole, so a reader sees the old model or the new one.
"""

from __future__ import annotations

import json
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeops.modules.runtime.disk import replace

POINTER = "current.json"
RESERVED = ("history",)  # folders of other modules in the same storage

_SLOT = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_TEXTS = ("name", "version", "sha256", "md5", "format", "since")


@dataclass(frozen=True, slots=True)
class CurrentModel:
    """The model that a slot holds.

    `size` is in bytes, digests are lower-case hexadecimal (`md5` is empty where
    nobody asked for it), `since` is the ISO 8601 time of the switch. `name`,
    `version` and `format` are empty when the twin does not say.
    """

    slot: str
    path: Path
    name: str
    version: str
    sha256: str
    md5: str
    size: int
    format: str
    since: str


def is_slot(name: str) -> bool:
    """Whether this is a slot name: 1 to 64 letters, digits, `_` or `-`, none of `RESERVED`."""
    return bool(_SLOT.match(name)) and name not in RESERVED


def read_current(storage: Path, slot: str) -> CurrentModel | None:
    """What the slot holds now; None when it holds nothing that can be read.

    Never raises for what it finds on disk, and needs no lock.
    """
    folder = storage / slot
    try:
        value = json.loads((folder / POINTER).read_bytes())
    except (OSError, ValueError):
        return None
    if not _is_pointer(value) or not is_regular(folder / value["file"]):
        return None
    properties = {key: value[key] for key in (*_TEXTS, "size")}
    return CurrentModel(slot=slot, path=folder / value["file"], **properties)


def write_current(model: CurrentModel) -> None:
    """Make the slot hold this model, whose file is already in the slot's folder.

    The switch survives power loss. Raises `OSError`.
    """
    pointer = {"file": model.path.name}
    pointer |= {key: getattr(model, key) for key in (*_TEXTS, "size")}
    replace(model.path.with_name(POINTER), [json.dumps(pointer, indent=2).encode()])


def is_regular(path: Path) -> bool:
    """Whether this is a regular file: not a link, folder or device."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _is_pointer(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and all(isinstance(value.get(key), str) for key in ("file", *_TEXTS))
        and type(value.get("size")) is int
        and value["file"] == Path(value["file"]).name
        and value["file"] not in ("", "..")
        and "\0" not in value["file"]
    )
