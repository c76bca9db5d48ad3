"""The state of every slot -> reported properties. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edgeops.jsonvalue import JsonObject
from edgeops.modules.model_loader.desired import Wanted
from edgeops.modules.model_loader.faults import ModelFault
from edgeops.modules.model_loader.wanted import FLAT
from edgeops.modules.runtime.slots import CurrentModel

_MESSAGE_LENGTH = 300
OWNED = ("models", "model", "loader")  # `lastModelUpdate` stays when no model is in use any more


class SlotState(StrEnum):
    """How far a slot has come with the model that it should hold."""

    READY = "ready"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """One slot: its state since an ISO 8601 time, what it holds, and what is wrong.

    `signed_by` is the key whose signature of what it holds was verified.
    """

    state: SlotState
    since: str
    in_use: CurrentModel | None = None
    error: ModelFault | None = None
    signed_by: str = ""


@dataclass(frozen=True, slots=True)
class LoaderInfo:
    """What is reported of the loader itself."""

    version: str
    storage: JsonObject = field(default_factory=dict)


def reported(wanted: Wanted, statuses: Mapping[str, SlotStatus], info: LoaderInfo) -> JsonObject:
    """The reported properties (schemas/modules/model_loader.reported.schema.json)."""
    updates = [
        status.in_use.since
        for status in statuses.values()
        if status.state is SlotState.READY and status.in_use
    ]
    properties: JsonObject = {
        "models": {slot: _slot(status) for slot, status in statuses.items() if slot != FLAT},
        "loader": {
            "version": info.version,
            "storage": info.storage,
            "warnings": list(wanted.warnings),
            "error": _error(wanted.fault),
        },
    }
    if FLAT in statuses:
        properties["model"] = _slot(statuses[FLAT], flat=True)
    if updates:
        properties["lastModelUpdate"] = max(updates)
    return _without_nothing(properties)


def _slot(status: SlotStatus, *, flat: bool = False) -> JsonObject:
    properties = {
        "state": status.state.value,
        "error": _error(status.error),
        "since": status.since,
        "signedBy": status.signed_by,
    }
    if model := status.in_use:
        named = {"fileName": model.path.name}
        if not flat:
            named = {"name": model.name, "version": model.version}
        properties |= {**named, "sha256": model.sha256}
    return properties


def _error(fault: ModelFault | None) -> JsonObject | None:
    if fault is None:
        return None
    return {"code": fault.code.value, "message": fault.message[:_MESSAGE_LENGTH]}


def _without_nothing(value: JsonObject) -> JsonObject:
    """Without null and empty text: a hub takes null for "remove"."""
    return {
        key: _without_nothing(item) if isinstance(item, dict) else item
        for key, item in value.items()
        if item is not None and item != ""
    }
