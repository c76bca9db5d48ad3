"""The release file `models/<name>/releases/<version>.yaml`, which is never changed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgeops.errors import EdgeOpsError, Refused
from edgeops.files import write_blocks
from edgeops.fleet.manifest import API_VERSION, parse
from edgeops.fleet.yaml_dump import dump_block
from edgeops.jsonvalue import JsonObject
from edgeops.plain_file import read_plain
from edgeops.release import ModelRelease
from edgeops.source.schemas import packaged_schemas

_MODELINE = "# yaml-language-server: $schema=../../../schemas/modelrelease.schema.json\n"
_DIGITS = 6  # of a metric


def release_folder(root: Path, name: str) -> Path:
    """The folder of the releases of a model."""
    return root / "models" / name / "releases"


def release_document(
    release: ModelRelease,
    metrics: Mapping[str, float],
    gates: Sequence[str],
    provenance: JsonObject,
) -> str:
    """The text of a release file; the same values give the same text.

    `gates` has a sentence for each gate that passed. Metrics have six significant
    digits; those that are not finite are left out. Raises `EdgeOpsError` when
    schemas/modelrelease.schema.json does not allow the values, or for a secret.
    """
    finite = {name: _rounded(value) for name, value in metrics.items() if math.isfinite(value)}
    (file,) = release.files
    spec = {
        "path": file.path,
        "url": file.url,
        "fileName": file.name,
        "size": file.size,
        "sha256": file.sha256,
        "md5": file.md5,
        "format": release.format,
        "context": _context(release),
        "metrics": finite,
        "gates": list(gates),
        "provenance": provenance,
    }
    value = {
        "apiVersion": API_VERSION,
        "kind": "ModelRelease",
        "metadata": {"name": release.name, "version": release.version},
        "spec": {key: part for key, part in spec.items() if part not in (None, {}, [])},
    }
    text = _MODELINE + dump_block(value)
    _, problems = parse(f"{release.reference}.yaml", text.encode(), packaged_schemas())
    if problems:
        first = problems[0]
        raise EdgeOpsError(
            f"the release file of {release.reference} would not be valid:"
            f" {first.pointer} {first.message}",
            first.hint,
        )
    return text


def write_release(path: Path, text: str) -> bool:
    """Write a release file atomically; gives False if it exists with the same text.

    Raises `Refused` if it exists with another text.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_blocks(path, [text.encode()], first_wins=True)
    except FileExistsError:
        if not _has_content(path, text.encode()):
            raise Refused(
                f"{path} already exists with other content",
                "a release never changes: publish under a new version",
            ) from None
        return False
    return True


def _context(release: ModelRelease) -> JsonObject:
    """The columns that must be known ahead, by kind."""
    kinds = {"events": "event:", "weather": "weather:"}
    named = {
        kind: [name.removeprefix(prefix) for name in release.context if name.startswith(prefix)]
        for kind, prefix in kinds.items()
    }
    return {kind: names for kind, names in named.items() if names}


def _has_content(path: Path, content: bytes) -> bool:
    try:
        return read_plain(path.parent, path.name, len(content)) == content
    except OSError:  # larger, or not a regular file
        return False


def _rounded(value: float) -> float:
    short = float(f"{value:.{_DIGITS}g}")
    return int(short) if short.is_integer() else short
