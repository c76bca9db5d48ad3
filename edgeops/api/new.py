"""Creates a new fleet repository."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.errors import Refused
from edgeops.translate import doing

if TYPE_CHECKING:
    from edgeops.scaffold.origin import Origin

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class NewRepository:
    """The paths of the files of a new repository, and the steps that are left to the user."""

    root: Path
    files: tuple[str, ...]
    open_points: tuple[str, ...]


def new_uid() -> str:
    """A random uid for a fleet."""
    return secrets.token_hex(8)


def init(
    root: Path,
    *,
    owner: str = "",
    server: str = "https://github.com",
    uid: Callable[[], str] = new_uid,
) -> NewRepository:
    """Write a fleet repository whose workflows run exactly this version of edgeops.

    Its devices run the images of this version that `owner` has released on a GitHub
    server. Raises `Refused` if a file already exists (nothing is written then),
    `UsageError` for an invalid owner, and `GitHubError`.
    """
    from edgeops.scaffold.repository import new_repository

    origin = _origin()
    files = new_repository(root.resolve().name, origin, _images(owner, origin, server), uid())
    _refuse_to_overwrite(root, files)
    for path, data in files.items():
        _write(root / path, data)
    return NewRepository(root, tuple(files), tuple(_open_points(origin, owner)))


def _origin() -> Origin:
    """Where this edgeops was installed from."""
    from importlib.metadata import PackageNotFoundError, distribution

    from edgeops.scaffold.origin import NOWHERE, origin_of

    try:
        return origin_of(distribution("edgeops").read_text("direct_url.json"))
    except PackageNotFoundError:  # run from a source tree, not installed
        return NOWHERE


def _images(owner: str, origin: Origin, server: str) -> Mapping[str, str]:
    """The images of the owner; empty without an owner or a release."""
    from edgeops.github.images import released_images
    from edgeops.scaffold.repository import owner_on_github

    if not owner:
        return {}
    owner = owner_on_github(owner)
    return released_images(server, owner, origin.version) if origin.released else {}


def _open_points(origin: Origin, owner: str) -> list[str]:
    points = []
    if not origin.version:
        points.append(
            "this edgeops was installed from a folder, so the workflows do not know which version"
            " to run, and stop: set inputs.version.default in .github/actions/edgeops/action.yml"
        )
    if not owner or not origin.released:
        why = "no --owner was given" if not owner else "there are no images of this edgeops"
        points.append(f"{why}: set `image` in fleet/modules before you sync to Azure IoT Hub")
    return points


def _refuse_to_overwrite(root: Path, files: Mapping[str, bytes]) -> None:
    existing = [path for path in files if (root / path).exists() or (root / path).is_symlink()]
    if existing:
        shown = ", ".join(existing[:_SHOWN])
        more = f" and {len(existing) - _SHOWN} more" if len(existing) > _SHOWN else ""
        raise Refused(
            f"these files already exist: {shown}{more}",
            "nothing was written; use an empty folder, and copy what you need from there",
        )


def _write(file: Path, data: bytes) -> None:
    with doing(f"write {file}", "choose another folder"):
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as new:
            new.write(data)
