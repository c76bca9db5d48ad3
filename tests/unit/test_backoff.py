"""Waits double up to a limit, and are spread."""

from edgeops.backoff import Backoff
from edgeops.localedge.restart import RESTART
from edgeops.modules.model_loader.loader import PERSISTENT, TRANSIENT


def test_waits_double_up_to_a_limit_and_half_of_each_is_random():
    assert [TRANSIENT.wait(n, lambda low, high: high) for n in (1, 2, 3, 11, 10**6)] == [
        1.0,
        2.0,
        4.0,
        600.0,
        600.0,
    ]
    assert TRANSIENT.wait(3, lambda low, high: low) == 2.0
    assert PERSISTENT.wait(1, lambda low, high: high) == 60.0


def test_the_limit_doubles_up_to_the_longest_wait():
    assert [RESTART.limit(failures) for failures in (1, 2, 3, 7, 5000)] == [1, 2, 4, 60, 60]
    assert [Backoff(0.5, 3.0).limit(failures) for failures in (1, 2, 3, 4)] == [0.5, 1, 2, 3]
