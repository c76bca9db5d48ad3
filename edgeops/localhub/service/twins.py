"""Device and module twins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import query
from edgeops.localhub.routing import twin_change
from edgeops.localhub.service import gateways, jobs
from edgeops.localhub.service.hub import EmulatedHub, Transaction
from edgeops.localhub.state import errors, etags, events, twins
from edgeops.localhub.state.documents import twin_document
from edgeops.localhub.state.entry import RegistryEntry, with_activity
from edgeops.localhub.state.identities import SYSTEM_MODULES
from edgeops.localhub.state.json_text import require_object
from edgeops.localhub.state.twins import Sections, TwinWrite
from edgeops.localhub.steps import Steps


def get_twin(hub: EmulatedHub, device: str, module: str = "") -> JsonObject:
    """A twin in the format of the service API. Raises `HubFault` 404."""
    return twin_document(hub.entry(device, module))


def patch_twin(
    hub: EmulatedHub, device: str, module: str, body: Any, if_match: str | None
) -> JsonObject:
    """Merge a patch into tags and desired properties; gives the twin. Raises `HubFault`."""
    sections = _service_sections(body)
    with hub.transaction() as transaction:
        return twin_document(patch(transaction, device, module, sections, if_match))


def replace_twin(
    hub: EmulatedHub, device: str, module: str, body: Any, if_match: str | None
) -> JsonObject:
    """Replace tags and desired properties; gives the twin. Raises `HubFault`."""
    sections = _service_sections(body)
    with hub.transaction() as transaction:
        entry = _writable(hub, device, module, if_match)
        write = twins.replaced(entry, sections, transaction.moment)
        save_twin(transaction, write, {"tags": None, "desired": None, **sections}, "replaceTwin")
    return twin_document(write.entry)


def report(hub: EmulatedHub, device: str, module: str, patch: Any) -> int:
    """Merge a patch into reported properties; gives their new version.

    Raises `HubFault` 404, 400, 403.
    """
    sections = twins.sections_of(
        {"properties": {"reported": require_object(patch, "Reported properties")}}
    )
    with hub.transaction() as transaction:
        entry = with_activity(hub.entry(device, module), transaction.moment)
        write = twins.patched(entry, sections, transaction.moment)
        save_twin(transaction, write, sections, "updateTwin")
    routes = gateways.routes_of(hub, write.entry)
    if routes is not None:  # upstream it is an event anyway
        gateways.routed(hub, twin_change(device, module, patch), routes)
    return write.entry.twin.reported.version


# --- inside a transaction, shared with jobs ------------------------------------------


def patch(
    transaction: Transaction, device: str, module: str, sections: Sections, if_match: str | None
) -> RegistryEntry:
    """Merge a patch into tags and desired properties; gives the entry. Raises `HubFault`."""
    entry = _writable(transaction.hub, device, module, if_match)
    write = twins.patched(entry, sections, transaction.moment)
    save_twin(transaction, write, sections, "updateTwin")
    return write.entry


def save_twin(
    transaction: Transaction,
    write: TwinWrite,
    sections: Mapping[str, JsonObject | None],
    operation: str,
) -> None:
    """Save a write of these twin sections, with its notifications."""
    transaction.update(write.entry)
    if write.change:
        transaction.changes.append(write.change)
    event = events.twin_changed(write.entry, sections, operation, transaction.moment)
    transaction.events.append(event)


def device_twins(hub: EmulatedHub, after: str = "") -> Iterator[JsonObject]:
    """The device twins after an id as queries see them, in order of their id."""
    entries = hub.as_queries_see(hub.store.devices(after), (after, ""), modules=False)
    return map(twin_document, entries)


def module_twins(hub: EmulatedHub, after: tuple[str, str] = ("", "")) -> Iterator[JsonObject]:
    """The module twins after a module as queries see them, in order of (device, module)."""
    entries = hub.as_queries_see(hub.store.all_modules(after), after, modules=True)
    return map(twin_document, entries)


def run_query(
    hub: EmulatedHub, text: Any, size: int, token: str | None
) -> Steps[tuple[list[bytes], str | None, str]]:
    """One page of a query: its rows (JSON), the token of the next page, and the kind of rows.

    Raises `HubFault` 400.
    """
    if not isinstance(text, str):
        raise errors.invalid("'query' must be a string.")
    try:
        parsed = query.parse(text)
        yield
        after = query.after(parsed, token)
        documents = _documents(hub, parsed.source, after)
        rows, next_token = yield from query.page(parsed, documents, size, token)
    except query.QueryError as error:
        raise errors.invalid(f"BadRequest: {error}") from error
    return rows, next_token, parsed.kind


def _documents(
    hub: EmulatedHub, source: query.Source, after: tuple[str, ...] | None
) -> Iterable[JsonObject]:
    """The documents that a query is on, after a key."""
    device, module, job, *_ = (*(after or ()), "", "", "")
    match source:
        case "devices":
            return device_twins(hub, device)
        case "devices.modules":
            return module_twins(hub, (device, module))
        case "devices.jobs":
            return jobs.device_job_documents(hub, (device, module, job))


def _writable(hub: EmulatedHub, device: str, module: str, if_match: str | None) -> RegistryEntry:
    entry = hub.entry(device, module)
    if module in SYSTEM_MODULES:
        raise errors.system_module()
    etags.require(if_match, etags.twin_etag(entry.twin))
    return entry


def _service_sections(body: Any) -> Sections:
    """The sections that a service may write; SDKs send whole twins, so reported is dropped."""
    sections = twins.sections_of(body)
    sections.pop("reported", None)
    return sections
