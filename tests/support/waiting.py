"""Waiting for what a hub does after it has answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def wait_until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Ask until the answer is true; gives it. Each question is a request, so this needs no rest."""
    until = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"it did not happen in {seconds} seconds")
    return answer
