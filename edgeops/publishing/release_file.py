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
from edgeops.release import ModelRelease, ReleaseFile, Signature
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
    spec = {
        **_content(release),
        "metadata": dict(release.metadata),
        "metrics": finite,
        "gates": list(gates),
        "provenance": provenance,
        "signature": _signature(release.signature),
    }
    value = {
        "apiVersion": API_VERSION,
        "kind": "ModelRelease",
        "metadata": {"name": release.name, "version": release.version},
        "spec": _without_absent(spec),
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


def _content(release: ModelRelease) -> JsonObject:
    """The files of a release, or of its variants: a single file without a list."""
    if release.variants:
        variants = [
            _without_absent(
                {
                    "format": variant.format,
                    "files": [_file(file) for file in variant.files],
                    "signature": _signature(variant.signature),
                }
            )
            for variant in release.variants
        ]
        labels = [dict(variant.when) for variant in release.variants]
        return {
            "variants": [
                {"when": when, **rest} for when, rest in zip(labels, variants, strict=True)
            ]
        }
    if len(release.files) > 1:
        return {"format": release.format, "files": [_file(file) for file in release.files]}
    (only,) = release.files
    entry = _file(only)
    places: JsonObject = {key: entry.pop(key) for key in ("path", "url") if key in entry}
    return {**places, "fileName": entry.pop("name"), **entry, "format": release.format}


def _file(file: ReleaseFile) -> JsonObject:
    return _without_absent(
        {
            "name": file.name,
            "path": file.path,
            "url": file.url,
            "size": file.size,
            "sha256": file.sha256,
            "md5": file.md5,
        }
    )


def _signature(signature: Signature | None) -> JsonObject:
    return signature_value(signature) if signature else {}


def signature_value(signature: Signature) -> JsonObject:
    """A signature as release files have it."""
    return {"key": signature.key, "value": signature.value}


def _without_absent(value: JsonObject) -> JsonObject:
    return {key: part for key, part in value.items() if part not in (None, "", {}, [])}


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


def _has_content(path: Path, content: bytes) -> bool:
    try:
        return read_plain(path.parent, path.name, len(content)) == content
    except OSError:  # larger, or not a regular file
        return False


def _rounded(value: float) -> float:
    short = float(f"{value:.{_DIGITS}g}")
    return int(short) if short.is_integer() else short
