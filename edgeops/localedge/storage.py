"""Where the storage bindings of a device's modules are on this machine."""

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
    """A folder of its own for each source that the modules bind.

    It is called after the target, as modules see it, so that modules which
    bind the same source share it; a second source with that target gets a
    folder with a suffix.
    """
    folders: dict[PurePosixPath, Path] = {}
    taken: set[str] = set()
    for bind in (bind for module in modules for bind in module.binds):
        if bind.source not in folders:
            folder = device_folder.joinpath(*bind.target.parts[1:])
            if str(folder).lower() in taken:  # not every file system tells cases apart
                suffix = hashlib.sha256(str(bind.source).encode()).hexdigest()[:8]
                folder = folder.with_name(f"{folder.name}-{suffix}")
            folders[bind.source] = folder
            taken.add(str(folder).lower())
    return folders


def own_folder(device_folder: Path, module: str) -> Path:
    """The folder of one module alone, as the writable layer of its container is."""
    return device_folder / "containers" / module


def storage_of(
    module: WantedModule, folders: Mapping[PurePosixPath, Path], device_folder: Path
) -> Path:
    """The folder that a module has at its EDGEOPS_STORAGE path; its own one without a binding."""
    inside = module.env.get("EDGEOPS_STORAGE") or DEFAULT_STORAGE
    return _bound(inside, module, folders) or own_folder(device_folder, module.name)


def with_paths_of_this_machine(
    module: WantedModule, folders: Mapping[PurePosixPath, Path], device_folder: Path
) -> WantedModule:
    """The module with the files that its `env` names where they are here, not in a container."""
    inside = module.env.get(FIRST_FILL)
    if not inside:
        return module
    own = own_folder(device_folder, module.name).joinpath(*_absolute(inside).parts[1:])
    file = _bound(inside, module, folders) or own
    return replace(module, env={**module.env, FIRST_FILL: str(file)})


def _bound(inside: str, module: WantedModule, folders: Mapping[PurePosixPath, Path]) -> Path | None:
    """Where a path of the container is on this machine, if it is below a storage binding."""
    path = _absolute(inside)
    binds = [bind for bind in module.binds if path.is_relative_to(bind.target)]
    if not binds:
        return None
    bind = max(binds, key=lambda bind: len(bind.target.parts))
    return folders[bind.source] / path.relative_to(bind.target)


def _absolute(inside: str) -> PurePosixPath:
    """A path of a container without `..`, which never leads above its root."""
    return PurePosixPath(posixpath.normpath(f"/{inside.lstrip('/')}"))
