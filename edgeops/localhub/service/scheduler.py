"""Long work in short turns, so that nobody waits long for what others ask.

Python does one thing at a time, in whatever thread. So whatever takes long is
written as steps; they are done for two milliseconds, then everybody else is
served, then the next in line goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from edgeops.localhub.steps import Result, Steps

SECONDS_OF_A_TURN = 0.002
_FREE_ROUNDS = 4

# Works until a moment (of `time.perf_counter`) has passed; gives whether it is done.
Turn = Callable[[float], bool]


class Scheduler:
    """The work that waits for its next turn.

    All turns in one round of the event loop share `SECONDS_OF_A_TURN`: what
    begins when they are used up waits. Then come rounds without turns, since
    to answer a request takes several: whoever came meanwhile waits once.
    """

    def __init__(self) -> None:
        self._waiting: deque[Turn] = deque()
        self._until: float | None = None  # when the turns of this round must end
        self._free = 0  # rounds without turns that are still to come

    def begin(self, turn: Turn) -> None:
        """Do work: at once when nobody waits and there is time, and what is left in turn."""
        if self._until is None:
            self._until = time.perf_counter() + SECONDS_OF_A_TURN
            asyncio.get_running_loop().call_soon(self._next_round)
        if self._waiting or time.perf_counter() >= self._until or not turn(self._until):
            self._waiting.append(turn)

    async def run(self, steps: Steps[Result]) -> Result:
        """The result of steps."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        def turn(until: float) -> bool:
            try:
                while not done.done():  # the one who waits may have given up
                    next(steps)
                    if time.perf_counter() >= until:
                        return False
            except StopIteration as end:
                done.set_result(end.value)
            except Exception as error:
                done.set_exception(error)
            else:
                steps.close()
            return True

        self.begin(turn)
        return await done

    def _next_round(self) -> None:
        if not self._waiting:
            self._until = None
            return
        asyncio.get_running_loop().call_soon(self._next_round)
        if self._free:
            self._free -= 1
            return
        self._free = _FREE_ROUNDS
        until = self._until = time.perf_counter() + SECONDS_OF_A_TURN
        while self._waiting and time.perf_counter() < until:
            turn = self._waiting.popleft()
            if not turn(until):
                self._waiting.append(turn)
