"""Configurations, and applying content to an edge device."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import query
from edgeops.localhub.service.hub import EmulatedHub, Writing
from edgeops.localhub.service.twins import device_twins, keep, module_twins
from edgeops.localhub.state import configurations, deployment, errors, etags
from edgeops.localhub.state.configurations import Configuration
from edgeops.localhub.state.deployment import Deployed
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.state.twins import TwinWrite
from edgeops.localhub.steps import Steps, finish
from edgeops.localhub.store import entry_of

_TRIES_IN_STEPS = 3


@dataclass
class _Target:
    """Whom a configuration targets, and how many were found."""

    id: str
    edge: bool
    condition: query.TargetCondition
    count: int = 0


def list_configurations(hub: EmulatedHub, most: int) -> Steps[list[bytes]]:
    """At most so many configurations (JSON), by id."""
    targets = []
    for found in islice(hub.store.configurations(), most):
        targets.append(_target(found))
        yield
    yield from _count(hub, targets)
    documents = []
    for target in targets:
        kept = hub.store.configuration(target.id)
        if kept is not None:  # it may have been deleted meanwhile
            documents.append(orjson.dumps(configurations.document(kept, target.count)))
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
        raise errors.invalid("'id' in the body must be the one in the address.")
    edge = []
    if if_match is None:
        for other in hub.store.configurations():
            edge.append(other.edge)
            yield
    with hub.writing() as writing:
        if if_match is None:
            if hub.store.configuration(configuration):
                raise errors.configuration_exists(configuration)
            kept = configurations.created(configuration, body, writing.moment, edge)
        else:
            found = _find(hub, configuration)
            etags.require(if_match, found.etag)
            kept = configurations.updated(found, body, writing.moment)
        hub.store.save_configuration(kept)
    yield
    return (yield from _document(hub, kept)), if_match is None


def delete_configuration(hub: EmulatedHub, configuration: str, if_match: str | None) -> None:
    """Delete a configuration. Raises `HubFault` 404, 412."""
    with hub.writing():
        etags.require(if_match, _find(hub, configuration).etag)
        hub.store.delete_configuration(configuration)


def apply_content(hub: EmulatedHub, device: str, body: Any) -> Steps[None]:
    """Apply deployment content to one edge device. Raises `HubFault`.

    Worked out in steps, and kept when the modules are still what they were;
    they are tried a few times, and at last in one go.
    """
    for _ in range(_TRIES_IN_STEPS):
        found = hub.store.modules(device)
        deployed = yield from _deployed(hub, device, found, body)
        with hub.writing() as writing:
            if hub.store.entry(device) and hub.store.modules(device) == found:
                _keep_deployed(writing, device, found, deployed)
                return
    with hub.writing() as writing:
        found = hub.store.modules(device)
        _keep_deployed(writing, device, found, finish(_deployed(hub, device, found, body)))


def _deployed(
    hub: EmulatedHub, device: str, found: Mapping[str, bytes], body: Any
) -> Steps[Deployed]:
    owner = hub.device(device)
    modules = {}
    for name, stored in found.items():
        modules[name] = entry_of(stored)
        yield
    moment = Moment(hub.clock(), hub.make_key)
    return (yield from deployment.content_applied(owner, modules, body, moment))


def _keep_deployed(
    writing: Writing, device: str, before: Container[str], deployed: Deployed
) -> None:
    for entry in deployed.save:
        if entry.identity.module not in before:
            writing.create(entry)
    for module in deployed.delete:
        writing.delete(device, module)
    saved = {entry.identity.module: entry for entry in deployed.save}
    for change in deployed.changes:
        written, told = TwinWrite(saved[change.module], change), {"desired": change.patch}
        keep(writing, written, told, "updateTwin")


def _find(hub: EmulatedHub, configuration: str) -> Configuration:
    found = hub.store.configuration(configuration)
    if found is None:
        raise errors.configuration_not_found(configuration)
    return found


def _target(configuration: Configuration) -> _Target:
    condition = configurations.target(configuration)
    return _Target(configuration.id, configuration.edge, condition)


def _document(hub: EmulatedHub, configuration: Configuration) -> Steps[JsonObject]:
    target = _target(configuration)
    yield from _count(hub, [target])
    return configurations.document(configuration, target.count)


def _count(hub: EmulatedHub, targets: list[_Target]) -> Steps[None]:
    """Count the twins that each targets."""
    for source, twins in (("devices", device_twins), ("devices.modules", module_twins)):
        of_source = [target for target in targets if target.condition.source == source]
        for twin in twins(hub) if of_source else ():
            for target in of_source:
                yield
                if twin is not None and (not target.edge or twin["capabilities"]["iotEdge"]):
                    target.count += query.matches(target.condition, twin)
