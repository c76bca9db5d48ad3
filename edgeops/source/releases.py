"""The release files of the working tree, without the fleet that uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeops.fleet.catalog import read_catalog
from edgeops.fleet.memo import Memo
from edgeops.fleet.model import Named, Problem
from edgeops.release import ModelRelease, ReleaseFile
from edgeops.source.read import SourceFile, read_snapshot
from edgeops.source.schemas import packaged_schemas
from edgeops.source.worktree import source_file


@dataclass(frozen=True, slots=True)
class Releases:
    """The valid releases by `name@version`, and the problems of other release files."""

    root: Path
    releases: Mapping[str, Named[ModelRelease]]
    problems: tuple[Problem, ...]

    def file(self, reference: str) -> Path:
        """The release file. Raises `KeyError`."""
        return self.root / self.releases[reference].document.file

    def copies(self, reference: str) -> Iterator[tuple[ReleaseFile, Path]]:
        """The files of a release, and the path of each in git, if it is kept there.

        That is `copy_in_git`, or for a single file the folder of its release file.
        Raises `KeyError`.
        """
        release, file = self.releases[reference].spec, self.file(reference)
        for part in release.every_file:
            copy = copy_in_git(file.parent, release, part)
            alone = len(release.every_file) == 1 and not copy.exists()
            yield part, file.with_name(part.name) if alone else copy

    def of(self, model: str) -> Iterator[ModelRelease]:
        """The releases of one model."""
        return (named.spec for named in self.releases.values() if named.spec.name == model)


def copy_in_git(folder: Path, release: ModelRelease, file: ReleaseFile) -> Path:
    """Where git keeps a file of a release: in a folder of the version, named as in the store.

    Variants can have files of the same name; in the store each has a path of its own.
    """
    name, stored = file.name, f"{release.name}/{release.version}/"
    if file.path and file.path.startswith(stored):
        name = file.path.removeprefix(stored)
    return folder / release.version / name


def load_releases(root: Path, memo: Memo | None = None) -> Releases:
    """All releases of the working tree; needs neither git nor a fleet."""
    names = (file.relative_to(root).as_posix() for file in root.glob("models/*/releases/*"))
    files: Iterator[SourceFile | Problem] = (
        file for name in sorted(names) if (file := source_file(root, name))
    )
    snapshot = read_snapshot(None, files, packaged_schemas(), memo)
    catalog, _ = read_catalog(snapshot)
    return Releases(root, catalog.releases, snapshot.problems)
