"""The release files of the working tree, without the fleet that uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeops.fleet.catalog import read_catalog
from edgeops.fleet.memo import Memo
from edgeops.fleet.model import Named, Problem
from edgeops.release import ModelRelease
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

    def copy(self, reference: str) -> Path:
        """The path of the artifact in git, if it is kept there. Raises `KeyError`."""
        return self.file(reference).with_name(self.releases[reference].spec.file_name)

    def of(self, model: str) -> Iterator[ModelRelease]:
        """The releases of one model."""
        return (named.spec for named in self.releases.values() if named.spec.name == model)


def load_releases(root: Path, memo: Memo | None = None) -> Releases:
    """All releases of the working tree; needs neither git nor a fleet."""
    names = (file.relative_to(root).as_posix() for file in root.glob("models/*/releases/*"))
    files: Iterator[SourceFile | Problem] = (
        file for name in sorted(names) if (file := source_file(root, name))
    )
    snapshot = read_snapshot(None, files, packaged_schemas(), memo)
    catalog, _ = read_catalog(snapshot)
    return Releases(root, catalog.releases, snapshot.problems)
