"""Creating and updating device and module identities.

Source: "Understand the identity registry in your IoT hub", Microsoft Learn.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import limits
from edgeops.localhub.state import errors
from edgeops.localhub.state.authentication import authentication_of, of_the_runtime, with_new_keys
from edgeops.localhub.state.entry import RegistryEntry, RegistryIdentity
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.state.spelling import spelled_as
from edgeops.localhub.state.twins import fresh_twin
from edgeops.twin import EDGE_AGENT, EDGE_HUB

SYSTEM_MODULES = (EDGE_AGENT, EDGE_HUB)
IOT_EDGE = "IotEdge"

_SCOPE_PREFIX = "ms-azure-iot-edge://"
_MAX_PARENTS = 1  # "for now", says `Device.ParentScopes` of Microsoft's SDK for C#
_MAX_CHARACTERS = 512


@dataclass(frozen=True, slots=True)
class DeviceWrite:
    """The result of writing a device identity: entries to save, names of modules to delete."""

    save: tuple[RegistryEntry, ...]
    delete: tuple[str, ...] = ()


def device_created(
    device: str, body: JsonObject, moment: Moment, known_scopes: Collection[str]
) -> DeviceWrite:
    """A new device, with `$edgeAgent` and `$edgeHub` if it is an edge device.

    `known_scopes` are the `scopes_named` that belong to existing edge devices.
    Raises `HubFault` 400.
    """
    _check_id(device)
    entry = _new_entry(device, "", body, moment)
    identity = _with_requested(entry.identity, body, moment, known_scopes)
    system_modules = _system_modules(device, moment) if identity.edge else ()
    return DeviceWrite((replace(entry, identity=identity), *system_modules))


def device_updated(
    entry: RegistryEntry, body: JsonObject, moment: Moment, known_scopes: Collection[str]
) -> DeviceWrite:
    """The device after an update; fields that the body does not name stay.

    A device that becomes an edge device gets the system modules and a scope; one
    that is no longer an edge device loses them. Raises `HubFault` 400.
    """
    identity = _with_authentication(entry.identity, body, moment)
    identity = _with_requested(identity, body, moment, known_scopes)
    identity = replace(identity, revision=identity.revision + 1)
    saved = replace(entry, identity=identity)
    if identity.edge == entry.identity.edge:
        return DeviceWrite((saved,))
    if identity.edge:
        return DeviceWrite((saved, *_system_modules(identity.device, moment)))
    return DeviceWrite((saved,), delete=SYSTEM_MODULES)


def module_created(
    device: str, module: str, body: JsonObject, moment: Moment, modules: Collection[str]
) -> RegistryEntry:
    """A new module, on a device that has `modules`. Raises `HubFault` 400, 401, 409 or 413."""
    check_module_id(module)
    if module in modules:
        raise errors.module_exists(device, module)
    if sum(not name.startswith("$") for name in modules) >= limits.MAX_MODULES:
        raise errors.too_many_modules(device, limits.MAX_MODULES)
    return _new_entry(device, module, body, moment)


def module_updated(entry: RegistryEntry, body: JsonObject, moment: Moment) -> RegistryEntry:
    """The module after an update; fields that the body does not name stay."""
    check_module_id(entry.identity.module)
    identity = _with_authentication(entry.identity, body, moment)
    if "managedBy" in body:
        identity = replace(identity, managed_by=_text(body, "managedBy"))
    return replace(entry, identity=replace(identity, revision=identity.revision + 1))


def keys_regenerated(
    entry: RegistryEntry, moment: Moment, *, primary: bool, secondary: bool
) -> RegistryEntry:
    """The device or module with new keys; its connections may stay.

    Raises `HubFault` 400 if it has no keys, 401 for a system module.
    """
    if entry.identity.module:
        check_module_id(entry.identity.module)
    identity = entry.identity
    keys = with_new_keys(identity.authentication, moment, primary=primary, secondary=secondary)
    return replace(
        entry,
        identity=replace(identity, authentication=keys, revision=identity.revision + 1),
    )


def scopes_named(body: JsonObject) -> set[str]:
    """The edge device scopes that a request body refers to. Raises `HubFault` 400."""
    named = {scope} if (scope := _text(body, "deviceScope")) else set()
    return named | set(_parents(body) or ())


def device_of_scope(scope: str) -> str:
    """The id of the edge device that a scope names; empty when it is not a valid scope."""
    if not scope.startswith(_SCOPE_PREFIX):
        return ""
    return scope.removeprefix(_SCOPE_PREFIX).rpartition("-")[0]


def check_module_id(module: str) -> None:
    """Raise `HubFault` when a client may not create or change a module with this name."""
    if module.startswith("$"):
        raise errors.system_module()
    _check_id(module)


def _check_id(name: str) -> None:
    if not limits.valid_id(name):
        raise errors.invalid("An id has 1 to 128 ASCII letters, digits and -:.+%_#*?!(),=@;$'")


def _new_entry(device: str, module: str, body: JsonObject, moment: Moment) -> RegistryEntry:
    identity = RegistryIdentity(
        device=device,
        module=module,
        generation=moment.generation,
        authentication=authentication_of(body.get("authentication"), moment),
        managed_by=_text(body, "managedBy") if module else None,
    )
    return RegistryEntry(identity, fresh_twin(moment))


def _system_modules(device: str, moment: Moment) -> tuple[RegistryEntry, ...]:
    body = {"managedBy": IOT_EDGE, "authentication": {"type": "none"}}
    created = (_new_entry(device, module, body, moment) for module in SYSTEM_MODULES)
    return tuple(
        replace(entry, identity=replace(entry.identity, authentication=of_the_runtime(moment)))
        for entry in created
    )


def _with_authentication(
    identity: RegistryIdentity, body: JsonObject, moment: Moment
) -> RegistryIdentity:
    if body.get("authentication") is None:
        return identity
    return replace(identity, authentication=authentication_of(body["authentication"], moment))


def _with_requested(
    identity: RegistryIdentity, body: JsonObject, moment: Moment, known_scopes: Collection[str]
) -> RegistryIdentity:
    """The identity with the status, edge capability and scopes of a request body."""
    status = spelled_as(("enabled", "disabled"), body.get("status") or identity.status)
    if status is None:
        raise errors.invalid("'status' must be enabled or disabled.")
    if status != identity.status:
        identity = replace(identity, status=status, status_updated=moment.timestamp)
    if "statusReason" in body:
        reason = _text(body, "statusReason")
        if reason and len(reason) > 128:
            raise errors.invalid("'statusReason' must be at most 128 characters.")
        identity = replace(identity, status_reason=reason)
    return _with_scope(replace(identity, edge=_edge(body, identity.edge)), body, known_scopes)


def _with_scope(
    identity: RegistryIdentity, body: JsonObject, known_scopes: Collection[str]
) -> RegistryIdentity:
    """The identity with the scopes of a request body.

    An edge device has a scope of its own, and names its parent in `parentScopes`.
    Another device names it in `deviceScope`; its `parentScopes` follow, whatever
    the body says: clients change one and write back the other as they read it.
    Scopes that stay are not checked, since their edge device may be gone.
    """
    scope, parents = _text(body, "deviceScope"), _parents(body)
    own = f"{_SCOPE_PREFIX}{identity.device}-{identity.generation}"
    if identity.edge:
        if scope not in (None, "", own, identity.scope):
            raise errors.invalid("The device scope of an edge device cannot be changed.")
        scope = own
        parents = identity.parents if parents is None else parents
        named = set(parents) - set(identity.parents)
    else:
        scope = identity.scope if scope is None else scope
        if scope == own:  # it was an edge device until now
            scope = ""
        parents = (scope,) if scope else ()
        named = set(parents) - {identity.scope}
    if named - (set(known_scopes) - {own}):
        raise errors.invalid("The device scope or parent scope is not that of another edge device.")
    return replace(identity, scope=scope or None, parents=parents)


def _edge(body: JsonObject, current: bool) -> bool:
    capabilities: Any = body.get("capabilities")
    if capabilities is None:
        return current
    edge = capabilities.get("iotEdge", current) if isinstance(capabilities, dict) else None
    if not isinstance(edge, bool):
        raise errors.invalid("'capabilities.iotEdge' must be true or false.")
    return edge


def _text(body: JsonObject, name: str) -> str | None:
    value = body.get(name)
    if not isinstance(value, str | None) or len(value or "") > _MAX_CHARACTERS:
        raise errors.invalid(f"'{name}' must be a string of at most {_MAX_CHARACTERS} characters.")
    return value


def _parents(body: JsonObject) -> tuple[str, ...] | None:
    value = body.get("parentScopes")
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise errors.invalid("'parentScopes' must be a list of strings.")
    if len(value) > _MAX_PARENTS:
        raise errors.invalid(f"'parentScopes' must have at most {_MAX_PARENTS} item.")
    return tuple(value)
