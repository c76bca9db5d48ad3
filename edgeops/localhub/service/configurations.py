"""Configurations, and applying configuration content to an edge device."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import query
from edgeops.localhub.service.hub import EmulatedHub, Transaction
from edgeops.localhub.service.twins import device_twins, module_twins, save_twin
from edgeops.localhub.state import configurations, errors, etags
from edgeops.localhub.state.configurations import Configuration
from edgeops.localhub.state.deployment import DeploymentWrite, content_applied
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.state.twins import TwinWrite
from edgeops.localhub.steps import Steps, finish
from edgeops.localhub.store import entry_of

_ATTEMPTS_IN_STEPS = 3


@dataclass
class _Target:
    """The target of a configuration, and how many twins match it."""

    id: str
    edge: bool
    condition: query.TargetCondition
    count: int = 0


def list_configurations(hub: EmulatedHub, limit: int) -> Steps[list[bytes]]:
    """The first configurations (JSON) in order of their id, at most `limit`."""
    targets = []
    for configuration in islice(hub.store.configurations(), limit):
        targets.append(_target(configuration))
        yield
    yield from _count(hub, targets)
    documents = []
    for target in targets:
        current = hub.store.configuration(target.id)
        if current is not None:  # it may have been deleted
            documents.append(orjson.dumps(configurations.document(current, target.count)))
        yield
    return documents


def get_configuration(hub: EmulatedHub, configuration: str) -> Steps[JsonObject]:
    """A configuration. Raises `HubFault` 404."""
    return (yield from _document(hub, _find(hub, configuration)))


def put_configuration(
    hub: EmulatedHub, configuration: str, body: Any, if_match: str | None
) -> Steps[tuple[JsonObject, bool]]:
    """Create a configuration (no `if_match`) or update it; gives it, and whether it is new.

    Raises `HubFault`.
    """
    if not isinstance(body, dict) or body.get("id") != configuration:
        raise errors.invalid("'id' in the body must match the URL.")
    edge = []
    if if_match is None:
        for other in hub.store.configurations():
            edge.append(other.edge)
            yield
    with hub.transaction() as transaction:
        if if_match is None:
            if hub.store.configuration(configuration):
                raise errors.configuration_exists(configuration)
            saved = configurations.created(configuration, body, transaction.moment, edge)
        else:
            current = _find(hub, configuration)
            etags.require(if_match, current.etag)
            saved = configurations.updated(current, body, transaction.moment)
        hub.store.save_configuration(saved)
    yield
    return (yield from _document(hub, saved)), if_match is None


def delete_configuration(hub: EmulatedHub, configuration: str, if_match: str | None) -> None:
    """Delete a configuration. Raises `HubFault` 404, 412."""
    with hub.transaction():
        etags.require(if_match, _find(hub, configuration).etag)
        hub.store.delete_configuration(configuration)


def apply_content(hub: EmulatedHub, device: str, body: Any) -> Steps[None]:
    """Apply deployment content to one edge device. Raises `HubFault`.

    It is computed in steps, and saved if no other request changed the modules;
    after a few attempts it is computed and saved in one transaction.
    """
    for _ in range(_ATTEMPTS_IN_STEPS):
        before = hub.store.modules(device)
        write = yield from _deployment_write(hub, device, before, body)
        with hub.transaction() as transaction:
            if hub.store.entry(device) and hub.store.modules(device) == before:
                _save_deployment(transaction, device, before, write)
                return
    with hub.transaction() as transaction:
        before = hub.store.modules(device)
        write = finish(_deployment_write(hub, device, before, body))
        _save_deployment(transaction, device, before, write)


def _deployment_write(
    hub: EmulatedHub, device: str, stored: Mapping[str, bytes], body: Any
) -> Steps[DeploymentWrite]:
    owner = hub.device(device)
    modules = {}
    for name, entry in stored.items():
        modules[name] = entry_of(entry)
        yield
    moment = Moment(hub.clock(), hub.make_key)
    return (yield from content_applied(owner, modules, body, moment))


def _save_deployment(
    transaction: Transaction, device: str, before: Container[str], write: DeploymentWrite
) -> None:
    for entry in write.save:
        if entry.identity.module not in before:
            transaction.create(entry)
    for module in write.delete:
        transaction.delete(device, module)
    saved = {entry.identity.module: entry for entry in write.save}
    for change in write.changes:
        twin_write = TwinWrite(saved[change.module], change)
        save_twin(transaction, twin_write, {"desired": change.patch}, "updateTwin")


def _find(hub: EmulatedHub, name: str) -> Configuration:
    configuration = hub.store.configuration(name)
    if configuration is None:
        raise errors.configuration_not_found(name)
    return configuration


def _target(configuration: Configuration) -> _Target:
    condition = configurations.target(configuration)
    return _Target(configuration.id, configuration.edge, condition)


def _document(hub: EmulatedHub, configuration: Configuration) -> Steps[JsonObject]:
    target = _target(configuration)
    yield from _count(hub, [target])
    return configurations.document(configuration, target.count)


def _count(hub: EmulatedHub, targets: list[_Target]) -> Steps[None]:
    """Count the twins that match each target."""
    for source, twins in (("devices", device_twins), ("devices.modules", module_twins)):
        of_source = [target for target in targets if target.condition.source == source]
        for twin in twins(hub) if of_source else ():
            for target in of_source:
                yield
                if twin is not None and (not target.edge or twin["capabilities"]["iotEdge"]):
                    target.count += query.matches(target.condition, twin)
