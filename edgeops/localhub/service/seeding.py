"""Creates devices, modules and their twins from one document: all of them or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service import registry, twins
from edgeops.localhub.service.hub import EmulatedHub, Transaction
from edgeops.localhub.state import errors, etags
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.json_text import require_object
from edgeops.localhub.state.twins import Sections, patches_to

# Devices and modules of one document. They are written in one transaction, in which no other
# request is served: so many take less than a second.
MAX_IDENTITIES = 1000


@dataclass(frozen=True, slots=True)
class _Seeded:
    """What a device (module empty) or module shall be; what `value` does not name stays."""

    device: str
    module: str
    value: JsonObject


class _NothingDone(Exception):
    """Some were refused, so the others are not saved."""


def seed(hub: EmulatedHub, body: Any) -> JsonObject:
    """Create the devices and modules of a document, or change them to what it names.

    It is `{devices: {id: {status, edge, tags, desired, modules: {id: {tags, desired}}}}}`, where
    any but `devices` may be absent. Gives `{created, changed, unchanged, errors}`: numbers of
    devices and modules, and a `{deviceId, moduleId, message}` for each that is refused; with any,
    nothing is saved. Tags and desired properties become those of the document. A twin that has
    them already is not written, so that its device is not woken. Raises `HubFault` 400, 413.
    """
    wanted = list(_identities(body))
    if len(wanted) > MAX_IDENTITIES:
        raise errors.too_many_seeded(MAX_IDENTITIES)
    done = Counter({"created": 0, "changed": 0, "unchanged": 0})
    refused: dict[tuple[str, str], str] = {}
    try:
        with hub.transaction() as transaction:
            for one in wanted:
                if (one.device, "") in refused:  # for its modules there is nothing more to say
                    continue
                try:
                    with transaction.savepoint():
                        done[_put(transaction, one)] += 1
                except HubFault as fault:
                    refused[one.device, one.module] = fault.message
            if refused:
                raise _NothingDone
    except _NothingDone:
        done = Counter(dict.fromkeys(done, 0))
    faults = [
        {"deviceId": device, "moduleId": module or None, "message": message}
        for (device, module), message in refused.items()
    ]
    return {**done, "errors": faults}


def _identities(body: Any) -> Iterator[_Seeded]:
    for device, value in _objects(require_object(body), "devices"):
        yield _Seeded(device, "", value)
        for module, of_module in _objects(value, "modules"):
            yield _Seeded(device, module, of_module)


def _objects(parent: JsonObject, key: str) -> Iterator[tuple[str, JsonObject]]:
    for name, value in require_object(parent.get(key, {}), f"'{key}'").items():
        yield name, require_object(value, f"'{name}' in '{key}'")


def _put(transaction: Transaction, one: _Seeded) -> str:
    """Create or change one; gives which it was. Raises `HubFault`."""
    found = transaction.hub.store.entry(one.device, one.module)
    if one.module:
        entry = found or registry.create_module(transaction, one.device, one.module, {})
        changed = False
    else:
        entry, changed = _put_device(transaction, one, found)
    sections: Sections = {
        name: require_object(one.value[name], f"'{name}'")
        for name in ("tags", "desired")
        if name in one.value
    }
    patches = patches_to(entry, sections)
    if patches:
        twins.patch(transaction, one.device, one.module, patches, etags.ANY)
    if found is None:
        return "created"
    return "changed" if changed or patches else "unchanged"


def _put_device(
    transaction: Transaction, one: _Seeded, found: RegistryEntry | None
) -> tuple[RegistryEntry, bool]:
    """The device as it is now, and whether its identity is another than before."""
    identity: JsonObject = {key: one.value[key] for key in ("status",) if key in one.value}
    if "edge" in one.value:
        identity["capabilities"] = {"iotEdge": one.value["edge"]}
    if found is None:
        return registry.create_device(transaction, one.device, identity), True
    status = one.value.get("status", found.identity.status)
    edge = one.value.get("edge", found.identity.edge)
    if (status, edge) == (found.identity.status, found.identity.edge):
        return found, False
    return registry.update_device(transaction, one.device, identity, etags.ANY), True
