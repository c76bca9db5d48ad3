"""Device and module twins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import query
from edgeops.localhub.service.hub import EmulatedHub, Writing
from edgeops.localhub.state import configurations, errors, etags, events, twins
from edgeops.localhub.state.documents import twin_document
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.identities import SYSTEM_MODULES
from edgeops.localhub.state.twins import Sections, TwinWrite
from edgeops.localhub.steps import Steps
from edgeops.twin import EDGE_AGENT

Deployments = list[tuple[str, query.TargetCondition]]


def get_twin(hub: EmulatedHub, device: str, module: str = "") -> Steps[JsonObject]:
    """A twin as the service API shows it. Raises `HubFault` 404."""
    entry = hub.entry(device, module)
    if module != EDGE_AGENT:
        return twin_document(entry)
    return (yield from _agent_document(hub, entry, (yield from _deployments(hub))))


def patch_twin(
    hub: EmulatedHub, device: str, module: str, body: Any, if_match: str | None
) -> JsonObject:
    """Merge a patch into tags and desired properties; gives the twin. Raises `HubFault`."""
    sections = _service_sections(body)
    with hub.writing() as writing:
        entry = _writable(hub, device, module, if_match)
        written = twins.patched(entry, sections, writing.moment)
        keep(writing, written, sections, "updateTwin")
    return twin_document(written.entry)


def replace_twin(
    hub: EmulatedHub, device: str, module: str, body: Any, if_match: str | None
) -> JsonObject:
    """Replace tags and desired properties; gives the twin. Raises `HubFault`."""
    sections = _service_sections(body)
    with hub.writing() as writing:
        entry = _writable(hub, device, module, if_match)
        written = twins.replaced(entry, sections, writing.moment)
        keep(writing, written, {"tags": None, "desired": None, **sections}, "replaceTwin")
    return twin_document(written.entry)


def report(hub: EmulatedHub, device: str, module: str, patch: Any) -> int:
    """Merge what a device reports; gives the new version. Raises `HubFault` 404, 400, 403."""
    if not isinstance(patch, dict):
        raise errors.unreadable("Reported properties must be a JSON object.")
    with hub.writing() as writing:
        sections = twins.sections_of({"properties": {"reported": patch}})
        written = twins.patched(hub.entry(device, module), sections, writing.moment)
        heard = replace(written.entry.connection, last_activity=writing.moment.timestamp)
        entry = replace(written.entry, connection=heard)
        keep(writing, replace(written, entry=entry), sections, "updateTwin")
    return written.entry.twin.reported.version


def keep(
    writing: Writing, written: TwinWrite, sections: Mapping[str, JsonObject | None], operation: str
) -> None:
    """Save a twin write of these sections, and tell of it when the transaction is kept."""
    writing.store.save(written.entry)
    if written.change:
        writing.changes.append(written.change)
    writing.events.append(events.twin_changed(written.entry, sections, operation, writing.moment))


def device_twins(hub: EmulatedHub, after: str = "") -> Iterator[JsonObject]:
    """All device twins in order of their id, those after one id."""
    return (twin_document(entry) for entry in hub.store.devices(after))


def module_twins(
    hub: EmulatedHub, after: tuple[str, str] = ("", "")
) -> Iterator[JsonObject | None]:
    """All module twins in order of (device, module), those after one; None for a step between."""
    deployments = yield from _deployments(hub)
    for entry in hub.store.all_modules(after):
        if entry.identity.module == EDGE_AGENT:
            yield (yield from _agent_document(hub, entry, deployments))
        else:
            yield twin_document(entry)


def run_query(
    hub: EmulatedHub, text: Any, size: int, token: str | None
) -> Steps[tuple[list[bytes], str | None, str]]:
    """One page of a query: its rows (JSON), the token of the next page, and what the rows are.

    Raises `HubFault` 400.
    """
    if not isinstance(text, str):
        raise errors.invalid("'query' must be a text.")
    try:
        asked = query.parse(text)
        yield
        after = query.after(asked, token) or ("", "")
        found: Iterable[JsonObject | None] = (
            device_twins(hub, after[0]) if asked.source == "devices" else module_twins(hub, after)
        )
        rows, following = yield from query.page(asked, found, size, token)
    except query.QueryError as error:
        raise errors.invalid(f"BadRequest: {error}") from error
    return rows, following, asked.kind


def _agent_document(
    hub: EmulatedHub, entry: RegistryEntry, deployments: Deployments
) -> Steps[JsonObject]:
    """The twin of an `$edgeAgent`, which says which deployments target its device."""
    owner = hub.store.entry(entry.identity.device) if deployments else None
    if owner is None:  # nothing targets anybody, or the device was deleted meanwhile
        return twin_document(entry)
    device = twin_document(owner)
    targeting = []
    for name, condition in deployments:
        if query.matches(condition, device):
            targeting.append(name)
        yield
    return twin_document(entry, configurations.targeted_by(targeting))


def _deployments(hub: EmulatedHub) -> Steps[Deployments]:
    found = []
    for configuration in hub.store.configurations():
        if configuration.edge:
            found.append((configuration.id, configurations.target(configuration)))
        yield
    return found


def _writable(hub: EmulatedHub, device: str, module: str, if_match: str | None) -> RegistryEntry:
    entry = hub.entry(device, module)
    if module in SYSTEM_MODULES:
        raise errors.system_module()
    etags.require(if_match, etags.twin_etag(entry.twin))
    return entry


def _service_sections(body: Any) -> Sections:
    """The sections that a service may write: clients send whole twins back, so drop reported."""
    sections = twins.sections_of(body)
    sections.pop("reported", None)
    return sections
