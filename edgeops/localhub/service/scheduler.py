"""Runs long operations in short turns, so that they do not delay other requests.

The hub runs on one thread. A long operation is written as steps, which run for
two milliseconds; then other requests are served, then the next operation in the
queue continues.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from edgeops.localhub.steps import Result, Steps

SECONDS_PER_TURN = 0.002
_IDLE_ROUNDS = 4

# Works until a `time.perf_counter` time has passed; gives whether it is done.
Job = Callable[[float], bool]


class Scheduler:
    """A queue of operations that share the event loop with other requests.

    All operations in one round of the event loop share `SECONDS_PER_TURN`; those
    that begin later in the round are queued. Then come idle rounds without
    operations, since answering a request takes several rounds.
    """

    def __init__(self) -> None:
        self._queue: deque[Job] = deque()
        self._until: float | None = None  # when the operations of this round must pause
        self._idle = 0  # idle rounds still to come

    def begin(self, job: Job) -> None:
        """Run an operation at once if none is queued and time is left; queue what remains."""
        if self._until is None:
            self._until = time.perf_counter() + SECONDS_PER_TURN
            asyncio.get_running_loop().call_soon(self._next_round)
        if self._queue or time.perf_counter() >= self._until or not job(self._until):
            self._queue.append(job)

    async def run(self, steps: Steps[Result]) -> Result:
        """Run steps in turns; gives their result."""
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        def job(until: float) -> bool:
            try:
                while not result.done():  # the caller may have been cancelled
                    next(steps)
                    if time.perf_counter() >= until:
                        return False
            except StopIteration as end:
                result.set_result(end.value)
            except Exception as error:
                result.set_exception(error)
            else:
                steps.close()
            return True

        self.begin(job)
        return await result

    def _next_round(self) -> None:
        if not self._queue:
            self._until = None
            return
        asyncio.get_running_loop().call_soon(self._next_round)
        if self._idle:
            self._idle -= 1
            return
        self._idle = _IDLE_ROUNDS
        until = self._until = time.perf_counter() + SECONDS_PER_TURN
        while self._queue and time.perf_counter() < until:
            job = self._queue.popleft()
            if not job(until):
                self._queue.append(job)
