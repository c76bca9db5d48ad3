"""What runs until Ctrl-C, and a text that is shown again whenever it was looked up.

On a terminal it is drawn in place; elsewhere it is printed once it has changed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import typer

from edgeops.errors import Interrupted

_CLEAR = "\x1b[H\x1b[2J\x1b[3J"  # to the top left, the screen, and what was scrolled off it


@contextmanager
def until_ctrl_c() -> Iterator[None]:
    """For what only Ctrl-C ends: the exit code says so (130), and no error is shown."""
    try:
        yield
    except (Interrupted, KeyboardInterrupt):
        raise Interrupted("") from None


def _now() -> datetime:
    return datetime.now().astimezone()


class Redrawn:
    """The place of a text that changes with time. A terminal has the time of the last look."""

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        self._now = now
        self._last: str | None = None

    def show(self, text: str) -> None:
        """Show the text as it is now."""
        on_terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        if not on_terminal and text == self._last:
            return
        start = _CLEAR if on_terminal else "" if self._last is None else "\n"
        self._last = text
        typer.echo(f"{start}{self._now():%Y-%m-%d %H:%M:%S}\n\n{text}")
        sys.stdout.flush()
