"""From a build to a release: gates, store, copies in git, and last of all the release file.

Nothing refers to an artifact before its release file is there. So whatever
fails before leaves nothing half-published, and publishing again finishes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.artifacts.folder import FolderStore
from edgeops.artifacts.store import Progress, Store, no_progress, verify
from edgeops.artifacts.version import next_version, precedence
from edgeops.digest import Digest, digest_file
from edgeops.errors import EdgeOpsError, InvalidState, Refused
from edgeops.files import write_whole
from edgeops.plain_file import open_plain, read_plain
from edgeops.release import ModelRelease
from edgeops.source.releases import load_releases
from edgeops.training.evaluate.scorecard import Scorecard
from edgeops.training.release_file import release_document, release_folder, write_release

if TYPE_CHECKING:
    from edgeops.training.build import Build

KEPT_IN_GIT = 512 * 1024  # bytes: larger artifacts are in the store only
CARD = "evaluation/card.html"
_MAX_CARD = 64 * 1024 * 1024  # bytes, of the card or a plot


@dataclass(frozen=True, slots=True)
class Published:
    """A release, its file in the repository and its URL; `new` is False if it was there before."""

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
    """Publish a build under `models/<name>/releases` of a repository and in a store.

    Without a version, a build that is published already keeps its version, and
    another one gets the next that is free. Artifacts of at most `kept_in_git` bytes are
    also copied beside the release file, the model card and its plots always. Raises
    `Refused` when a gate does not let the model through, or the version has
    other bytes; `ArtifactError` when the store fails.
    """
    scorecard = build.scorecard
    _check_gates(scorecard)
    digest = _digest(build.artifact)
    known = _known(root, scorecard.model)
    release = _release(
        scorecard.model, version or _version(known, scorecard.model, store, digest), digest
    )
    before = known.get(release.version)
    if before not in (None, release):
        raise Refused(
            f"{release.reference} is already published with other bytes",
            f"a release never changes: publish as {next_version(known)}",
        )
    if known and before is None:
        _check_champion(scorecard)
    gates = [verdict.reason for verdict in scorecard.gates]
    text = release_document(release, _published_metrics(scorecard), gates, build.provenance)
    assert release.path is not None
    folder = release_folder(root, release.name)
    _check_folder(root, folder / release.file_name)
    url = store.put(build.artifact, release.path, digest, progress)
    verify(store, release.path, digest)

    if digest.size <= kept_in_git:
        FolderStore(folder, "").put(build.artifact, release.file_name, digest)
    folder.mkdir(parents=True, exist_ok=True)
    _copy_card(build.folder / CARD, folder / f"{release.version}.html", again=before is not None)
    file = folder / f"{release.version}.yaml"
    new = before is None and write_release(file, text)
    return Published(release, file, url, new)


def _copy_card(card: Path, shown: Path, *, again: bool) -> None:
    """Put the card and its plots beside the release file; those of a release stay as they were."""
    if not card.is_file() or (again and shown.exists()):
        return
    for plot in sorted(card.parent.glob("*.png")):
        _copy(plot, shown.with_name(f"{shown.stem}-{plot.name}"))
    _copy(card, shown)


def _copy(file: Path, to: Path) -> None:
    """Raises `EdgeOpsError`, also for what is not a file of the build itself."""
    try:
        write_whole(to, read_plain(file.parent, file.name, _MAX_CARD))
    except OSError as error:
        raise EdgeOpsError(
            f"cannot copy {file} to {to}: {error.strerror}", "evaluate the model again"
        ) from error


def _check_folder(root: Path, copy: Path) -> None:
    """Raises `EdgeOpsError` when a copy in git would land elsewhere, because of a link."""
    try:
        open_plain(root, copy.relative_to(root).as_posix()).close()
    except FileNotFoundError:
        return
    except OSError as error:
        raise EdgeOpsError(
            f"cannot write {copy}: {error.strerror}",
            "nothing was published; releases are plain files in folders of the repository",
        ) from error


def _published_metrics(scorecard: Scorecard) -> dict[str, float]:
    """The figures of a release file: the plain ones, and those that gates name."""
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
    """There is a release: a gate that compares with it must have done so."""
    for verdict in scorecard.gates:
        if verdict.gate.endswith("_vs_champion") and verdict.value is None:
            raise Refused(
                f"{scorecard.model} was not compared with its last release: {verdict.reason}",
                "bring the released file here, then `edgeops model evaluate` with --champion",
            )


def _digest(artifact: Path) -> Digest:
    try:
        return digest_file(artifact)
    except OSError as error:
        raise EdgeOpsError(
            f"cannot read the artifact {artifact}: {error.strerror}", "train the model again"
        ) from error


def _known(root: Path, name: str) -> dict[str, ModelRelease]:
    """The releases of a model by version. Raises `InvalidState` when one cannot be read."""
    releases = load_releases(root)
    folder = release_folder(root, name).relative_to(root).as_posix()
    for problem in releases.problems:
        if problem.place.file.startswith(f"{folder}/"):
            raise InvalidState(f"{problem.place}: {problem.message}", problem.hint)
    return {release.version: release for release in releases.of(name)}


def _version(known: dict[str, ModelRelease], name: str, store: Store, digest: Digest) -> str:
    """The version that these bytes have, or the next one that neither git nor the store has.

    The store may have one of a release that never came to git.
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
    return ModelRelease(
        name=name,
        version=version,
        file_name=_file_name(name, version),
        size=digest.size,
        sha256=digest.sha256,
        md5=digest.md5,
        format="onnx",
        path=_path(name, version),
    )
