"""Model slots on disk: which model a slot holds, switched atomically and readable without locks.

In the storage folder each slot is a folder of versioned models and one small
pointer, `current.json`, that names the one in use. A model of one file is a
file there; one of several files is a folder. The pointer is replaced whole, so
a reader sees the old model or the new one. Beside it, `own/` belongs to the
modules that use the model: what they keep there, or anywhere else beside the
models, stays through all switches.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.modules.runtime.disk import replace
from edgeops.plain_file import read_plain

POINTER = "current.json"
OWN = "own"  # the folder of the modules that use the model of a slot
RESERVED = ("history",)  # folders of other modules in the same storage

_SLOT = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_TEXTS = ("name", "version", "sha256", "md5", "format", "since")
_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class CurrentModel:
    """The model that a slot holds; `path` is its (main) file.

    `size` is in bytes, digests are lower-case hexadecimal (`md5` is empty where
    nobody asked for it), `since` is the ISO 8601 time of the switch. `name`,
    `version` and `format` are empty when the twin does not say. `files` are all
    files by their names in the release, the main one first; of several files,
    `size` and `sha256` are those of all together. `metadata` is what the
    release says to the modules that use it.
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
    files: Mapping[str, Path] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.files:
            object.__setattr__(self, "files", {self.path.name: self.path})

    @property
    def folder(self) -> Path:
        """The folder of the slot."""
        if len(self.files) < 2:
            return self.path.parent
        return self.path.parents[next(iter(self.files)).count("/") + 1]

    @property
    def own(self) -> Path:
        """The folder for files of the modules that use the model; every user may write there."""
        return self.folder / OWN


def is_slot(name: str) -> bool:
    """Whether this is a slot name: 1 to 64 letters, digits, `_` or `-`, none of `RESERVED`."""
    return bool(_SLOT.match(name)) and name not in RESERVED


def is_taken(name: str) -> bool:
    """Whether a name in the folder of a slot has a meaning; on some disks, case does not count."""
    return name.lower() in (POINTER, OWN)


def read_current(storage: Path, slot: str) -> CurrentModel | None:
    """What the slot holds now; None when it holds nothing that can be read.

    Never raises for what it finds on disk, and needs no lock.
    """
    return model_of(storage, slot, read_pointer(storage, slot))


def model_of(storage: Path, slot: str, pointer: Any) -> CurrentModel | None:
    """The model that a pointer of this slot names, now or earlier; None if it is not there."""
    if not is_slot(slot) or not isinstance(pointer, dict) or not _is_pointer(pointer):
        return None
    folder = storage / slot
    listed = pointer.get("files")
    if listed is None:  # written by an earlier edgeops
        files = {pointer["file"]: pointer["file"]}
    else:
        files = {file["name"]: file["path"] for file in listed}
    if not all(is_plain(folder, path) for path in files.values()):
        return None
    return CurrentModel(
        slot=slot,
        path=folder / pointer["file"],
        **{key: pointer[key] for key in (*_TEXTS, "size")},
        files={name: folder / path for name, path in files.items()},
        metadata=pointer.get("metadata", {}),
    )


def read_pointer(storage: Path, slot: str) -> JsonObject | None:
    """The JSON object in the pointer of a slot, not checked; None when there is none."""
    if not is_slot(slot):
        return None
    try:
        value = json.loads(read_plain(storage, f"{slot}/{POINTER}", _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def pointer_to(
    model: CurrentModel,
    listed: Iterable[tuple[str, int, str]] = (),
    versions: Iterable[str] | None = None,
) -> JsonObject:
    """What the pointer says of a model in the folder of its slot.

    `listed` are name, size and SHA-256 of each file (a single one needs none),
    `versions` the entries of the folder that came as models, the newest first (None: this one).
    """
    main = model.path.relative_to(model.folder).as_posix()
    listed = tuple(listed) or ((next(iter(model.files)), model.size, model.sha256),)
    return {
        "file": main,
        **{key: getattr(model, key) for key in (*_TEXTS, "size")},
        "files": [
            {
                "name": name,
                "path": model.files[name].relative_to(model.folder).as_posix(),
                "size": size,
                "sha256": sha256,
            }
            for name, size, sha256 in listed
        ],
        "metadata": dict(model.metadata),
        "versions": [main.partition("/")[0]] if versions is None else list(versions),
    }


def versions_of(pointer: JsonObject | None) -> list[str]:
    """The entries of a slot's folder that its pointer says came as models, the newest first.

    Of a pointer by an earlier edgeops: the file that it names.
    """
    if pointer is None:
        return []
    versions = pointer.get("versions", [pointer.get("file")])
    if not isinstance(versions, list):
        return []
    names = (name for name in versions if _is_path(name) and "/" not in name)
    return [name for name in dict.fromkeys(names) if not is_taken(name)]


def write_pointer(folder: Path, pointer: JsonObject) -> None:
    """Replace the pointer in the folder of a slot. It survives power loss. Raises `OSError`."""
    replace(folder / POINTER, [json.dumps(pointer, indent=2).encode()])


def write_current(model: CurrentModel) -> None:
    """Make the slot hold this model of one file, which is already in the slot's folder.

    The switch survives power loss. Raises `OSError`.
    """
    write_pointer(model.folder, pointer_to(model))


def is_plain(folder: Path, name: str) -> bool:
    """Whether this is a regular file below a folder, and nothing on the way to it is a link."""
    path, parts = folder, name.split("/")
    try:
        for part in parts[:-1]:
            path = path / part
            if not stat.S_ISDIR(path.lstat().st_mode):
                return False
        return stat.S_ISREG((path / parts[-1]).lstat().st_mode)
    except (OSError, ValueError):  # ValueError: not a name at all
        return False


def _is_pointer(value: JsonObject) -> bool:
    return (
        _is_path(value.get("file"))
        and all(isinstance(value.get(key), str) for key in _TEXTS)
        and type(value.get("size")) is int
        and _is_file_list(value.get("files"), value["file"])
        and _is_metadata(value.get("metadata", {}))
    )


def _is_file_list(files: Any, main: str) -> bool:
    if files is None:
        return "/" not in main
    return (
        isinstance(files, list)
        and bool(files)
        and all(
            isinstance(file, dict) and _is_path(file.get("name")) and _is_path(file.get("path"))
            for file in files
        )
        and files[0]["path"] == main
        and len({file["name"] for file in files}) == len(files)
        and _fits(files)
    )


def _fits(files: list[Any]) -> bool:
    """Whether a single file lies in the folder of the slot, and several in one below it."""
    if len(files) == 1:
        return "/" not in files[0]["path"]
    root = files[0]["path"].partition("/")[0]
    return all(file["path"] == f"{root}/{file['name']}" for file in files)


def _is_metadata(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_path(value: Any) -> bool:
    """Whether this leads to a file below a folder: names between `/`, none of them `.` or `..`."""
    return (
        isinstance(value, str)
        and "\0" not in value
        and not {"", ".", ".."}.intersection(value.split("/"))
    )
