"""The devices of a fleet, of which some are resolved when they are asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice

from edgeops.fleet.model import DesiredDevice

Resolve = Callable[[Sequence[str]], Mapping[str, DesiredDevice]]


_MOST = 1000  # devices at a time, so that what they are made of is not in memory for all at once


class DevicesLater(Mapping[str, DesiredDevice]):
    """Devices by name, in order: those that are `ready`, and others, which `resolve` gives.

    It is asked for ever more of them at a time, so that those who want all do not wait for each. It
    may give others that it was not asked for.
    """

    def __init__(
        self, ready: Mapping[str, DesiredDevice], later: Collection[str], resolve: Resolve
    ) -> None:
        self._ready = dict(ready)
        self._later = set(later)
        self._resolve = resolve
        self._next = 1

    @cached_property
    def _names(self) -> list[str]:
        return sorted({*self._ready, *self._later})

    def __getitem__(self, name: str) -> DesiredDevice:
        if name in self._later:
            chosen = self._from(name) if self._next > 1 else [name]
            resolved = self._resolve(chosen)
            self._ready |= resolved
            self._later -= resolved.keys()
            self._later.difference_update(chosen)
            self._next = min(8 * self._next, _MOST)
        return self._ready[name]

    def _from(self, name: str) -> list[str]:
        """The next names that are not resolved, in order from this one on."""
        names = self._names
        following = (names[at] for at in range(bisect_left(names, name), len(names)))
        return list(islice((each for each in following if each in self._later), self._next))

    def __contains__(self, name: object) -> bool:
        return name in self._ready or name in self._later

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
