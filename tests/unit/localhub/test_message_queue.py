"""Queues whose messages are locked and settled: any order of events keeps their promises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edgeops.localhub.state.cloud_messages import wants_feedback
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.message_queue import (
    LOCK_SECONDS,
    MAX_DELIVERIES,
    WHILE_CONNECTED,
    QueuedMessage,
    next_free,
    settled,
    unlocked,
    with_lock,
)


class AnyQueue(RuleBasedStateMachine):
    """A queue whose clock moves, and receivers that do anything with what they get."""

    @initialize(times=st.lists(st.integers(1, 500), min_size=1, max_size=6))
    def fill(self, times):
        self.now = 0.0
        self.queue = {n: QueuedMessage(n, float(time)) for n, time in enumerate(times, 1)}
        self.tokens = 0
        self.held = {}  # what receivers believe to have: token -> (sequence, until)
        self.abandoned = dict.fromkeys(self.queue, 0)
        self.ended = {}

    @rule(seconds=st.integers(1, 90))
    def pass_time(self, seconds):
        self.now += seconds

    @rule(after=st.integers(0, 3), connected=st.booleans())
    def receive(self, after, connected):
        free = next_free(self.queue.values(), self.now, after)
        others = [m for m in self.queue.values() if m.sequence > after]
        if free is None:
            assert all(m.locked(self.now) or m.expired(self.now) for m in others)
            return
        assert free.sequence > after
        assert all(until <= self.now for n, until in self.held.values() if n == free.sequence)
        self.tokens += 1
        token = f"token {self.tokens}"
        until = WHILE_CONNECTED if connected else self.now + LOCK_SECONDS
        self.held[token] = (free.sequence, until)
        self.queue[free.sequence] = with_lock(free, token, until)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(["complete", "reject", "abandon"]))
    def settle(self, data, how):
        token = data.draw(st.sampled_from(sorted(self.held)))
        sequence, until = self.held.pop(token)
        message = self.queue.get(sequence)
        if message is None or self.now >= min(until, message.expires):
            with pytest.raises(HubFault, match="lock"):
                settled(self.queue.values(), token, how, self.now)
            return
        left, outcome = settled(self.queue.values(), token, how, self.now)
        assert left.sequence == sequence
        self.abandoned[sequence] += how == "abandon"
        if outcome is None:
            assert how == "abandon"
            assert not left.locked(self.now)
            self.queue[sequence] = left
        else:
            self.ended[sequence] = outcome
            del self.queue[sequence]

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def lose_connection(self, data):
        token = data.draw(st.sampled_from(sorted(self.held)))
        sequence, _ = self.held.pop(token)
        message = self.queue.get(sequence)
        if message is not None and message.lock == token:
            self.queue[sequence] = unlocked(message)

    @invariant()
    def only_what_a_device_abandons_counts(self):
        for sequence, message in self.queue.items():
            assert message.deliveries == self.abandoned[sequence] < MAX_DELIVERIES
        for sequence, outcome in self.ended.items():
            assert (outcome == "DeliveryCountExceeded") == (
                self.abandoned[sequence] == MAX_DELIVERIES
            )


TestAnyQueue = AnyQueue.TestCase
TestAnyQueue.settings = settings(max_examples=50, stateful_step_count=15)


def test_a_message_is_dead_at_its_tenth_abandon():
    message, outcomes = QueuedMessage(1, 1000.0), []
    for number in range(10):
        locked = with_lock(message, str(number), 60.0)
        message, outcome = settled([locked], str(number), "abandon", 1.0)
        outcomes.append(outcome)
    assert outcomes == [None] * 9 + ["DeliveryCountExceeded"]


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_a_lock_ends_after_its_time_and_not_before(start, passed):
    message = with_lock(QueuedMessage(1, 10_000.0), "t", start + LOCK_SECONDS)
    now = start + passed
    assert message.locked(now) == (now < start + LOCK_SECONDS)
    assert (next_free([message], now) is None) == message.locked(now)


# "Message feedback", Understand cloud-to-device messaging, Microsoft Learn
@pytest.mark.parametrize(
    ("ack", "completed", "dead"),
    [
        ("", False, False),
        ("none", False, False),
        ("positive", True, False),
        ("negative", False, True),
        ("full", True, True),
    ],
)
def test_who_gets_feedback(ack, completed, dead):
    assert wants_feedback(ack, "Success") is completed
    for outcome in ("Expired", "DeliveryCountExceeded", "Rejected", "Purged"):
        assert wants_feedback(ack, outcome) is dead
