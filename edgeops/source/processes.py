"""Work on many items with all processors."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from concurrent.futures import Future

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_ON_DEATH_OF_PARENT = 1

_work: Callable[[Any], Any]  # of a process that was started here


def in_processes(
    work: Callable[[_Item], _Result], items: Iterable[_Item], processes: int
) -> Iterator[_Result]:
    """The results of a function for each item, in their order, made by some processes.

    These are forks: the function may hold what cannot be pickled, unlike items, results and
    exceptions. Where a fork is not safe the work is done here. Items are taken as they are worked
    on, one ahead. Raises what the function does, and `EdgeOpsError` if a process is killed.
    """
    if processes < 2 or not _is_alone():
        yield from map(work, items)
        return
    # Imported here: few fleets are that large.
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    waiting: deque[Future[_Result]] = deque()
    pool = ProcessPoolExecutor(processes, get_context("fork"), _begin, (os.getpid(), work))
    try:
        for item in items:
            waiting.append(pool.submit(_go_on, item))
            if len(waiting) > processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise EdgeOpsError(
            "a process that reads manifests was killed",
            "is there enough memory? `taskset -c 0 edgeops ...` reads with one process",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _is_alone() -> bool:
    """Whether this process has one thread: others could hold locks, which a fork would not free."""
    return sys.platform == "linux" and len([*Path("/proc/self/task").iterdir()]) == 1


def _begin(parent: int, work: Callable[[Any], Any]) -> None:
    """In a new process: keep the work, leave Ctrl-C to the parent, and end when that is killed.

    Source: prctl(2), PR_SET_PDEATHSIG.
    """
    import ctypes
    import signal

    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_ON_DEATH_OF_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it was killed before that
        os._exit(1)


def _go_on(item: Any) -> Any:
    return _work(item)
