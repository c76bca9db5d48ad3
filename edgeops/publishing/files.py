"""Publishes files that edgeops did not make: any format, one or several, by classes of devices."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from edgeops.artifacts.store import Progress, no_progress
from edgeops.errors import EdgeOpsError, UsageError
from edgeops.publishing.draft import Artifact, Draft, ForDevices, draft
from edgeops.publishing.formats import known_format
from edgeops.publishing.gather import Given, gather
from edgeops.publishing.names import check_names
from edgeops.publishing.onnx_weights import weights_of
from edgeops.publishing.publish import (
    Published,
    PublishTarget,
    chosen_draft,
    known_releases,
    publish,
)
from edgeops.publishing.release_file import release_document
from edgeops.publishing.signing import Signer, unsigned
from edgeops.publishing.unpack import is_archive
from edgeops.release import Labels
from edgeops.translate import doing

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")  # as in schemas/modelrelease.schema.json


@dataclass(frozen=True, slots=True)
class ForLabels:
    """A file for the devices that have all labels of `when`."""

    when: Mapping[str, str]
    file: Given


@dataclass(frozen=True, slots=True)
class Request:
    """What to publish: files for all devices, and files for some.

    Without `format`, the name of the main file says it. `unpack` takes archives apart.
    """

    files: Sequence[Given] = ()
    variants: Sequence[ForLabels] = ()
    version: str | None = None
    format: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    unpack: bool = False


def publish_files(
    name: str,
    request: Request,
    to: PublishTarget,
    *,
    sign: Signer = unsigned,
    progress: Progress = no_progress,
) -> Published:
    """Publish files as a release of a model, which needs no model.yaml.

    Without a version, files that were published keep theirs, and others get the next free one;
    the first release of a model needs one. Raises `UsageError` for names, labels and formats that
    cannot be in a release, `Refused` if the version exists with other content, `EdgeOpsError` for
    files that cannot be published, and `ArtifactError` when the store fails.
    """
    if not _NAME.fullmatch(name):
        hint = "use letters, digits, _ . and -; the first is a letter or digit"
        raise UsageError(f"{name!r} is not a name for a model", hint)
    known = known_releases(to.root, name)
    if not known and not request.version:
        raise UsageError(f"{name} has no release yet, so it needs a version", "--version 1.0.0")
    with TemporaryDirectory(prefix="edgeops-") as scratch:
        parts = _parts(request, Path(scratch))
        metadata = tuple(sorted(request.metadata.items()))

        def drafted(version: str) -> Draft:
            several = bool(request.variants)
            return draft(name, version, parts, metadata, with_variants=several)

        chosen = chosen_draft(drafted, request.version, known, to.store)
        existing = known.get(chosen.release.version)
        release = existing or sign(chosen.release)
        text = None if existing else release_document(release, {}, (), {})
        url, file, new = publish(chosen, text, to, progress=progress)
    return Published(release, file, url, new)


def _parts(request: Request, scratch: Path) -> tuple[ForDevices, ...]:
    every = [*request.files, *(variant.file for variant in request.variants)]
    if not every:
        raise UsageError("there is nothing to publish", "name a file: --file model.onnx")
    if request.unpack and not any(is_archive(file.path) for file in every):
        raise UsageError(
            "there is nothing to unpack: --unpack is for .tar, .tar.gz, .tgz and .zip",
            "leave it out, or give the archive such a name",
        )
    into = scratch if request.unpack else None
    common = gather(request.files, into)
    by_labels: dict[Labels, list[Given]] = {}
    for variant in request.variants:
        by_labels.setdefault(tuple(sorted(variant.when.items())), []).append(variant.file)
    if not by_labels:
        if len(common) == 1 and "/" in common[0].name:
            raise UsageError(
                f"the only file of a release cannot be in a folder, as {common[0].name} is",
                f"name it: --file {PurePosixPath(common[0].name).name}={common[0].path}",
            )
        return (_part((), common, request.format),)
    _check_order(tuple(by_labels))
    parts = []
    for when, files in by_labels.items():
        parts.append(_part(when, (*gather(files, into), *common), request.format))
    return tuple(parts)


def _part(when: Labels, artifacts: tuple[Artifact, ...], model_format: str | None) -> ForDevices:
    check_names(artifact.name for artifact in artifacts)
    main = artifacts[0]
    form = model_format or known_format(main.name)
    if form == "onnx":
        _check_weights(main, {artifact.name for artifact in artifacts})
    return ForDevices(when, form, artifacts)


def _check_order(conditions: Sequence[Labels]) -> None:
    """Raise `UsageError` for a variant that no device gets: an earlier one fits all of them."""
    for index, later in enumerate(conditions):
        for earlier in conditions[:index]:
            if set(earlier) <= set(later):
                raise UsageError(
                    f"no device gets the variant `{_text(later)}`: `{_text(earlier)}` comes before"
                    " it and fits all of its devices",
                    "put the variant with more labels first",
                )


def _text(when: Labels) -> str:
    return ",".join(f"{key}={value}" for key, value in when) or "(all devices)"


def _check_weights(model: Artifact, names: set[str]) -> None:
    """Raise `EdgeOpsError` if an ONNX file has weights in a file that is not published with it."""
    with doing(f"read {model.path}", "nothing was published"):
        needed = sorted(weights_of(model.path))
    folder = PurePosixPath(model.name).parent
    for location in needed:
        if str(folder / location) not in names:
            raise EdgeOpsError(
                f"{model.name} has weights in another file, {location!r}, which is not published",
                f"add it: --file {folder / location}={model.path.parent / location}",
            )
