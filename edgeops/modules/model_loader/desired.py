"""Desired properties -> what each slot should hold. Pure.

Checked slot by slot, so one bad slot never blocks another; unknown keys only
warn, so a newer edgeops may say more than this loader understands. The rules
are those of schemas/modules/model_loader.desired.schema.json (a test holds the
two against each other); a schema library has no place on a small device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeops.modules.model_loader.access import StoreAccess, parse_access
from edgeops.modules.model_loader.faults import Code, ModelFault
from edgeops.modules.model_loader.model_value import (
    FIELDS,
    code_of,
    invalid,
    is_integer,
    parse_model,
    unknown_keys,
)
from edgeops.modules.model_loader.wanted import FLAT, WantedFile, WantedModel
from edgeops.modules.runtime.slots import is_slot

KEEP_VERSIONS = 2
_MOST_WARNINGS = 10


@dataclass(frozen=True, slots=True)
class FlatKeys:
    """How the single-model form names its three properties at the root of desired."""

    url: str = "modelUrl"
    checksum: str = "modelMd5"
    file_name: str = "modelFileName"


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


def parse_desired(desired: Any, flat: FlatKeys) -> Wanted:
    """What the desired properties want; never raises."""
    if not isinstance(desired, dict):
        return Wanted(fault=invalid("desired properties must be an object"))
    parsed: dict[str, WantedModel | ModelFault] = {}
    warnings: list[str] = []
    keep_versions, fault = KEEP_VERSIONS, None
    access: tuple[StoreAccess, ...] = ()
    flat_keys = (flat.url, flat.checksum, flat.file_name)
    for key, value in desired.items():
        if key == "models" and isinstance(value, dict):
            parsed |= _parse_slots(value, warnings)
        elif key == "models":
            fault = invalid("models must be an object")
        elif key == "keepVersions":
            if is_integer(value) and 1 <= value <= 20:
                keep_versions = int(value)
            else:
                warnings.append(f"keepVersions must be from 1 to 20; {KEEP_VERSIONS} are kept")
        elif key == "access":
            access, access_warnings = parse_access(value)
            warnings += access_warnings
        elif key not in flat_keys:
            warnings.append(f"unknown key `{_short(key)}` is ignored")
    if any(key in desired for key in flat_keys):
        parsed[FLAT] = _parse_flat(desired, flat)
        if _is_weak(parsed[FLAT]):
            weak = f"`{flat.checksum}`: md5 alone is a weak check; sha256 is taken too"
            warnings.append(weak)
    models = {slot: model for slot, model in parsed.items() if isinstance(model, WantedModel)}
    faults = {slot: error for slot, error in parsed.items() if isinstance(error, ModelFault)}
    return Wanted(models, faults, fault, _few(warnings), keep_versions, access)


def _parse_slots(
    value: Mapping[str, Any], warnings: list[str]
) -> dict[str, WantedModel | ModelFault]:
    parsed = {}
    for slot, model in value.items():
        if is_slot(slot):
            parsed[slot] = parse_model(slot, model)
            warnings += _warnings(slot, model, parsed[slot])
        else:
            warnings.append(f"models: `{_short(slot)}` is not a slot name; it is ignored")
    return parsed


def _warnings(slot: str, value: Any, model: WantedModel | ModelFault) -> list[str]:
    warnings = [
        f"models.{slot}: unknown key `{_short(key)}` is ignored" for key in unknown_keys(value)
    ]
    if _is_weak(model):
        warnings.append(f"models.{slot}: md5 alone is a weak check; add sha256")
    return warnings


def _is_weak(model: WantedModel | ModelFault) -> bool:
    return isinstance(model, WantedModel) and not model.main.sha256


def _parse_flat(desired: Mapping[str, Any], flat: FlatKeys) -> WantedModel | ModelFault:
    """The single-model form: existing fleets write digests in either case."""
    if flat.checksum not in desired:
        return ModelFault(Code.NO_CHECKSUM, f"has no checksum: `{flat.checksum}` is missing")
    checksum = desired[flat.checksum]
    checksum = checksum.lower() if isinstance(checksum, str) else checksum
    kind = "sha256" if FIELDS["sha256"][0](checksum) else "md5"
    for key, name in ((flat.url, "url"), (flat.file_name, "fileName")):
        if key not in desired:
            return invalid(f"`{key}` is missing")
        is_valid, rule = FIELDS[name]
        if not is_valid(desired[key]):
            return ModelFault(code_of(name), f"`{key}` must be {rule}")
    if not FIELDS[kind][0](checksum):
        return invalid(f"`{flat.checksum}` must be 32 (MD5) or 64 (SHA-256) hexadecimal digits")
    sha256, md5 = (checksum, "") if kind == "sha256" else ("", checksum)
    file = WantedFile(desired[flat.file_name], desired[flat.url], None, sha256, md5)
    return WantedModel(FLAT, (file,), file.digest)


def _short(key: str) -> str:
    return key if len(key) <= 40 else key[:40] + "…"


def _few(warnings: list[str]) -> tuple[str, ...]:
    if len(warnings) <= _MOST_WARNINGS:
        return tuple(warnings)
    left = len(warnings) - _MOST_WARNINGS
    return (*warnings[:_MOST_WARNINGS], f"and {left} more")
