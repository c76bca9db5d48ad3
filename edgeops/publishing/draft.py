"""What is to be published: files with their names on the device, and the release they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeops.digest import Digest
from edgeops.release import Labels, ModelRelease, ReleaseFile, Variant


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file to publish: its name on the device, its path here, and its digest."""

    name: str
    path: Path
    digest: Digest


@dataclass(frozen=True, slots=True)
class ForDevices:
    """The artifacts for the devices that have all labels of `when`, the main one first."""

    when: Labels
    format: str
    artifacts: tuple[Artifact, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A release that is not published yet, and the artifact behind each of its files."""

    release: ModelRelease
    sources: Mapping[ReleaseFile, Artifact]


def draft(
    name: str,
    version: str,
    parts: Sequence[ForDevices],
    metadata: Labels = (),
    *,
    with_variants: bool = False,
) -> Draft:
    """The release of some artifacts; `with_variants`, else `parts` is one for all devices.

    Each file gets a path of its own in the store. All of them are in one folder, since the tag of
    a GitHub release cannot be the folder of another.
    """
    paths: dict[str, tuple[str, str]] = {}  # by file name in the store, in lower case
    sources: dict[ReleaseFile, Artifact] = {}

    def released(artifact: Artifact) -> ReleaseFile:
        digest = artifact.digest
        flat = stored = artifact.name.replace("/", "--")
        content, count = (artifact.name, digest.sha256), 1
        while paths.setdefault(stored.lower(), content) != content:
            count += 1
            stored = f"{count}-{flat}"
        path = f"{name}/{version}/{stored}"
        file = ReleaseFile(artifact.name, digest.size, digest.sha256, digest.md5, path)
        sources[file] = artifact
        return file

    variants = tuple(
        Variant(part.when, part.format, tuple(map(released, part.artifacts))) for part in parts
    )
    if with_variants:
        release = ModelRelease(name, version, metadata=metadata, variants=variants)
    else:
        (only,) = variants
        release = ModelRelease(name, version, only.format, only.files, metadata)
    return Draft(release, sources)
