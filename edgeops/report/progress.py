"""Progress of a long run: a bar on a terminal, an occasional line elsewhere, or nothing."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from edgeops.report.inert import line
from edgeops.report.words import duration

if TYPE_CHECKING:
    from edgeops.api.observer import Progress
    from edgeops.health.device import DeviceStatus

_STEP = 0.1  # share of the total after which a line is due
_SHORTEST_GAP = 1.0  # seconds between two lines
_LONGEST_GAP = 10.0


@dataclass(slots=True)
class Screen:
    """An observer for a person: notes as lines, long runs as bars on a terminal, else as lines."""

    note: Callable[[str], None]
    quiet: bool
    color: bool
    _last: str = field(default="", init=False)

    def progress(
        self, what: str, unit: str = "devices", *, quiet: bool = False
    ) -> AbstractContextManager[Progress]:
        """A bar on a terminal, an occasional line elsewhere."""
        quiet = quiet or self.quiet
        return progress(
            what, sys.stderr, clock=time.monotonic, quiet=quiet, color=self.color, unit=unit
        )

    def waiting(self, devices: Sequence[DeviceStatus]) -> None:
        """Prints the counts by health whenever they change."""
        from edgeops.report.status_text import summary  # few verbs wait

        if self._last != (text := summary(devices)):
            self._last = text
            self.note(text)


@contextlib.contextmanager
def progress(
    label: str,
    stream: IO[str],
    *,
    clock: Callable[[], float],
    quiet: bool = False,
    color: bool = True,
    unit: str = "devices",
) -> Iterator[Progress]:
    """Progress on a stream (standard error) for the length of a `with` block.

    `label` names the run, as "reading twins"; `unit` is what it counts; `clock`
    gives seconds (`time.monotonic`).
    """
    label = line(label)
    if quiet:
        yield lambda _done, _total: None
    elif stream.isatty():
        with _bar(label, stream, color, unit) as bar:
            yield bar
    else:
        yield Lines(label, stream, clock, unit)


class Lines:
    """Progress for logs: a line every 10 % or 10 seconds and at the end; none for a short run."""

    def __init__(
        self, label: str, stream: IO[str], clock: Callable[[], float], unit: str = "devices"
    ) -> None:
        self._label = label
        self._unit = unit
        self._stream = stream
        self._clock = clock
        self._started = self._printed_at = clock()
        self._printed = 0

    def __call__(self, done: int, total: int) -> None:
        """Writes a line when one is due."""
        now = self._clock()
        waited = now - self._printed_at
        stepped = done - self._printed >= _STEP * total and waited >= _SHORTEST_GAP
        finished = done >= total > self._printed and now - self._started >= _SHORTEST_GAP
        if not (finished or stepped or waited >= _LONGEST_GAP):
            return
        self._printed, self._printed_at = done, now
        self._stream.write(self._line(done, total, now - self._started) + "\n")
        self._stream.flush()

    def _line(self, done: int, total: int, elapsed: float) -> str:
        line = f"{self._label}: {done:,} of {total:,} {self._unit}"
        if done >= total:
            return f"{line} in {duration(elapsed)}"
        rate = done / elapsed if elapsed > 0 else 0.0
        if not rate or done == 1:  # the first one includes the start-up of everything
            return line
        return f"{line}, {_per_second(rate)}, {_left((total - done) / rate)} left"


def _left(seconds: float) -> str:
    text = duration(seconds)
    return text if text.startswith("less") else f"about {text}"


def _per_second(rate: float) -> str:
    return f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"


@contextlib.contextmanager
def _bar(label: str, stream: IO[str], color: bool, unit: str) -> Iterator[Progress]:
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),  # it runs to and fro until the first unit is done
        rich.TextColumn("{task.fields[done]}", markup=False),
        rich.TimeRemainingColumn(),
    )
    console = Console(file=stream, no_color=not color)
    with rich.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None, done="")

        def show(done: int, total: int) -> None:
            speed = bar.tasks[0].speed
            rate = f", {_per_second(speed)}" if speed else ""
            words = f"{done:,}/{total:,} {unit}{rate}"
            bar.update(task, completed=done, total=total, done=words)

        yield show
