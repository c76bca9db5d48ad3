"""Bulk registry operations: `POST /devices`, at most 100 entries, each with its own result.

A device may be named once, even by entries for different modules (as on Azure
since 2025, Azure/azure-iot-sdk-csharp issue 3481).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service import registry
from edgeops.localhub.service.batch import run_each
from edgeops.localhub.service.hub import EmulatedHub, Transaction
from edgeops.localhub.service.twins import save_twin
from edgeops.localhub.state import errors, etags, twins
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.identities import SYSTEM_MODULES
from edgeops.localhub.state.spelling import spelled_as, with_fields_spelled_as
from edgeops.localhub.state.twins import Sections
from edgeops.localhub.steps import Steps

MAX_ENTRIES = 100

# Microsoft's SDK for Node writes `etag` here, as in the identity that it read.
_FIELDS = ("id", "moduleId", "importMode", "eTag", "twinETag")


def import_devices(hub: EmulatedHub, body: Any) -> Steps[JsonObject]:
    """Process each entry; gives `{isSuccessful, errors, warnings}`. Raises `HubFault` 400, 413.

    Entries that succeed are saved, in few transactions; those that fail change nothing.
    """
    entries = _entries(body)
    repeated = [device for device, n in Counter(e["id"] for e in entries).items() if n > 1]
    if repeated:
        fault = HubFault(400, "DeviceDefinedMultipleTimes", "A device may be given only once.")
        return _result([_error({"id": device}, fault) for device in repeated])
    outcomes = yield from run_each(hub, entries, _import)
    failures = [
        _error(entry, outcome)
        for entry, outcome in zip(entries, outcomes, strict=True)
        if isinstance(outcome, HubFault)
    ]
    return _result(failures)


def _entries(body: Any) -> list[JsonObject]:
    if not isinstance(body, list) or not body:
        raise errors.unreadable("The body must be a list of devices.")
    if len(body) > MAX_ENTRIES:
        raise errors.too_many_devices(MAX_ENTRIES)
    entries = []
    for item in body:
        entry = with_fields_spelled_as(_FIELDS, item) if isinstance(item, dict) else {}
        if not isinstance(entry.get("id"), str):
            raise errors.invalid("Each device must be an object with an 'id'.")
        if not isinstance(entry.get("moduleId"), str | None):
            raise errors.invalid("'moduleId' must be a string.")
        mode = spelled_as(_MODES, entry.get("importMode"))
        if mode is None:
            raise errors.invalid(f"'importMode' must be one of {', '.join(_MODES)}.")
        entry["importMode"] = mode
        entries.append(entry)
    return entries


def _import(transaction: Transaction, entry: JsonObject) -> None:
    operation, etag_key = _MODES[entry["importMode"]]
    etag: str | None = etags.ANY
    if etag_key:
        value = entry.get(etag_key)
        etag = etags.bare(value) if isinstance(value, str) else None
        if etag is None:
            raise errors.invalid(f"'{etag_key}' is required for this import mode.")
    operation(transaction, entry, etag)


def _create(transaction: Transaction, entry: JsonObject, _: str | None) -> None:
    device, module = _name(entry)
    with transaction.savepoint():  # the twin can be refused after the device was created
        if module:
            created = registry.create_module(transaction, device, module, entry)
        else:
            created = registry.create_device(transaction, device, entry)
        _patch_twin(transaction, created, entry)


def _update(transaction: Transaction, entry: JsonObject, etag: str | None) -> None:
    device, module = _name(entry)
    if module:
        registry.update_module(transaction, device, module, entry, etag)
    else:
        registry.update_device(transaction, device, entry, etag)


def _delete(transaction: Transaction, entry: JsonObject, etag: str | None) -> None:
    device, module = _name(entry)
    if module:
        registry.remove_module(transaction, device, module, etag)
    else:
        registry.remove_device(transaction, device, etag)


def _update_twin(transaction: Transaction, entry: JsonObject, etag: str | None) -> None:
    existing = transaction.hub.entry(*_name(entry))
    etags.require(etag, etags.twin_etag(existing.twin))
    _patch_twin(transaction, existing, entry)


def _patch_twin(transaction: Transaction, entry: RegistryEntry, body: JsonObject) -> None:
    """Merge the tags, desired and reported properties of an import into a twin."""
    # null means "not given" here: exports contain every field
    sections: Sections = {
        name: value for name, value in twins.sections_of(body).items() if value is not None
    }
    if sections.keys() & {"tags", "desired"} and entry.identity.module in SYSTEM_MODULES:
        raise errors.system_module()
    if sections:
        write = twins.patched(entry, sections, transaction.moment)
        save_twin(transaction, write, sections, "updateTwin")


def _name(entry: JsonObject) -> tuple[str, str]:
    return entry["id"], entry.get("moduleId") or ""


# By import mode: the operation, and the field with the etag that it requires.
_MODES: dict[str, tuple[Callable[[Transaction, JsonObject, str | None], None], str | None]] = {
    "create": (_create, None),
    "update": (_update, None),
    "updateIfMatchETag": (_update, "eTag"),
    "delete": (_delete, None),
    "deleteIfMatchETag": (_delete, "eTag"),
    "updateTwin": (_update_twin, None),
    "updateTwinIfMatchETag": (_update_twin, "twinETag"),
}


def _error(entry: JsonObject, fault: HubFault) -> JsonObject:
    return {
        "deviceId": entry["id"],
        "moduleId": entry.get("moduleId"),
        "errorCode": fault.code,
        "errorStatus": fault.message,
        "operation": entry.get("importMode"),
    }


def _result(failures: list[JsonObject]) -> JsonObject:
    return {"isSuccessful": not failures, "errors": failures, "warnings": []}
