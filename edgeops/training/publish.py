"""Publishes a build: gates, upload to the store, copies in git, and finally the release file.

Nothing refers to an artifact before its release file exists, so a failure
before leaves nothing half-published, and publishing again completes it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.artifacts.folder import FolderStore
from edgeops.artifacts.store import Progress, Store, no_progress, verify
from edgeops.artifacts.version import next_version, precedence
from edgeops.digest import Digest, digest_file
from edgeops.errors import InvalidState, Refused
from edgeops.files import write_whole
from edgeops.plain_file import open_plain, read_plain
from edgeops.release import ModelRelease
from edgeops.source.releases import load_releases
from edgeops.training.evaluate.scorecard import Scorecard
from edgeops.training.release_file import release_document, release_folder, write_release
from edgeops.translate import doing

if TYPE_CHECKING:
    from edgeops.training.build import Build

KEPT_IN_GIT = 512 * 1024  # bytes: larger artifacts are only in the store
CARD = "evaluation/card.html"
_MAX_CARD = 64 * 1024 * 1024  # bytes, of the card or a plot


@dataclass(frozen=True, slots=True)
class Published:
    """A release, its file in the repository and its URL; `new` is False if it existed before."""

    release: ModelRelease
    file: Path
    url: str
    new: bool


def publish(
    build: Build,
    *,
    root: Path,
    store: Store,
    version: str | None = None,
    progress: Progress = no_progress,
    kept_in_git: int = KEPT_IN_GIT,
) -> Published:
    """Publish a build in `models/<name>/releases` of a repository and in a store.

    Without `version`, a build that was published keeps its version, and a new
    one gets the next free version. The model card, its plots and an artifact of
    at most `kept_in_git` bytes are copied next to the release file. Raises
    `Refused` when a gate fails or the version exists with other bytes, and
    `ArtifactError` when the store fails.
    """
    scorecard = build.scorecard
    _check_gates(scorecard)
    with doing(f"read the artifact {build.artifact}", "train the model again"):
        digest = digest_file(build.artifact)
    known = _known(root, scorecard.model)
    release = _release(
        scorecard.model, version or _version(known, scorecard.model, store, digest), digest
    )
    release = replace(release, context=build.context)
    existing = known.get(release.version)
    if existing not in (None, release):
        raise Refused(
            f"{release.reference} is already published with other bytes",
            f"a release never changes: publish as {next_version(known)}",
        )
    if known and existing is None:
        _check_champion(scorecard)
    gates = [verdict.reason for verdict in scorecard.gates]
    text = release_document(release, _published_metrics(scorecard), gates, build.provenance)
    (file,) = release.files
    assert file.path is not None
    folder = release_folder(root, release.name)
    _check_folder(root, folder / file.name)
    url = store.put(build.artifact, file.path, digest, progress)
    verify(store, file.path, digest)

    if digest.size <= kept_in_git:
        FolderStore(folder, "").put(build.artifact, file.name, digest)
    folder.mkdir(parents=True, exist_ok=True)
    _copy_card(build.folder / CARD, folder / f"{release.version}.html", again=existing is not None)
    written = folder / f"{release.version}.yaml"
    new = existing is None and write_release(written, text)
    return Published(release, written, url, new)


def _copy_card(card: Path, shown: Path, *, again: bool) -> None:
    """Copy the card and its plots next to the release file; an existing card is not replaced."""
    if not card.is_file() or (again and shown.exists()):
        return
    for plot in sorted(card.parent.glob("*.png")):
        _copy(plot, shown.with_name(f"{shown.stem}-{plot.name}"))
    _copy(card, shown)


def _copy(file: Path, to: Path) -> None:
    """Copy a regular file of the build. Raises `EdgeOpsError`."""
    with doing(f"copy {file} to {to}", "evaluate the model again"):
        write_whole(to, read_plain(file.parent, file.name, _MAX_CARD))


def _check_folder(root: Path, copy: Path) -> None:
    """Raises `EdgeOpsError` when a link would lead the copy out of the repository."""
    hint = "nothing was published; releases must be regular files in the repository, not links"
    with doing(f"write {copy}", hint), suppress(FileNotFoundError):
        open_plain(root, copy.relative_to(root).as_posix()).close()


def _published_metrics(scorecard: Scorecard) -> dict[str, float]:
    """The metrics of a release file: comparisons only if a gate names them."""
    named = {verdict.gate for verdict in scorecard.gates}
    return {
        name: value
        for name, value in scorecard.metrics.items()
        if "_vs_" not in name or name.removeprefix("later_") in named
    }


def _check_gates(scorecard: Scorecard) -> None:
    failed = [verdict.reason for verdict in scorecard.gates if not verdict.passed]
    if failed:
        raise Refused(
            f"{scorecard.model} does not pass its gates: {'; '.join(failed)}",
            "nothing was published; see `gates` in model.yaml",
        )


def _check_champion(scorecard: Scorecard) -> None:
    """Raises `Refused` when a gate could not compare with the existing release."""
    for verdict in scorecard.gates:
        if verdict.gate.endswith("_vs_champion") and verdict.value is None:
            raise Refused(
                f"{scorecard.model} was not compared with its last release: {verdict.reason}",
                "copy the released file here, then run `edgeops model evaluate` with --champion",
            )


def _known(root: Path, name: str) -> dict[str, ModelRelease]:
    """The releases of a model by version. Raises `InvalidState` when one cannot be read."""
    releases = load_releases(root)
    folder = release_folder(root, name).relative_to(root).as_posix()
    for problem in releases.problems:
        if problem.place.file.startswith(f"{folder}/"):
            raise InvalidState(f"{problem.place}: {problem.message}", problem.hint)
    return {release.version: release for release in releases.of(name)}


def _version(known: dict[str, ModelRelease], name: str, store: Store, digest: Digest) -> str:
    """The version that has these bytes, or the next one that is free in git and in the store.

    The store can have a version whose release file was never committed.
    """
    same = [version for version, release in known.items() if release.sha256 == digest.sha256]
    if same:
        return max(same, key=precedence)
    taken = list(known)
    while True:
        version = next_version(taken)
        if store.sha256_of(_path(name, version)) in (None, digest.sha256):
            return version
        taken.append(version)


def _path(name: str, version: str) -> str:
    return f"{name}/{version}/{_file_name(name, version)}"


def _file_name(name: str, version: str) -> str:
    return f"{name}-{version}.onnx"


def _release(name: str, version: str, digest: Digest) -> ModelRelease:
    precedence(version)
    return ModelRelease.of_file(
        name=name,
        version=version,
        file_name=_file_name(name, version),
        size=digest.size,
        sha256=digest.sha256,
        md5=digest.md5,
        format="onnx",
        path=_path(name, version),
    )
