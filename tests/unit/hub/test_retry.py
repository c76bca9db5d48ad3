"""Which failures are retried, how often, and after how long."""

import asyncio

import pytest

from edgeops.hub.port import EtagMismatch, HubError, Unreachable
from edgeops.hub.retry import Retry, Transient

THROTTLED = HubError("throttled", status=429)


def scripted(*results):
    left = list(results)

    async def attempt():
        result = left.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    return attempt


def run(retry, *results):
    return asyncio.run(retry(scripted(*results)))


def test_a_success_waits_for_nothing(retry, waits):
    assert run(retry, "twin") == "twin"
    assert waits.seconds == []


def test_waits_double_from_attempt_to_attempt(waits):
    retry = Retry(attempts=5, base=1.0, longest=3.0, sleep=waits, uniform=lambda low, high: high)
    assert run(retry, *[Transient(THROTTLED)] * 4, "twin") == "twin"
    assert waits.seconds == [1.0, 2.0, 3.0, 3.0]


def test_waits_are_drawn_from_zero_to_the_limit(waits):
    retry = Retry(attempts=3, base=1.0, sleep=waits, uniform=lambda low, high: low)
    run(retry, *[Transient(THROTTLED)] * 2, "twin")
    assert waits.seconds == [0.0, 0.0]


def test_the_hub_may_say_how_long_to_wait(retry, waits):
    assert run(retry, Transient(THROTTLED, after=7.0), "twin") == "twin"
    assert waits.seconds == [7.0]


def test_the_last_error_is_raised_when_attempts_run_out(retry):
    cut = Unreachable("cut")
    with pytest.raises(Unreachable) as caught:
        run(retry, Transient(THROTTLED), Transient(THROTTLED), Transient(cut), "too late")
    assert caught.value is cut


def test_a_wait_beyond_the_total_time_is_not_begun(waits):
    retry = Retry(attempts=9, total=10.0, sleep=waits, clock=lambda: 0.0)
    with pytest.raises(HubError):
        run(retry, Transient(THROTTLED, after=11.0), "too late")
    assert waits.seconds == []


def test_an_etag_mismatch_is_never_repeated(retry, waits):
    with pytest.raises(EtagMismatch):
        run(retry, EtagMismatch("changed"), "must not be asked")
    assert waits.seconds == []
