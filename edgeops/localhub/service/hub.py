"""The hub itself: its state, its clock, and who listens for changed desired properties."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from edgeops.localhub.policies import new_key
from edgeops.localhub.state import errors
from edgeops.localhub.state.entry import Entry
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.state.twins import DesiredChange
from edgeops.localhub.store import Store


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Hub:
    """A hub on a store. `on_change` are called after a write of desired properties is kept."""

    store: Store
    clock: Callable[[], datetime] = _now
    make_key: Callable[[], str] = new_key
    on_change: list[Callable[[DesiredChange], None]] = field(default_factory=list)

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """One transaction; the listeners hear of its changes once it is kept."""
        writing = Writing(self.store, Moment(self.clock(), self.make_key), [])
        with self.store.transaction():
            yield writing
        for change in writing.changes:
            for listener in self.on_change:
                listener(change)

    def device(self, device: str) -> Entry:
        """The entry of a device. Raises `HubFault` 404."""
        entry = self.store.entry(device)
        if entry is None:
            raise errors.device_not_found(device)
        return entry

    def entry(self, device: str, module: str) -> Entry:
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
    """What a transaction has at hand."""

    store: Store
    moment: Moment
    changes: list[DesiredChange]
