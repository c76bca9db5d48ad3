"""Repeating requests that failed for a passing reason."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from edgeops.backoff import Backoff
from edgeops.hub.port import HubError

T = TypeVar("T")


class Transient(Exception):
    """A failure that may pass: `error` is raised when it does not.

    `after` is the wait that the hub asks for, in seconds.
    """

    def __init__(self, error: HubError, after: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.after = after


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how long a request is tried; times in seconds.

    The wait is what the hub asks for (Retry-After), else drawn evenly from zero
    to a limit that doubles each time ("full jitter", so that clients throttled
    together do not come back together).

    A repeat may follow a request that the hub did carry out, its answer lost.
    That cannot do harm: a twin patch carries its etag, so it ends in
    `EtagMismatch` and the caller reads the twin again; creating ends in
    `AlreadyExists`, deleting in `NotFound`; the rest is idempotent.
    """

    attempts: int = 6
    base: float = 0.5
    longest: float = 20.0
    total: float = 90.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    uniform: Callable[[float, float], float] = random.uniform

    async def __call__(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result of the first attempt that succeeds.

        Raises the error in the last `Transient` when attempts or time run out,
        and every other exception at once.
        """
        started = self.clock()
        for failures in range(1, self.attempts + 1):
            try:
                return await attempt()
            except Transient as failure:
                wait = self._wait(failure, failures)
                late = self.clock() - started + wait > self.total
                if late or failures == self.attempts:
                    raise failure.error from failure
            await self.sleep(wait)
        raise AssertionError("attempts must be at least 1")

    def _wait(self, failure: Transient, failures: int) -> float:
        if failure.after is not None:
            return failure.after
        return self.uniform(0, Backoff(self.base, self.longest).limit(failures))
