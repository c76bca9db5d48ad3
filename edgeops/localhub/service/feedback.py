"""Feedback on messages to devices: services receive it from a queue of the hub."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.message_queue import (
    LOCK_SECONDS,
    QueuedMessage,
    Settlement,
    next_free,
    settled,
    with_lock,
)


@dataclass(frozen=True, slots=True)
class ReceivedFeedback:
    """A feedback message with its records, and when it was enqueued (Unix seconds)."""

    state: QueuedMessage
    records: list[JsonObject]
    enqueued: float


def receive_feedback(hub: EmulatedHub) -> ReceivedFeedback | None:
    """Lock the oldest feedback message, for a minute; None when none is free."""
    now = hub.clock().timestamp()
    with hub.store.transaction():
        free = next_free(_queue(hub, now), now)
        if free is None:
            return None
        locked = with_lock(free, str(uuid.uuid4()), now + LOCK_SECONDS)
        hub.store.messages.save_feedback(locked)
        return ReceivedFeedback(locked, *hub.store.messages.feedback(free.sequence))


def settle_feedback(hub: EmulatedHub, token: str, how: Settlement) -> None:
    """Complete or abandon a feedback message. Raises `HubFault` 412: the lock is lost."""
    now = hub.clock().timestamp()
    with hub.store.transaction():
        message, outcome = settled(_queue(hub, now), token, how, now)
        if outcome is None:
            hub.store.messages.save_feedback(message)
        else:
            hub.store.messages.remove_feedback(message)


def _queue(hub: EmulatedHub, now: float) -> list[QueuedMessage]:
    """The feedback messages, without those that have expired."""
    kept = []
    for message in hub.store.messages.feedback_queue():
        if message.expired(now):
            hub.store.messages.remove_feedback(message)
        else:
            kept.append(message)
    return kept
