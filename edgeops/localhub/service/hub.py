"""The hub itself: its state, its clock, who is connected, and who waits for its events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from edgeops.localhub.policies import new_key
from edgeops.localhub.service.links import Links, Name
from edgeops.localhub.service.notifier import Notifier
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

    `arrivals` beats when there are new events; what takes long is done in `turns`.
    """

    store: HubStore
    clock: Callable[[], datetime] = _now
    make_key: Callable[[], str] = new_key
    links: Links = field(default_factory=Links)
    arrivals: Notifier = field(default_factory=Notifier)
    scheduler: Scheduler = field(default_factory=Scheduler)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """One transaction; devices and readers of events hear of it once it is kept."""
        writing = Writing(self.store, Moment(self.clock(), self.make_key))
        with self.store.transaction():
            yield writing
            self.store.add_events(writing.events)
        for change in writing.changes:
            self.links.notify(change)
        for (device, module), reason in writing.cut:
            self.links.cut(device, module, reason)
        if writing.events:
            self.arrivals.notify_all()

    def stop(self) -> None:
        """Let go of everybody who waits for a device or an event."""
        self.links.stop()
        self.arrivals.stop()

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
class Writing:
    """What a transaction has at hand, and what is to be told of it.

    `changes` are for the devices, `events` for the feed, `cut` are the
    connections to be closed, with the reason.
    """

    store: HubStore
    moment: Moment
    changes: list[DesiredChange] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    cut: list[tuple[Name, str]] = field(default_factory=list)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A part of the transaction that is undone alone, also in what is told, when it raises."""
        before = list(self.changes), list(self.events), list(self.cut)
        try:
            with self.store.attempt():
                yield
        except BaseException:
            self.changes[:], self.events[:], self.cut[:] = before
            raise

    def create(self, entry: RegistryEntry) -> None:
        """Save a new device or module."""
        self.store.save(entry)
        self.events.append(events.created(entry, self.moment))

    def delete(self, device: str, module: str) -> None:
        """Forget a module, or a device (module empty) and all its modules."""
        if module:
            self.store.delete_module(device, module)
        else:
            self.store.delete_device(device)
        self.events.append(events.deleted(device, module, self.moment))
        self.cut.append(((device, module), "deleted"))
