"""Keeps requests just under the throttling limits of a hub."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from edgeops.limits import Operation, rate

# A hub accepts a short burst, queues the next requests, then refuses them (429). Microsoft does not
# document the size of the burst; a few seconds' worth makes small fleets fast.
BURST_SECONDS = 5.0

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class TokenBucket:
    """Lets `per_second` callers pass on average, up to `burst` at once, in order of arrival."""

    def __init__(self, per_second: float, burst: float, clock: Clock, sleep: Sleep) -> None:
        self._interval = 1 / per_second
        self._tolerance = (max(burst, 1.0) - 1.0) / per_second
        self._clock = clock
        self._sleep = sleep
        self._due = clock()

    async def take(self) -> None:
        """Wait for a token; tokens are given in order of arrival."""
        now = self._clock()
        self._due = max(self._due, now)
        wait = self._due - self._tolerance - now
        self._due += self._interval
        if wait > 0:
            await self._sleep(wait)


class Rates:
    """A token bucket for each operation class that a hub throttles."""

    def __init__(self, buckets: Mapping[Operation, TokenBucket]) -> None:
        self._buckets = buckets

    async def take(self, operation: Operation) -> None:
        """Wait until the hub allows one more operation of this class."""
        bucket = self._buckets.get(operation)
        if bucket is not None:
            await bucket.take()


def rates_of(
    sku: str, units: int, *, clock: Clock = time.monotonic, sleep: Sleep = asyncio.sleep
) -> Rates:
    """The rates of a hub with this SKU and number of units."""
    return Rates(
        {
            operation: TokenBucket(per_second, per_second * BURST_SECONDS, clock, sleep)
            for operation in Operation
            for per_second in [rate(operation, sku, units)]
        }
    )


def no_rates() -> Rates:
    """No limits, for the local hub."""
    return Rates({})
