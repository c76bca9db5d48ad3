"""Publishes a build: its gates first, then as any release, with its model card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.artifacts.store import Progress, Store, no_progress
from edgeops.digest import digest_file
from edgeops.errors import Refused
from edgeops.files import write_whole
from edgeops.plain_file import read_plain
from edgeops.publishing.draft import Artifact, Draft, ForDevices, draft
from edgeops.publishing.publish import (
    KEPT_IN_GIT,
    Published,
    PublishTarget,
    chosen_draft,
    known_releases,
)
from edgeops.publishing.publish import publish as publish_draft
from edgeops.publishing.release_file import release_document
from edgeops.publishing.signing import Signer, unsigned
from edgeops.training.evaluate.gates import DEVICE
from edgeops.training.evaluate.scorecard import Scorecard
from edgeops.translate import doing

if TYPE_CHECKING:
    from edgeops.training.build import Build

CARD = "evaluation/card.html"
_MAX_CARD = 64 * 1024 * 1024  # bytes, of the card or a plot


def publish(
    build: Build,
    *,
    root: Path,
    store: Store,
    version: str | None = None,
    progress: Progress = no_progress,
    kept_in_git: int = KEPT_IN_GIT,
    sign: Signer = unsigned,
) -> Published:
    """Publish a build in `models/<name>/releases` of a repository and in a store.

    Without `version`, a build that was published keeps its version, and a new
    one gets the next free version. The model card, its plots and an artifact of
    at most `kept_in_git` bytes are copied next to the release file. Raises
    `Refused` when a gate fails or the version exists with other bytes, and
    `ArtifactError` when the store fails.
    """
    scorecard = build.scorecard
    name = scorecard.model
    _check_gates(scorecard)
    with doing(f"read the artifact {build.artifact}", "train the model again"):
        digest = digest_file(build.artifact)

    def drafted(version: str) -> Draft:
        artifact = Artifact(f"{name}-{version}.onnx", build.artifact, digest)
        return draft(name, version, [ForDevices((), "onnx", (artifact,))])

    known = known_releases(root, name)
    chosen = chosen_draft(drafted, version, known, store)
    existing = known.get(chosen.release.version)
    if known and existing is None:
        _check_champion(scorecard)
    release = existing or sign(replace(chosen.release, context=build.context))
    gates = [verdict.reason for verdict in scorecard.gates]
    text = release_document(release, _published_metrics(scorecard), gates, build.provenance)

    def copy_card(written: Path) -> None:
        card = written.with_name(f"{chosen.release.version}.html")
        _copy_card(build.folder / CARD, card, again=existing is not None)

    to = PublishTarget(root, store, kept_in_git)
    url, written, new = publish_draft(
        chosen,
        text if existing is None else None,
        to,
        beside=True,
        progress=progress,
        before_release=copy_card,
    )
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


def _published_metrics(scorecard: Scorecard) -> dict[str, float]:
    """The metrics of a release file: comparisons only if a gate names them."""
    named = {verdict.gate for verdict in scorecard.gates}
    return {
        name: value
        for name, value in scorecard.metrics.items()
        if "_vs_" not in name or name.removeprefix("later_") in named
    }


def _check_gates(scorecard: Scorecard) -> None:
    if not any(verdict.gate == DEVICE for verdict in scorecard.gates):
        raise Refused(
            f"{scorecard.model} was evaluated by an edgeops that did not check it as a device",
            f"run `edgeops model evaluate {scorecard.model}` again",
        )
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
