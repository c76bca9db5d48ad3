"""The devices of a fleet, of which some are resolved when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property

from edgeops.fleet.model import DesiredDevice

Resolve = Callable[[Sequence[str]], Mapping[str, DesiredDevice]]


class DevicesLater(Mapping[str, DesiredDevice]):
    """Devices by name, in order: those that are `ready`, and others, which `resolve` gives.

    It is asked for ever more of them at a time, so that those who want all do not wait for each.
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
            chosen = [name]
            if self._next > 1:
                rest = sorted(self._later)
                chosen = [name, *(other for other in rest if other > name)][: self._next]
            self._ready |= self._resolve(chosen)
            self._later.difference_update(chosen)
            self._next *= 8
        return self._ready[name]

    def __contains__(self, name: object) -> bool:
        return name in self._ready or name in self._later

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
