"""Whoever looks on while a verb works."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from edgeops.health.device import DeviceStatus

# What a long run calls as it goes on: so much is done, of how much.
Progress = Callable[[int, int], None]


class Observer(Protocol):
    """Hears what is worth telling on the way; results and errors come as such."""

    def note(self, text: str) -> None:
        """Something that a person may want to know."""

    def progress(
        self, what: str, unit: str = "devices", *, quiet: bool = False
    ) -> AbstractContextManager[Progress]:
        """A long run begins, as "reading twins"; `quiet`: there is nothing to do."""

    def waiting(self, devices: Sequence[DeviceStatus]) -> None:
        """Not all of these have converged yet; told each time that they were looked at."""


class Silent:
    """Nobody looks on."""

    def note(self, text: str) -> None:
        """Tell nobody."""

    def progress(self, *_: object, **__: object) -> AbstractContextManager[Progress]:
        """Tell nobody."""
        return nullcontext(lambda _done, _total: None)

    def waiting(self, devices: Sequence[DeviceStatus]) -> None:
        """Tell nobody."""
