"""Retries requests that failed for a temporary reason."""

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
    """A temporary failure; `error` is raised if it persists, `after` is the wait in seconds."""

    def __init__(self, error: HubError, after: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.after = after


@dataclass(frozen=True, slots=True)
class Retry:
    """The number of attempts and the time for a request; times in seconds.

    The wait is what the hub requests (Retry-After), else random between zero and a limit that
    doubles each time ("full jitter", so that clients throttled together do not return together).

    A retry is safe even if the hub did carry out the request and its response was lost: a twin
    patch carries its etag, so it ends in `EtagMismatch` and the caller reads the twin again;
    creating ends in `AlreadyExists`, deleting in `NotFound`; the rest is idempotent.
    """

    attempts: int = 6
    base: float = 0.5
    longest: float = 20.0
    total: float = 90.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    uniform: Callable[[float, float], float] = random.uniform

    async def __call__(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """The result of the first success. Raises the last error when attempts or time run out."""
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
