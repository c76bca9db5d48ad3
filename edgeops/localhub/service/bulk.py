"""Bulk registry operations: `POST /devices`, at most 100 entries, each with its own result.

A device may be named once, also when the entries are of different modules
(so it is on Azure since 2025, Azure/azure-iot-sdk-csharp issue 3481).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service import registry
from edgeops.localhub.service.hub import EmulatedHub, Writing
from edgeops.localhub.service.twins import keep
from edgeops.localhub.state import errors, etags, twins
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.identities import SYSTEM_MODULES
from edgeops.localhub.state.twins import Sections
from edgeops.localhub.steps import Steps

MAX_ENTRIES = 100
_SECONDS_OF_A_TRANSACTION = 0.01  # an ordinary request is one


def import_devices(hub: EmulatedHub, body: Any) -> Steps[JsonObject]:
    """Do each entry; gives `{isSuccessful, errors, warnings}`. Raises `HubFault` 400, 413.

    Each that succeeds is kept, in as few transactions as may be; those that fail change nothing.
    """
    entries = _entries(body)
    repeated = [device for device, n in Counter(e["id"] for e in entries).items() if n > 1]
    if repeated:
        fault = HubFault(400, "DeviceDefinedMultipleTimes", "A device may be given only once.")
        return _result([_error({"id": device}, fault) for device in repeated])
    faults: list[JsonObject] = []
    done = 0
    while done < len(entries):
        done += _imported(hub, entries[done:], faults)
        yield
    return _result(faults)


def _imported(hub: EmulatedHub, entries: list[JsonObject], faults: list[JsonObject]) -> int:
    """Do entries in one transaction as long as it is short; gives how many were done."""
    until = time.perf_counter() + _SECONDS_OF_A_TRANSACTION
    with hub.writing() as writing:
        for count, entry in enumerate(entries, 1):
            try:
                with writing.attempt():
                    _MODES[entry["importMode"]](hub, writing, entry)
            except HubFault as fault:
                faults.append(_error(entry, fault))
            if time.perf_counter() >= until:
                return count
    return len(entries)


def _entries(body: Any) -> list[JsonObject]:
    if not isinstance(body, list) or not body:
        raise errors.unreadable("The body must be a list of devices.")
    if len(body) > MAX_ENTRIES:
        raise errors.too_many_devices(MAX_ENTRIES)
    for entry in body:
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise errors.invalid("Each device must be an object with an 'id'.")
        if not isinstance(entry.get("moduleId"), str | None):
            raise errors.invalid("'moduleId' must be a text.")
        mode = entry.get("importMode")
        if not isinstance(mode, str) or mode not in _MODES:
            raise errors.invalid(f"'importMode' must be one of {', '.join(_MODES)}.")
    return body


def _create(hub: EmulatedHub, writing: Writing, entry: JsonObject) -> None:
    device, module = _name(entry)
    if module:
        created = registry.create_module(hub, writing, device, module, entry)
    else:
        created = registry.create_device(writing, device, entry)
    _write_twin(writing, created, entry)


def _update(hub: EmulatedHub, writing: Writing, entry: JsonObject, etag: str) -> None:
    device, module = _name(entry)
    if module:
        registry.update_module(hub, writing, device, module, entry, etag)
    else:
        registry.update_device(hub, writing, device, entry, etag)


def _delete(hub: EmulatedHub, writing: Writing, entry: JsonObject, etag: str) -> None:
    device, module = _name(entry)
    if module:
        registry.remove_module(hub, writing, device, module, etag)
    else:
        registry.remove_device(hub, writing, device, etag)


def _update_twin(hub: EmulatedHub, writing: Writing, entry: JsonObject, etag: str) -> None:
    device, module = _name(entry)
    found = hub.entry(device, module)
    etags.require(etag, etags.twin_etag(found.twin))
    _write_twin(writing, found, entry)


def _write_twin(writing: Writing, entry: RegistryEntry, body: JsonObject) -> None:
    """Merge tags, desired and reported properties of an import into a twin."""
    sections = twins.sections_of(body)
    # null is "not given" here: exports hold every field
    named: Sections = {name: value for name, value in sections.items() if value is not None}
    if named.keys() & {"tags", "desired"} and entry.identity.module in SYSTEM_MODULES:
        raise errors.system_module()
    if named:
        keep(writing, twins.patched(entry, named, writing.moment), named, "updateTwin")


def _name(entry: JsonObject) -> tuple[str, str]:
    return entry["id"], entry.get("moduleId") or ""


def _etag(entry: JsonObject, key: str) -> str:
    value = entry.get(key)
    etag = etags.bare(value) if isinstance(value, str) else None
    if etag is None:
        raise errors.invalid(f"'{key}' is needed for this import mode.")
    return etag


_MODES: dict[str, Callable[[EmulatedHub, Writing, JsonObject], None]] = {
    "create": _create,
    "update": lambda hub, writing, entry: _update(hub, writing, entry, etags.ANY),
    "updateIfMatchETag": lambda hub, writing, entry: _update(
        hub, writing, entry, _etag(entry, "eTag")
    ),
    "delete": lambda hub, writing, entry: _delete(hub, writing, entry, etags.ANY),
    "deleteIfMatchETag": lambda hub, writing, entry: _delete(
        hub, writing, entry, _etag(entry, "eTag")
    ),
    "updateTwin": lambda hub, writing, entry: _update_twin(hub, writing, entry, etags.ANY),
    "updateTwinIfMatchETag": lambda hub, writing, entry: _update_twin(
        hub, writing, entry, _etag(entry, "twinETag")
    ),
}


def _error(entry: JsonObject, fault: HubFault) -> JsonObject:
    return {
        "deviceId": entry["id"],
        "moduleId": entry.get("moduleId"),
        "errorCode": fault.code,
        "errorStatus": fault.message,
        "operation": entry.get("importMode"),
    }


def _result(faults: list[JsonObject]) -> JsonObject:
    return {"isSuccessful": not faults, "errors": faults, "warnings": []}
