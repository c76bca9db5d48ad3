"""Configurations, and applying configuration content to an edge device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service.device_writes import write_device
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.service.twins import device_twins, module_twins
from edgeops.localhub.state import configurations, errors, etags
from edgeops.localhub.state.configurations import Configuration
from edgeops.localhub.state.deployment import DeploymentWrite, content_applied
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.metrics import Metric, metrics, results
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.steps import Steps


def list_configurations(hub: EmulatedHub, limit: int) -> Steps[list[bytes]]:
    """The first configurations (JSON) in order of their id, at most `limit`."""
    counted: dict[str, list[Metric]] = {}
    for configuration in islice(hub.store.configurations(), limit):
        counted[configuration.id] = list(metrics(configuration))
        yield
    yield from _count(hub, [metric for of_one in counted.values() for metric in of_one])
    documents = []
    for name, of_one in counted.items():
        current = hub.store.configuration(name)
        if current is not None:  # it may have been deleted
            documents.append(orjson.dumps(_with_metrics(current, of_one)))
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
    edge: dict[str, bool] = {}
    if if_match is None:
        for other in hub.store.configurations():
            edge[other.id] = other.edge
            yield
    with hub.transaction() as transaction:
        if if_match is None:
            if hub.store.configuration(configuration):
                raise errors.configuration_exists(configuration)
            others = _edge_now(hub, edge)
            saved = configurations.created(configuration, body, transaction.moment, others)
        else:
            current = _find(hub, configuration)
            etags.require(if_match, current.etag)
            saved = configurations.updated(current, body, transaction.moment)
        hub.store.save_configuration(saved)
    hub.pending.configurations_changed()
    yield
    return (yield from _document(hub, saved)), if_match is None


def delete_configuration(hub: EmulatedHub, configuration: str, if_match: str | None) -> None:
    """Delete a configuration. Raises `HubFault` 404, 412."""
    with hub.transaction():
        etags.require(if_match, _find(hub, configuration).etag)
        hub.store.delete_configuration(configuration)
    hub.pending.configurations_changed()


def apply_content(hub: EmulatedHub, device: str, body: Any) -> Steps[None]:
    """Apply deployment content to one edge device. Raises `HubFault`."""

    def compute(
        owner: RegistryEntry, modules: dict[str, RegistryEntry], moment: Moment
    ) -> Steps[DeploymentWrite]:
        return content_applied(owner, modules, body, moment)

    return write_device(hub, device, compute)


def _edge_now(hub: EmulatedHub, known: Mapping[str, bool]) -> Iterator[bool]:
    """Whether each configuration is an edge deployment: other requests may have created some."""
    for name in hub.store.configuration_ids():
        yield known[name] if name in known else _find(hub, name).edge


def _find(hub: EmulatedHub, name: str) -> Configuration:
    configuration = hub.store.configuration(name)
    if configuration is None:
        raise errors.configuration_not_found(name)
    return configuration


def _document(hub: EmulatedHub, configuration: Configuration) -> Steps[JsonObject]:
    of_one = list(metrics(configuration))
    yield from _count(hub, of_one)
    return _with_metrics(configuration, of_one)


def _with_metrics(configuration: Configuration, of_one: list[Metric]) -> JsonObject:
    system, custom = results(of_one, custom=False), results(of_one, custom=True)
    return configurations.document(configuration, system, custom)


def _count(hub: EmulatedHub, counted: list[Metric]) -> Steps[None]:
    """Count the twins of each metric."""
    for source, twins in (("devices", device_twins), ("devices.modules", module_twins)):
        of_source = [metric for metric in counted if metric.source == source]
        for twin in twins(hub) if of_source else ():
            for metric in of_source:
                metric.add(twin)
                yield
