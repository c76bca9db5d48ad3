"""The hub: its store, its clock, its connections, and the requests that wait for its events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from edgeops.localhub.policies import new_key
from edgeops.localhub.routing import GatewayRoutes
from edgeops.localhub.service.admission import Admission
from edgeops.localhub.service.links import Links, Name
from edgeops.localhub.service.mailboxes import Mailboxes
from edgeops.localhub.service.notifier import Notifier
from edgeops.localhub.service.past import Past
from edgeops.localhub.service.pending import Pending
from edgeops.localhub.service.scheduler import Scheduler
from edgeops.localhub.state import errors, events
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.events import Event
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.state.twins import DesiredChange
from edgeops.localhub.store import HubStore


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class EmulatedHub:
    """A hub on a store.

    `admission` has the conditions that it works under; `arrivals` notifies when
    there are new events, `jobs_changed` when a job may be due; `scheduler` runs
    long operations; `pending` is what configurations must still be evaluated for,
    `past` what queries still see. `routes` are those of gateways, as far as they
    are in use; `stopping` notifies requests that only wait.
    """

    store: HubStore
    clock: Callable[[], datetime] = _now
    make_key: Callable[[], str] = new_key
    links: Links = field(default_factory=Links)
    arrivals: Notifier = field(default_factory=Notifier)
    jobs_changed: Notifier = field(default_factory=Notifier)
    stopping: Notifier = field(default_factory=Notifier)
    scheduler: Scheduler = field(default_factory=Scheduler)
    pending: Pending = field(default_factory=Pending)
    admission: Admission = field(default_factory=Admission)
    past: Past = field(default_factory=Past)
    mailboxes: Mailboxes = field(default_factory=Mailboxes)
    routes: dict[str, GatewayRoutes] = field(default_factory=dict)
    running_jobs: set[asyncio.Task[None]] = field(default_factory=set)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One transaction; devices and readers of events are notified once it is committed."""
        transaction = Transaction(self, Moment(self.clock(), self.make_key))
        with self.store.transaction():
            yield transaction
            self.store.add_events(transaction.events)
        for change in transaction.changes:
            self.links.notify(change)
        for (device, module), reason in transaction.disconnects:
            self.links.disconnect(device, module, reason)
            if self.store.entry(device, module) is None:
                self.mailboxes.forget(device, module)
        if transaction.events:
            self.arrivals.notify_all()
        if transaction.changed:
            self.pending.add(transaction.changed)

    def as_queries_see(
        self, entries: Iterator[RegistryEntry], after: Name, *, modules: bool
    ) -> Iterator[RegistryEntry]:
        """The devices or modules after a name, as they were a while ago if the hub is so slow."""
        delay = self.admission.conditions.query_delay
        if not delay:
            return entries
        since = self.clock().timestamp() - delay
        return self.past.entries(entries, after, since, modules=modules)

    def stop(self) -> None:
        """Wake all requests that wait for a device, an event or their turn: the hub stops."""
        self.stopping.stop()
        self.links.stop()
        self.arrivals.stop()
        self.pending.wanted.stop()

    def device(self, device: str) -> RegistryEntry:
        """The entry of a device. Raises `HubFault` 404."""
        entry = self.store.entry(device)
        if entry is None:
            raise errors.device_not_found(device)
        return entry

    def entry(self, device: str, module: str) -> RegistryEntry:
        """The entry of a device (module empty) or module. Raises `HubFault` 404."""
        owner = self.device(device)
        if not module:
            return owner
        entry = self.store.entry(device, module)
        if entry is None:
            raise errors.module_not_found(device, module)
        return entry


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction on a hub, and the notifications to send when it is committed.

    `changes` are for connected devices, `events` for the event feed; `disconnects`
    are the connections to close, with the reason. Configurations are evaluated for
    the devices that have `changed`.
    """

    hub: EmulatedHub
    moment: Moment
    changes: list[DesiredChange] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    disconnects: list[tuple[Name, str]] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that is rolled back alone when it raises."""
        before = list(self.changes), list(self.events), list(self.disconnects)
        try:
            with self.hub.store.savepoint():
                yield
        except BaseException:
            self.changes[:], self.events[:], self.disconnects[:] = before
            raise

    def save(self, entry: RegistryEntry) -> None:
        """Save a device or module that exists, when configurations cannot depend on the change."""
        self._remember(entry.identity.device, entry.identity.module)
        self.hub.store.save(entry)

    def update(self, entry: RegistryEntry) -> None:
        """Save a device or module that exists."""
        self.save(entry)
        self.changed.add(entry.identity.device)

    def create(self, entry: RegistryEntry) -> None:
        """Save a new device or module."""
        self.update(entry)
        self.events.append(events.created(entry, self.moment))

    def delete(self, device: str, module: str) -> None:
        """Delete a module, or a device (module empty) and all its modules."""
        self.changed.add(device)
        self._remember(device, module)
        if module:
            self.hub.store.delete_module(device, module)
        else:
            for name in self.hub.store.modules(device):
                self._remember(device, name)
            self.hub.store.delete_device(device)
        self.events.append(events.deleted(device, module, self.moment))
        self.disconnects.append(((device, module), "deleted"))

    def _remember(self, device: str, module: str) -> None:
        """Remember what an entry was, for queries that see its change later."""
        delay = self.hub.admission.conditions.query_delay
        if delay:
            before = self.hub.store.entry(device, module)
            now = self.hub.clock().timestamp()
            self.hub.past.changes((device, module), before, now, delay)
