"""The rate at which the hub is called."""

import asyncio

import pytest

from edgeops.hub.rates import TokenBucket, no_rates, rates_of
from edgeops.limits import Operation


class Clock:
    """Time that passes by sleeping only."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds


def times(bucket, clock, count):
    async def take_all():
        passed = []
        for _ in range(count):
            await bucket.take()
            passed.append(round(clock.now - 1000, 6))
        return passed

    return asyncio.run(take_all())


def test_a_burst_passes_at_once_then_the_rate_holds():
    clock = Clock()
    bucket = TokenBucket(2, 3, clock, clock.sleep)
    assert times(bucket, clock, 6) == [0, 0, 0, 0.5, 1.0, 1.5]


def test_without_a_burst_the_first_still_passes_at_once():
    clock = Clock()
    assert times(TokenBucket(0.5, 0, clock, clock.sleep), clock, 3) == [0, 2, 4]


def test_tokens_come_back_in_quiet_times_but_never_more_than_the_burst():
    clock = Clock()
    bucket = TokenBucket(1, 2, clock, clock.sleep)
    assert times(bucket, clock, 2) == [0, 0]
    clock.now += 60
    assert times(bucket, clock, 3) == [60, 60, 61]


def test_concurrent_waiters_pass_one_after_the_other():
    clock = Clock()
    waits = []

    async def sleep(seconds):
        waits.append(round(seconds, 6))

    bucket = TokenBucket(10, 1, clock, sleep)

    async def together():
        await asyncio.gather(*(bucket.take() for _ in range(4)))

    asyncio.run(together())
    assert waits == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("sku", "units", "operation", "per_second"),
    [
        ("S1", 1, Operation.TWIN_READ, 100),
        ("S1", 8, Operation.TWIN_READ, 100),
        ("S2", 20, Operation.TWIN_WRITE, 100),
        ("S3", 1, Operation.TWIN_WRITE, 250),
        ("S1", 3, Operation.REGISTRY, 5),
        ("F1", 1, Operation.QUERY, 1 / 3),
    ],
)
def test_a_long_run_keeps_to_the_rate_of_the_hub(sku, units, operation, per_second):
    clock = Clock()
    rates = rates_of(sku, units, clock=clock, sleep=clock.sleep)
    count = int(per_second * 60) + 1

    async def take_all():
        for _ in range(count):
            await rates.take(operation)

    asyncio.run(take_all())
    assert (count - 1) / per_second - 5 <= clock.now - 1000 <= (count - 1) / per_second


def test_the_local_hub_has_no_limit():
    async def take_many():
        for _ in range(1000):
            await no_rates().take(Operation.QUERY)

    asyncio.run(take_many())
