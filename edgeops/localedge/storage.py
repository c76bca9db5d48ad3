"""The folders on this machine for the storage bindings of modules."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from edgeops.localedge.deployment import WantedModule

DEFAULT_STORAGE = "/models"
FIRST_FILL = "EDGEOPS_HISTORY_CSV"


def map_folders(
    device_folder: Path, modules: Iterable[WantedModule]
) -> Mapping[PurePosixPath, Path]:
    """A folder for each source that the modules bind.

    It is named after the target. Modules that bind the same source share its
    folder; another source with the same target gets a suffix.
    """
    folders: dict[PurePosixPath, Path] = {}
    taken: set[str] = set()
    for bind in (bind for module in modules for bind in module.binds):
        if bind.source not in folders:
            folder = device_folder.joinpath(*bind.target.parts[1:])
            if str(folder).lower() in taken:  # a file system can be case-insensitive
                suffix = hashlib.sha256(str(bind.source).encode()).hexdigest()[:8]
                folder = folder.with_name(f"{folder.name}-{suffix}")
            folders[bind.source] = folder
            taken.add(str(folder).lower())
    return folders


def own_folder(device_folder: Path, module: str) -> Path:
    """The private folder of a module, like the writable layer of its container."""
    return device_folder / "containers" / module


def storage_of(
    module: WantedModule, folders: Mapping[PurePosixPath, Path], device_folder: Path
) -> Path:
    """The folder at the EDGEOPS_STORAGE path of a module; its own folder without a binding."""
    inside = module.env.get("EDGEOPS_STORAGE") or DEFAULT_STORAGE
    return _bound(inside, module, folders) or own_folder(device_folder, module.name)


def with_paths_of_this_machine(
    module: WantedModule, folders: Mapping[PurePosixPath, Path], device_folder: Path
) -> WantedModule:
    """The module with the container path in its `env` replaced by the path on this machine."""
    inside = module.env.get(FIRST_FILL)
    if not inside:
        return module
    own = own_folder(device_folder, module.name).joinpath(*_absolute(inside).parts[1:])
    file = _bound(inside, module, folders) or own
    return replace(module, env={**module.env, FIRST_FILL: str(file)})


def _bound(inside: str, module: WantedModule, folders: Mapping[PurePosixPath, Path]) -> Path | None:
    """The path on this machine of a container path below a storage binding; None for others."""
    path = _absolute(inside)
    binds = [bind for bind in module.binds if path.is_relative_to(bind.target)]
    if not binds:
        return None
    bind = max(binds, key=lambda bind: len(bind.target.parts))
    return folders[bind.source] / path.relative_to(bind.target)


def _absolute(inside: str) -> PurePosixPath:
    """An absolute path of a container, without `..`."""
    return PurePosixPath(posixpath.normpath(f"/{inside.lstrip('/')}"))
