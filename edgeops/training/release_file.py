"""The release file: `models/<name>/releases/<version>.yaml`, written once and never again."""

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
    """Where the releases of a model are in a repository."""
    return root / "models" / name / "releases"


def release_document(
    release: ModelRelease,
    metrics: Mapping[str, float],
    gates: Sequence[str],
    provenance: JsonObject,
) -> str:
    """The text of a release file; the same values give the same text.

    `gates` are sentences, one for each gate that let the model through. Metrics
    have six significant digits; those that are not numbers are left out. Raises
    `EdgeOpsError` for what schemas/modelrelease.schema.json does not allow, and
    for a secret.
    """
    finite = {name: _rounded(value) for name, value in metrics.items() if math.isfinite(value)}
    spec = {
        "path": release.path,
        "url": release.url,
        "fileName": release.file_name,
        "size": release.size,
        "sha256": release.sha256,
        "md5": release.md5,
        "format": release.format,
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
    """Write a release file, whole or not at all; gives whether it was not there before.

    Raises `Refused` when it is there with another text.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_blocks(path, [text.encode()], first_wins=True)
    except FileExistsError:
        if not _says(path, text.encode()):
            raise Refused(
                f"{path} already exists with other content",
                "a release never changes: publish under a new version",
            ) from None
        return False
    return True


def _says(path: Path, content: bytes) -> bool:
    try:
        return read_plain(path.parent, path.name, len(content)) == content
    except OSError:  # larger, or not a file
        return False


def _rounded(value: float) -> float:
    short = float(f"{value:.{_DIGITS}g}")
    return int(short) if short.is_integer() else short
