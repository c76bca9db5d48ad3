"""The names of a fleet on disk, for the completion of command lines: as fast as can be.

They are kept in the user's cache until a file of the fleet changes, so that a key press costs the
look at the files and one row. Nothing here needs a hub, and an invalid fleet has names, too.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from edgeops.source.cache import cache_folder, remembered

_FORMAT = 2
_FOLDERS = ("fleet", "models")


def fleet_names(root: Path, environ: Mapping[str, str]) -> dict[str, list[str]]:
    """Names by kind: contexts, devices, groups, hubs, labels (`key=value`), models, and so on.

    Raises `EdgeOpsError` where there is no fleet.
    """
    return _kept(root, environ, "names", lambda: _names(root, environ))


def device_pointers(root: Path, environ: Mapping[str, str], device: str, hub: str) -> list[str]:
    """The JSON pointers of all values of a device, and of what holds them.

    Raises `EdgeOpsError` for a device that does not exist.
    """

    def find() -> dict[str, list[str]]:
        from edgeops.api.fleets import explain
        from edgeops.api.workspace import Workspace

        found = dict.fromkeys(
            pointer
            for value in explain(Workspace(root, hub, environ), device)
            for pointer in _with_parents(value.path)
        )
        return {"pointers": sorted(found)}

    return _kept(root, environ, f"pointers/{hub}/{device}", find)["pointers"]


def _with_parents(pointer: str) -> Iterator[str]:
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]


def _kept(
    root: Path, environ: Mapping[str, str], what: str, find: Callable[[], dict[str, list[str]]]
) -> dict[str, list[str]]:
    """What was found last time, or is found now if a file has changed since."""
    folder, key = cache_folder(root, environ), f"complete/{_FORMAT}/{root}/{what}"
    found: dict[str, list[str]] = remembered(folder, key, _state(root), find)
    return found


def _state(root: Path) -> bytes:
    """A digest that changes with every file of the fleet: of paths, sizes and times."""
    digest = hashlib.sha256()
    folders = [os.path.join(root, name) for name in _FOLDERS]  # noqa: PTH118 - 10,000 files
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                        continue
                    seen = entry.stat(follow_symlinks=False)
                    line = f"{entry.path}\0{seen.st_size}\0{seen.st_mtime_ns}\0{seen.st_ino}\n"
                    digest.update(line.encode(errors="surrogateescape"))
        except OSError:
            continue
    return digest.digest()


def _names(root: Path, environ: Mapping[str, str]) -> dict[str, list[str]]:
    from edgeops.api.workspace import LOCAL, Workspace

    catalog = Workspace(root, environ=environ).at(None).catalog
    layers: list[Mapping[str, Any]] = [layer.value for layer in catalog.overlays]
    labels = {
        f"{key}={value}"
        for device in catalog.devices.values()
        for key, value in device.spec.labels.items()
    }
    hubs = {LOCAL, *(catalog.fleet.spec.hubs if catalog.fleet else ())}
    return {
        "contexts": sorted(catalog.contexts),
        "devices": sorted(catalog.devices),
        "groups": sorted(catalog.groups),
        "hubs": sorted(hubs),
        "labels": sorted(labels),
        "models": sorted(file.parent.name for file in root.glob("models/*/model.yaml")),
        "modules": sorted({*catalog.modules, *catalog.instances}),
        "releases": sorted(catalog.releases),
        "slots": sorted({slot for layer in layers for slot in layer.get("models") or ()}),
    }
