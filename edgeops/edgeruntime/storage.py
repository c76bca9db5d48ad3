"""Where the storage bindings of a device's modules are on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from edgeops.edgeruntime.deployment import WantedModule

DEFAULT_STORAGE = "/models"


def map_folders(
    device_folder: Path, modules: Iterable[WantedModule]
) -> Mapping[PurePosixPath, Path]:
    """A folder of its own for each source that the modules bind.

    It is called after the target, as modules see it, so that modules which
    bind the same source share it; a second source with that target gets a
    folder with a suffix.
    """
    folders: dict[PurePosixPath, Path] = {}
    for bind in (bind for module in modules for bind in module.binds):
        if bind.source not in folders:
            folder = device_folder.joinpath(*bind.target.parts[1:])
            if folder in folders.values():
                suffix = hashlib.sha256(str(bind.source).encode()).hexdigest()[:8]
                folder = folder.with_name(f"{folder.name}-{suffix}")
            folders[bind.source] = folder
    return folders


def storage_of(
    module: WantedModule, folders: Mapping[PurePosixPath, Path], device_folder: Path
) -> Path:
    """The folder that a module has at its EDGEOPS_STORAGE path.

    Without a binding there it is one of the module's own, as the writable
    layer of a container is.
    """
    wanted = PurePosixPath(module.env.get("EDGEOPS_STORAGE", DEFAULT_STORAGE))
    for bind in module.binds:
        if ".." not in wanted.parts and wanted.is_relative_to(bind.target):
            return folders[bind.source] / wanted.relative_to(bind.target)
    return device_folder / "containers" / module.name
