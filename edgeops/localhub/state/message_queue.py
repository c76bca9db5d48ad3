"""A queue whose messages a receiver locks, and then completes, rejects or abandons.

The queues of cloud-to-device messages and of feedback work so. Source: "Understand
cloud-to-device messaging from an IoT hub", Microsoft Learn: a lock ends after a
minute, and only an explicit abandon counts as a delivery.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from edgeops.localhub.state import errors

LOCK_SECONDS = 60.0
MAX_DELIVERIES = 10
# The lock of an MQTT connection, which ends with the connection.
WHILE_CONNECTED = float("inf")

Settlement = Literal["complete", "reject", "abandon"]
# How a message ended, as feedback says it.
Outcome = Literal["Success", "Expired", "DeliveryCountExceeded", "Rejected", "Purged"]


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """The state of a message in a queue; times are in Unix seconds.

    `deliveries` counts how often it was abandoned. `lock` is the token of its last
    receiver, which has it until `locked_until`; empty before the first, and after
    an abandon.
    """

    sequence: int
    expires: float
    deliveries: int = 0
    lock: str = ""
    locked_until: float = 0.0

    def locked(self, now: float) -> bool:
        """Whether a receiver has it: others do not get it."""
        return now < self.locked_until

    def expired(self, now: float) -> bool:
        """Whether its time is over, locked or not."""
        return self.expires <= now


def next_free(queue: Iterable[QueuedMessage], now: float, after: int = 0) -> QueuedMessage | None:
    """The oldest message after a sequence number that a receiver can have now."""
    free = (
        message
        for message in queue
        if message.sequence > after and not message.locked(now) and not message.expired(now)
    )
    return min(free, key=lambda message: message.sequence, default=None)


def with_lock(message: QueuedMessage, token: str, until: float) -> QueuedMessage:
    """The message, locked by a receiver."""
    return replace(message, lock=token, locked_until=until)


def unlocked(message: QueuedMessage) -> QueuedMessage:
    """The message after its receiver has gone: this is no delivery, and it knows who had it."""
    return replace(message, locked_until=0.0)


def settled(
    queue: Iterable[QueuedMessage], token: str, how: Settlement, now: float
) -> tuple[QueuedMessage, Outcome | None]:
    """The message that a receiver has settled, and how it ended: None if it is back in the queue.

    Raises `HubFault` 412 when no message is locked with this token any more.
    """
    for message in queue:
        if message.lock == token and message.locked(now) and not message.expired(now):
            break
    else:
        raise errors.message_lock_lost()
    if how == "complete":
        return message, "Success"
    if how == "reject":
        return message, "Rejected"
    back = replace(message, deliveries=message.deliveries + 1, lock="", locked_until=0.0)
    return back, "DeliveryCountExceeded" if back.deliveries >= MAX_DELIVERIES else None
