"""Publishes a draft: upload to the store, copies in git, and finally the release file.

Nothing refers to an artifact before its release file exists, so a failure
before leaves nothing half-published, and publishing again completes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgeops.artifacts.folder import FolderStore
from edgeops.artifacts.store import Progress, Store, no_progress, verify
from edgeops.artifacts.version import next_version, precedence
from edgeops.errors import InvalidState, Refused
from edgeops.plain_file import open_plain
from edgeops.publishing.draft import Draft
from edgeops.publishing.release_file import release_folder, write_release
from edgeops.release import ModelRelease
from edgeops.source.releases import copy_in_git, load_releases
from edgeops.translate import doing

KEPT_IN_GIT = 512 * 1024  # bytes of a release: larger ones are only in the store

Drafts = Callable[[str], Draft]  # by version, which file names may contain


@dataclass(frozen=True, slots=True)
class Published:
    """A release, its file in the repository and the URL of its main file.

    `new` is False if it existed before.
    """

    release: ModelRelease
    file: Path
    url: str
    new: bool


@dataclass(frozen=True, slots=True)
class PublishTarget:
    """The repository and the store to publish to; small releases are copied to git."""

    root: Path
    store: Store
    kept_in_git: int = KEPT_IN_GIT


def known_releases(root: Path, name: str) -> dict[str, ModelRelease]:
    """The releases of a model by version. Raises `InvalidState` when one cannot be read."""
    releases = load_releases(root)
    folder = release_folder(root, name).relative_to(root).as_posix()
    for problem in releases.problems:
        if problem.place.file.startswith(f"{folder}/"):
            raise InvalidState(f"{problem.place}: {problem.message}", problem.hint)
    return {release.version: release for release in releases.of(name)}


def chosen_draft(
    drafts: Drafts, version: str | None, known: Mapping[str, ModelRelease], store: Store
) -> Draft:
    """The draft of a version; without one, of the release with this content or the next one.

    The next version is free in git and in the store, which can have a version whose release file
    was never committed. Raises `UsageError` for a malformed version, and `Refused` if the version
    exists with other content.
    """
    if not version:
        same = [each for each, release in known.items() if is_same(drafts(each).release, release)]
        version = max(same, key=precedence) if same else _free(drafts, known, store)
    precedence(version)
    chosen = drafts(version)
    existing = known.get(version)
    if existing and not is_same(existing, chosen.release):
        files = [
            {(file.name, file.sha256) for file in release.every_file}
            for release in (existing, chosen.release)
        ]
        other = "bytes" if files[0] != files[1] else "paths, order of files, format or metadata"
        raise Refused(
            f"{existing.reference} is already published with other {other}",
            f"a release never changes: publish as {next_version(known)}",
        )
    return chosen


def is_same(one: ModelRelease, other: ModelRelease) -> bool:
    """Whether two releases are the same but for their signatures."""
    return bool(_unsigned(one) == _unsigned(other))


def publish(
    chosen: Draft,
    text: str | None,
    to: PublishTarget,
    *,
    beside: bool = False,
    progress: Progress = no_progress,
    before_release: Callable[[Path], None] = lambda _: None,
) -> tuple[str, Path, bool]:
    """Publish a draft, whose release file will have this text; None if it exists.

    Gives the URL of the main file, the release file, and whether that is new. `beside` keeps the
    copy in git next to the release file, which needs a file name that no other version has.
    `before_release` gets the path of the release file and writes what belongs to it. Raises
    `Refused` for other bytes in the store, and `ArtifactError` when the store fails.
    """
    release = chosen.release
    folder = release_folder(to.root, release.name)
    copies = {
        file: folder / file.name if beside else copy_in_git(folder, release, file)
        for file in release.every_file
    }
    written = folder / f"{release.version}.yaml"
    for copy in (written, *copies.values()):
        _check_folder(to.root, copy)
    urls, done = [], 0
    for file in release.every_file:
        source, before = chosen.sources[file], done
        assert file.path is not None

        def tick(now: int, _total: int, before: int = before) -> None:
            progress(before + now, release.size)

        urls.append(to.store.put(source.path, file.path, source.digest, tick))
        verify(to.store, file.path, source.digest)
        done += file.size
    if release.size <= to.kept_in_git:
        for file, copy in copies.items():
            source = chosen.sources[file]
            FolderStore(copy.parent, "").put(source.path, copy.name, source.digest)
    folder.mkdir(parents=True, exist_ok=True)
    before_release(written)
    return urls[0], written, text is not None and write_release(written, text)


def _free(drafts: Drafts, known: Mapping[str, ModelRelease], store: Store) -> str:
    taken = list(known)
    while True:
        version = next_version(taken)
        files = drafts(version).release.every_file
        if all(store.sha256_of(file.path or "") in (None, file.sha256) for file in files):
            return version
        taken.append(version)


def _unsigned(release: ModelRelease) -> Any:
    variants = tuple(replace(variant, signature=None) for variant in release.variants)
    return replace(release, signature=None, variants=variants)


def _check_folder(root: Path, copy: Path) -> None:
    """Raises `EdgeOpsError` when a link would lead the copy out of the repository."""
    hint = "nothing was published; releases must be regular files in the repository, not links"
    with doing(f"write {copy}", hint), suppress(FileNotFoundError):
        open_plain(root, copy.relative_to(root).as_posix()).close()
