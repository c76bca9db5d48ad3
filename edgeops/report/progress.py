"""How far a long run is: a bar on a terminal, a line now and then elsewhere, or nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import IO, Protocol

from edgeops.report.inert import line
from edgeops.report.words import duration

_STEP = 0.1  # of the total
_OFTEN = 1.0  # seconds; lines do not come faster
_SELDOM = 10.0  # seconds; nor slower


class Progress(Protocol):
    """What a long run calls as it goes on."""

    def __call__(self, done: int, total: int) -> None:
        """So much of all is done."""


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

    `label` says what is done, as "reading twins", `unit` of what; `clock` gives
    seconds (`time.monotonic`).
    """
    label = line(label)
    if quiet:
        yield _nothing
    elif stream.isatty():
        with _bar(label, stream, color, unit) as bar:
            yield bar
    else:
        yield Lines(label, stream, clock, unit)


def _nothing(done: int, total: int) -> None:
    """Progress for `--quiet`."""


class Lines:
    """Progress for logs: a line every 10 % or 10 seconds and at the end; none for a short run."""

    def __init__(
        self, label: str, stream: IO[str], clock: Callable[[], float], unit: str = "devices"
    ) -> None:
        self._label = label
        self._unit = unit
        self._stream = stream
        self._clock = clock
        self._started = self._told_at = clock()
        self._told = 0

    def __call__(self, done: int, total: int) -> None:
        """Writes a line when there is something to tell."""
        now = self._clock()
        waited = now - self._told_at
        stepped = done - self._told >= _STEP * total and waited >= _OFTEN
        finished = done >= total > self._told and now - self._started >= _OFTEN
        if not (finished or stepped or waited >= _SELDOM):
            return
        self._told, self._told_at = done, now
        self._stream.write(self._line(done, total, now - self._started) + "\n")
        self._stream.flush()

    def _line(self, done: int, total: int, elapsed: float) -> str:
        line = f"{self._label}: {done:,} of {total:,} {self._unit}"
        if done >= total:
            return f"{line} in {duration(elapsed)}"
        rate = done / elapsed if elapsed > 0 else 0.0
        if not rate or done == 1:  # the first one bears the start of everything
            return line
        return f"{line}, {_per_second(rate)}, about {duration((total - done) / rate)} left"


def _per_second(rate: float) -> str:
    return f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"


@contextlib.contextmanager
def _bar(label: str, stream: IO[str], color: bool, unit: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(f"{unit}{{task.fields[rate]}}", markup=False),
        TimeRemainingColumn(),
    )
    console = Console(file=stream, no_color=not color)
    with RichProgress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None, rate="")

        def show(done: int, total: int) -> None:
            speed = bar.tasks[0].speed
            rate = f", {_per_second(speed)}" if speed else ""
            bar.update(task, completed=done, total=total, rate=rate)

        yield show
