"""What one process costs, and how one cost compares with another of the same moment."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

# `-P`: of the checkout in PYTHONPATH, wherever this runs.
EDGEOPS = (sys.executable, "-P", "-m", "edgeops")
_SECONDS_BETWEEN_SAMPLES = 0.02
_LEAST = 0.001  # no ratio to less than this: it is not told apart from nothing


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of processor (user and system, with the processes it started) and of wall time, and
    the most MB (of 10^6 bytes) that it and these had in memory at once.
    """

    cpu: float
    wall: float
    megabytes: float


def environment(checkout: Path, folder: Path) -> dict[str, str]:
    """The environment of what is measured: edgeops of a checkout, with its cache in a folder."""
    ours = {
        "PYTHONPATH": str(checkout),
        "XDG_CACHE_HOME": str(folder),
        # of commits, and of nobody's configuration
        "GIT_CONFIG_GLOBAL": os.devnull,
        **{f"GIT_{role}_NAME": "bench" for role in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{role}_EMAIL": "bench@example.com" for role in ("AUTHOR", "COMMITTER")},
    }
    return os.environ | ours


def run(command: Sequence[str], environ: Mapping[str, str]) -> Cost:
    """Run a command to its end. Exits with its output when it fails."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(command, env=environ, stdout=output, stderr=output)
        memory = _Memory(child.pid)
        memory.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        memory.ended.set()
        memory.join()
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            output.seek(0)
            text = output.read().decode(errors="replace")
            sys.exit(f"{' '.join(command)} ended with {child.returncode}:\n{text}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, memory.peak * 1024 / 1e6)


def ratios(of: Iterable[float], to: Iterable[float]) -> tuple[float, ...]:
    """The ratio of each pair of costs in seconds, which were measured one after the other."""
    return tuple(max(one, _LEAST) / max(other, _LEAST) for one, other in zip(of, to, strict=True))


def each(costs: Iterable[Cost], field: str) -> tuple[float, ...]:
    """One field of each cost."""
    return tuple(map(attrgetter(field), costs))


class _Memory(threading.Thread):
    """Watches the memory of a process and its descendants until `ended`.

    `ru_maxrss` would not do: it begins with the memory of the process that started this one.
    """

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.ended = threading.Event()
        self.peak = 0  # KB
        self._pid = pid

    def run(self) -> None:
        while True:
            self.peak = max(self.peak, _memory_of_tree(self._pid))
            if self.ended.wait(_SECONDS_BETWEEN_SAMPLES):
                return


def _memory_of_tree(pid: int) -> int:
    """KB: the most that a process ever had, or what it and its descendants share now."""
    pids = _tree(pid)
    if len(pids) == 1:
        return kilobytes(pid, "status", "VmHWM")
    return sum(kilobytes(each, "smaps_rollup", "Pss") for each in pids)


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it has ended
        return [pid]
    return [pid, *(one for child in children for one in _tree(int(child)))]


def kilobytes(pid: int, file: str, field: str) -> int:
    """A field of a file of /proc; 0 when the process has ended."""
    try:
        text = Path(f"/proc/{pid}/{file}").read_text()
    except OSError:
        return 0
    words = text.partition(f"{field}:")[2].split(maxsplit=1)
    return int(words[0]) if words else 0
