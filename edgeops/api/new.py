"""Creates a new fleet repository."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.errors import Refused
from edgeops.translate import doing

if TYPE_CHECKING:
    from edgeops.scaffold.origin import Origin

_SHOWN = 10
_IGNORE = ".gitignore"


@dataclass(frozen=True, slots=True)
class NewRepository:
    """The paths of the files of a new repository, and the steps that are left to the user.

    `kept` are those of the files that were there already.
    """

    root: Path
    files: tuple[str, ...]
    open_points: tuple[str, ...]
    kept: tuple[str, ...] = ()


def new_uid() -> str:
    """A random uid for a fleet."""
    return secrets.token_hex(8)


def init(
    root: Path,
    *,
    owner: str = "",
    server: str = "https://github.com",
    uid: Callable[[], str] = new_uid,
    keep_existing: bool = False,
) -> NewRepository:
    """Write a fleet repository whose workflows run exactly this version of edgeops.

    Its devices run the images of this version that `owner` has released on a GitHub
    server. Raises `Refused` if a file already exists (nothing is written then); with
    `keep_existing` that file stays as it is. Raises `UsageError` for an invalid owner, and
    `GitHubError`.
    """
    from edgeops.scaffold.repository import new_repository

    origin = _origin()
    files = new_repository(root.resolve().name, origin, _images(owner, origin, server), uid())
    kept = tuple(path for path in files if os.path.lexists(root / path))
    _refuse_a_second_fleet(root, kept)
    if kept and not keep_existing:
        raise _would_overwrite(kept)
    new = [path for path in files if path not in kept]
    _refuse_links(root, new)
    ignore = _ignored_by_hand(root / _IGNORE, files[_IGNORE]) if _IGNORE in kept else []
    for path in new:
        _write(root / path, files[path])
    points = (*_open_points(origin, owner), *ignore)
    return NewRepository(root, tuple(new), points, kept)


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


def _would_overwrite(existing: Sequence[str]) -> Refused:
    shown = ", ".join(existing[:_SHOWN])
    more = f" and {len(existing) - _SHOWN} more" if len(existing) > _SHOWN else ""
    return Refused(
        f"these files already exist: {shown}{more}",
        "nothing was written; --keep-existing writes the other files and leaves these as they are",
    )


def _refuse_a_second_fleet(root: Path, kept: Sequence[str]) -> None:
    """Raise `Refused` if there are manifests, which the example devices would join."""
    for file in (root / "fleet").rglob("*.y*ml"):
        if file.relative_to(root).as_posix() not in kept:
            raise Refused(
                f"{root / 'fleet'} has manifests already, such as {file.name}",
                "nothing was written; use an empty folder, and copy what you need from there, such"
                " as .github/",
            )


def _refuse_links(root: Path, paths: Sequence[str]) -> None:
    """Raise `Refused` for a folder that is a link out of the repository."""
    top = root.resolve()
    for folder in {(root / path).parent for path in paths}:
        if not folder.resolve().is_relative_to(top):
            raise Refused(
                f"{folder} is a link out of {root}", "nothing was written; replace it by a folder"
            )


def _ignored_by_hand(file: Path, ours: bytes) -> list[str]:
    """What an existing .gitignore lacks: it is the user's, so it is only told."""
    with doing(f"read {file}"):
        text = file.read_text(encoding="utf-8", errors="replace")
    there = {line.strip().strip("/") for line in text.splitlines()}
    missing = [line for line in ours.decode().splitlines() if line.strip("/") not in there]
    return [f"add to {_IGNORE}: {', '.join(missing)}"] if missing else []


def _write(file: Path, data: bytes) -> None:
    with doing(f"write {file}", "choose another folder"):
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as new:
            new.write(data)
