"""What one process costs."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor (user and system, with the processes it started) and of wall time."""

    cpu: float
    wall: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.cpu - other.cpu, self.wall - other.wall)


def run(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command to its end. Exits with its output when it fails."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            output.seek(0)
            text = output.read().decode(errors="replace")
            sys.exit(f"{' '.join(command)} ended with {child.returncode}:\n{text}")
    return Cost(usage.ru_utime + usage.ru_stime, wall)


def best(costs: Sequence[Cost]) -> Cost:
    """The least of each: what the work costs when nothing else disturbs it."""
    return Cost(min(cost.cpu for cost in costs), min(cost.wall for cost in costs))
