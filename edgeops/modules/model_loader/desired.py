"""Desired properties -> what each slot should hold. Pure.

Checked slot by slot, so one bad slot never blocks another; unknown keys only
warn, so a newer edgeops may say more than this loader understands. The rules
are those of schemas/modules/model_loader.desired.schema.json (a test holds the
two against each other); a schema library has no place on a small device.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeops.digest import Digest
from edgeops.modules.model_loader.access import StoreAccess, parse_access
from edgeops.modules.model_loader.faults import Code, ModelFault
from edgeops.modules.runtime.slots import POINTER, is_slot

KEEP_VERSIONS = 2
FLAT = ""  # the "slot" of the single-model form, whose file lies at the root of the storage
_FORMATS = ("onnx", "keras", "tflite")
_MOST_WARNINGS = 10

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z")
_VERSION = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\Z"
)
_URL = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?([/?][^\s#]*)?\Z")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_MD5 = re.compile(r"[0-9a-f]{32}\Z")


@dataclass(frozen=True, slots=True)
class WantedModel:
    """What one slot should hold.

    `size` is in bytes (None: unknown); at least one of the digests is set.
    `url` may hold a secret in its query where an existing fleet puts it there.
    """

    slot: str
    url: str = field(repr=False)
    file_name: str
    size: int | None = None
    sha256: str = ""
    md5: str = ""
    name: str = ""
    version: str = ""
    format: str = ""

    @property
    def digest(self) -> str:
        """The digest that tells it from other models."""
        return self.sha256 or self.md5

    def matches(self, digest: Digest) -> bool:
        """Whether a file with this digest is the model."""
        return (
            self.size in (None, digest.size)
            and self.sha256 in ("", digest.sha256)
            and self.md5 in ("", digest.md5)
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """The desired properties, checked.

    `faults` are of the slots that cannot be understood, by slot; `fault` is
    set when nothing can. `access` is read access to private stores.
    """

    models: Mapping[str, WantedModel] = field(default_factory=dict)
    faults: Mapping[str, ModelFault] = field(default_factory=dict)
    fault: ModelFault | None = None
    warnings: tuple[str, ...] = ()
    keep_versions: int = KEEP_VERSIONS
    access: tuple[StoreAccess, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class FlatKeys:
    """How the single-model form names its three properties at the root of desired."""

    url: str = "modelUrl"
    checksum: str = "modelMd5"
    file_name: str = "modelFileName"


def parse_desired(desired: Any, flat: FlatKeys) -> Wanted:
    """What the desired properties want; never raises."""
    if not isinstance(desired, dict):
        return Wanted(fault=_invalid("desired properties must be an object"))
    parsed: dict[str, WantedModel | ModelFault] = {}
    warnings: list[str] = []
    keep_versions, fault = KEEP_VERSIONS, None
    access: tuple[StoreAccess, ...] = ()
    flat_keys = (flat.url, flat.checksum, flat.file_name)
    for key, value in desired.items():
        if key == "models" and isinstance(value, dict):
            for slot, model in value.items():
                if is_slot(slot):
                    parsed[slot] = _parse_model(slot, model, warnings)
                else:
                    warnings.append(f"models: `{_short(slot)}` is not a slot name; it is ignored")
        elif key == "models":
            fault = _invalid("models must be an object")
        elif key == "keepVersions":
            if _is_integer(value) and 1 <= value <= 20:
                keep_versions = int(value)
            else:
                warnings.append(f"keepVersions must be from 1 to 20; {KEEP_VERSIONS} are kept")
        elif key == "access":
            access, access_warnings = parse_access(value)
            warnings += access_warnings
        elif key not in flat_keys:
            warnings.append(f"unknown key `{_short(key)}` is ignored")
    if any(key in desired for key in flat_keys):
        parsed[FLAT] = _parse_flat(desired, flat, warnings)
    models = {slot: model for slot, model in parsed.items() if isinstance(model, WantedModel)}
    faults = {slot: error for slot, error in parsed.items() if isinstance(error, ModelFault)}
    return Wanted(models, faults, fault, _few(warnings), keep_versions, access)


# --- one model -------------------------------------------------------------------


def _is_integer(value: Any) -> bool:
    # A JSON number like 2.0 is an integer, true is not.
    return not isinstance(value, bool) and (
        isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    )


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and bool(pattern.match(value))


_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (_matches(_NAME), "1 to 64 letters, digits, _ . or -"),
    "version": (_matches(_VERSION), "a semantic version like 1.0.0"),
    "url": (_matches(_URL), "an https address without user and fragment"),
    "fileName": (
        lambda value: _matches(_FILE_NAME)(value) and value != POINTER,
        f"a plain file name of letters, digits, _ . + and -, not {POINTER}",
    ),
    "size": (lambda value: _is_integer(value) and value >= 1, "the number of bytes, at least 1"),
    "sha256": (_matches(_SHA256), "64 lower-case hexadecimal digits"),
    "md5": (_matches(_MD5), "32 lower-case hexadecimal digits"),
    "format": (lambda value: value in _FORMATS, f"one of {', '.join(_FORMATS)}"),
}


def _parse_model(slot: str, value: Any, warnings: list[str]) -> WantedModel | ModelFault:
    if not isinstance(value, dict):
        return _invalid("must be an object")
    warnings += [
        f"models.{slot}: unknown key `{_short(key)}` is ignored"
        for key in value
        if key not in _FIELDS
    ]
    fault = _first_fault(value)
    if fault is not None:
        return fault
    if "sha256" not in value:
        warnings.append(f"models.{slot}: md5 alone is a weak check; add sha256")
    return WantedModel(
        slot=slot,
        url=value["url"],
        file_name=value["fileName"],
        size=int(value["size"]) if "size" in value else None,
        sha256=value.get("sha256", ""),
        md5=value.get("md5", ""),
        name=value.get("name", ""),
        version=value.get("version", ""),
        format=value.get("format", ""),
    )


def _first_fault(value: Mapping[str, Any]) -> ModelFault | None:
    for key in ("url", "fileName"):
        if key not in value:
            return _invalid(f"`{key}` is missing")
    if "sha256" not in value and "md5" not in value:
        return ModelFault(Code.NO_CHECKSUM, "has no checksum: `sha256` is missing")
    for key, (is_valid, rule) in _FIELDS.items():
        if key in value and not is_valid(value[key]):
            code = Code.UNSAFE_FILE_NAME if key == "fileName" else Code.INVALID_DESIRED
            return ModelFault(code, f"`{key}` must be {rule}")
    return None


def _parse_flat(
    desired: Mapping[str, Any], flat: FlatKeys, warnings: list[str]
) -> WantedModel | ModelFault:
    """The single-model form: existing fleets write digests in either case."""
    if flat.checksum not in desired:
        return ModelFault(Code.NO_CHECKSUM, f"has no checksum: `{flat.checksum}` is missing")
    checksum = desired[flat.checksum]
    checksum = checksum.lower() if isinstance(checksum, str) else checksum
    kind = "sha256" if _FIELDS["sha256"][0](checksum) else "md5"
    for key, name in ((flat.url, "url"), (flat.file_name, "fileName")):
        if key not in desired:
            return _invalid(f"`{key}` is missing")
        is_valid, rule = _FIELDS[name]
        if not is_valid(desired[key]):
            code = Code.UNSAFE_FILE_NAME if name == "fileName" else Code.INVALID_DESIRED
            return ModelFault(code, f"`{key}` must be {rule}")
    if not _FIELDS[kind][0](checksum):
        return _invalid(f"`{flat.checksum}` must be 32 (MD5) or 64 (SHA-256) hexadecimal digits")
    if kind == "md5":
        warnings.append(f"`{flat.checksum}`: md5 alone is a weak check; sha256 is taken too")
    return WantedModel(
        slot=FLAT,
        url=desired[flat.url],
        file_name=desired[flat.file_name],
        sha256=checksum if kind == "sha256" else "",
        md5=checksum if kind == "md5" else "",
    )


def _invalid(message: str) -> ModelFault:
    return ModelFault(Code.INVALID_DESIRED, message)


def _short(key: str) -> str:
    return key if len(key) <= 40 else key[:40] + "…"


def _few(warnings: list[str]) -> tuple[str, ...]:
    if len(warnings) <= _MOST_WARNINGS:
        return tuple(warnings)
    left = len(warnings) - _MOST_WARNINGS
    return (*warnings[:_MOST_WARNINGS], f"and {left} more")
