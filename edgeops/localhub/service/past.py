"""What devices and modules were a while ago: queries can see writes late, as Azure's do."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator

from edgeops.localhub.service.links import Name
from edgeops.localhub.state.entry import RegistryEntry

MAX_CHANGES = 20_000  # older ones are seen early; each query sorts their names


class Past:
    """The entries before each change of the last seconds; None before a creation."""

    def __init__(self) -> None:
        self._changes: deque[tuple[float, Name]] = deque()
        self._before: dict[Name, deque[tuple[float, RegistryEntry | None]]] = {}

    def changes(self, name: Name, before: RegistryEntry | None, now: float, delay: float) -> None:
        """An entry changes now; forget what is older than `delay` seconds."""
        self._changes.append((now, name))
        self._before.setdefault(name, deque()).append((now, before))
        while self._changes and (
            self._changes[0][0] <= now - delay or len(self._changes) > MAX_CHANGES
        ):
            _, oldest = self._changes.popleft()
            self._before[oldest].popleft()
            if not self._before[oldest]:
                del self._before[oldest]

    def clear(self) -> None:
        """Forget all changes: queries see what is there now."""
        self._changes.clear()
        self._before.clear()

    def entries(
        self, current: Iterable[RegistryEntry], after: Name, since: float, *, modules: bool
    ) -> Iterator[RegistryEntry]:
        """The entries as they were at a time, in order of their names.

        `current` are those after a name as they are now, of devices or of modules.
        """
        deleted = (
            (name, None)
            for name in sorted(self._before)
            if name > after and bool(name[1]) == modules
        )
        present = (((e.identity.device, e.identity.module), e) for e in current)
        last: Name | None = None
        for name, entry in heapq.merge(present, deleted, key=lambda pair: pair[0]):
            if name == last:  # it was changed, and still exists
                continue
            last = name
            found, before = self._at(name, since)
            seen = before if found else entry
            if seen is not None:
                yield seen

    def _at(self, name: Name, since: float) -> tuple[bool, RegistryEntry | None]:
        """Whether an entry has changed since a time, and what it was before that."""
        for moment, before in self._before.get(name, ()):
            if moment > since:
                return True, before
        return False, None
