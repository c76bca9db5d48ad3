"""What a verb tells on the way, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edgeops.report.progress import progress

if TYPE_CHECKING:
    from edgeops.api.observer import Progress
    from edgeops.health.device import DeviceStatus


@dataclass(slots=True)
class Screen:
    """An observer for a person: notes as lines, runs as bars on a terminal, else as lines."""

    note: Callable[[str], None]
    quiet: bool
    color: bool
    _told: str = field(default="", init=False)

    def progress(
        self, what: str, unit: str = "devices", *, quiet: bool = False
    ) -> AbstractContextManager[Progress]:
        """A bar on a terminal, a line now and then elsewhere."""
        return progress(
            what,
            sys.stderr,
            clock=time.monotonic,
            quiet=self.quiet or quiet,
            color=self.color,
            unit=unit,
        )

    def waiting(self, devices: Sequence[DeviceStatus]) -> None:
        """Their counts, when these are others than before."""
        from edgeops.report.status_text import summary  # few verbs wait

        if self._told != (text := summary(devices)):
            self._told = text
            self.note(text)
