"""How many processors there are."""

from __future__ import annotations

import os


def processors() -> int:
    """How many this process may use, where the system tells that; at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
