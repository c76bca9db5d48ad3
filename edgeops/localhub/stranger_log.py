"""Warnings that clients cause before they have proved their identity: bounded, and inert."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

MAX_WARNINGS = 20
SECONDS = 60.0
_MAX_SHOWN = 200
# Where users put a token or a connection string by mistake, its secret is left out.
_SECRET = re.compile(r"(sig|SharedAccessKey)=[^&;]*", re.IGNORECASE)


class StrangerLog:
    """Logs each warning once, and at most `MAX_WARNINGS`, in a period of `SECONDS`.

    Anyone can make the hub refuse a client as often as they like.
    """

    def __init__(self, log: logging.Logger, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._began = float("-inf")
        self._logged: set[str] = set()
        self._left_out = 0

    def warn(self, message: str) -> None:
        """Log a warning, unless it was logged just now or there were too many."""
        now = self._clock()
        if now - self._began >= SECONDS:
            if self._left_out:
                self._log.warning("%d more clients were refused", self._left_out)
            self._began, self._left_out = now, 0
            self._logged.clear()
        if message in self._logged or len(self._logged) >= MAX_WARNINGS:
            self._left_out += 1
        else:
            self._logged.add(message)
            self._log.warning("%s", message)


def shown(text: str) -> str:
    """What a client sent, for the log: quoted, on one line, in ASCII, short, without secrets."""
    text = _SECRET.sub(r"\1=...", text)
    return ascii(text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}...")
