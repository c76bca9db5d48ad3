"""Observers, which get notes and progress while a function works."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from edgeops.health.device import DeviceStatus

# Called with the units done and their total.
Progress = Callable[[int, int], None]


class Observer(Protocol):
    """Gets notes and progress; results are returned, and errors are raised."""

    def note(self, text: str) -> None:
        """Show a note to the user."""

    def progress(
        self, what: str, unit: str = "devices", *, quiet: bool = False
    ) -> AbstractContextManager[Progress]:
        """Show the progress of an action such as "reading twins"; `quiet`: it has nothing to do."""

    def waiting(self, devices: Sequence[DeviceStatus]) -> None:
        """Show the status of devices that have not all converged; called after each read."""


class Silent:
    """An observer that shows nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""

    def progress(self, *_: object, **__: object) -> AbstractContextManager[Progress]:
        """Show nothing."""
        return nullcontext(lambda _done, _total: None)

    def waiting(self, devices: Sequence[DeviceStatus]) -> None:
        """Show nothing."""
