"""Messages from services to devices: sending, receiving, settling, purging and expiring."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace

from edgeops.localhub.failures import describe_exception
from edgeops.localhub.service.hub import EmulatedHub, Transaction
from edgeops.localhub.state import errors
from edgeops.localhub.state.cloud_messages import (
    MAX_QUEUED,
    TIME_TO_LIVE,
    CloudMessage,
    cloud_message,
    feedback_record,
    wants_feedback,
)
from edgeops.localhub.state.entry import RegistryEntry, with_activity
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.message_queue import (
    LOCK_SECONDS,
    WHILE_CONNECTED,
    Outcome,
    QueuedMessage,
    Settlement,
    next_free,
    settled,
    unlocked,
    with_lock,
)
from edgeops.localhub.steps import Steps

_SECONDS_BETWEEN_CHECKS = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message that a device has received; it settles it with the lock's token.

    `again` tells that a connection has had it before, which did not acknowledge it.
    """

    state: QueuedMessage
    message: CloudMessage
    payload: bytes
    again: bool


def send(
    hub: EmulatedHub,
    to: str,
    system: Mapping[str, str],
    properties: Mapping[str, str],
    ack: str,
    payload: bytes,
) -> None:
    """Put a message into the queue of its device, and deliver it if the device is connected.

    Raises `HubFault` 400, 403 when the queue is full, 404 and 413.
    """
    message = cloud_message(to, system, properties, ack, payload, hub.clock())
    with _queue(hub, message.device) as queue:
        if len(queue.waiting) >= MAX_QUEUED:
            raise errors.queue_full(message.device, MAX_QUEUED)
        hub.store.messages.add(message, payload)
        queue.reload()
    deliver(hub, message.device)


def receive(hub: EmulatedHub, device: str) -> ReceivedMessage | None:
    """Lock the oldest message of a device, for a minute; None when none is free.

    Raises `HubFault` 404.
    """
    until = hub.clock().timestamp() + LOCK_SECONDS
    with _queue(hub, device, active=True) as queue:
        return queue.lock(0, until)


def receive_while_connected(
    hub: EmulatedHub, device: str, *, after: int, limit: int, acknowledged: bool
) -> list[ReceivedMessage]:
    """Lock messages after a sequence number for the connection of a device, at most `limit`.

    Without acknowledgements (QoS 0) they are completed at once. Raises `HubFault` 404.
    """
    if limit < 1 or not hub.store.messages.any_free(device, after, hub.clock().timestamp()):
        return []
    received: list[ReceivedMessage] = []
    with _queue(hub, device, active=True) as queue:
        while len(received) < limit and (one := queue.lock(after, WHILE_CONNECTED)):
            received.append(one)
            if not acknowledged:
                queue.end(one.state, "Success")
    return received


def settle(hub: EmulatedHub, device: str, token: str, how: Settlement) -> None:
    """Complete, reject or abandon a message. Raises `HubFault` 404, and 412: the lock is lost."""
    with _queue(hub, device, active=True) as queue:
        message, outcome = settled(queue.waiting.values(), token, how, queue.now)
        if outcome is None:
            queue.save(message)
        else:
            queue.end(message, outcome)
    if how == "abandon":
        deliver(hub, device)


def release(hub: EmulatedHub, tokens: Collection[str]) -> None:
    """Put the messages back that a connection had and did not acknowledge."""
    if tokens:
        with hub.store.transaction():
            hub.store.messages.release(tokens)


def purge(hub: EmulatedHub, device: str) -> int:
    """Drop all messages of a device; gives how many. Raises `HubFault` 404."""
    with _queue(hub, device) as queue:
        dropped = list(queue.waiting.values())
        for message in dropped:
            queue.end(message, "Purged")
    return len(dropped)


def deliver(hub: EmulatedHub, device: str) -> None:
    """Let the connection of a device take what waits for it."""
    link = hub.links.get((device, ""))
    if link is not None:
        link.take_cloud_messages()


def expire(hub: EmulatedHub) -> Steps[None]:
    """Drop what has expired, and deliver again what was locked for too long."""
    for device in hub.store.messages.due(hub.clock().timestamp()):
        with suppress(HubFault):  # the device was deleted since
            with _queue(hub, device):
                pass
            deliver(hub, device)
        yield


@asynccontextmanager
async def kept(hub: EmulatedHub) -> AsyncIterator[None]:
    """During the block messages expire in time; those of earlier connections are free."""
    with hub.store.transaction():
        hub.store.messages.release_all_connections()
    task = asyncio.get_running_loop().create_task(_keep_expiring(hub))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _keep_expiring(hub: EmulatedHub) -> None:
    while not await hub.stopping.wait(_SECONDS_BETWEEN_CHECKS):
        try:
            await hub.scheduler.run(expire(hub))
        except Exception as error:
            _log.error("messages cannot expire: %s", describe_exception(error))


class _OpenQueue:
    """The queue of a device in a transaction."""

    def __init__(self, transaction: Transaction, entry: RegistryEntry) -> None:
        self._transaction = transaction
        self._store = transaction.hub.store.messages
        self._entry = entry
        self.now = transaction.moment.now.timestamp()
        self.reload()
        for message in list(self.waiting.values()):
            if message.expired(self.now):
                self.end(message, "Expired")
            elif 0 < message.locked_until <= self.now:
                self.save(unlocked(message))

    def reload(self) -> None:
        """Read the queue again."""
        messages = self._store.queue(self._entry.identity.device)
        self.waiting = {message.sequence: message for message in messages}

    def save(self, message: QueuedMessage) -> None:
        """Save the state of a message that stays."""
        self._store.save(message)
        self.waiting[message.sequence] = message

    def end(self, message: QueuedMessage, outcome: Outcome) -> None:
        """Remove a message, with feedback if its sender wants it."""
        content, _ = self._store.message(message.sequence)
        if wants_feedback(content.ack, outcome):
            generation = self._entry.identity.generation
            timestamp = self._transaction.moment.timestamp
            record = feedback_record(content, generation, outcome, timestamp)
            self._store.add_feedback(record, self.now, self.now + TIME_TO_LIVE.total_seconds())
        self._store.remove(message)
        del self.waiting[message.sequence]

    def lock(self, after: int, until: float) -> ReceivedMessage | None:
        """Lock the oldest free message after a sequence number."""
        free = next_free(self.waiting.values(), self.now, after)
        if free is None:
            return None
        locked = with_lock(free, str(uuid.uuid4()), until)
        self.save(locked)
        return ReceivedMessage(locked, *self._store.message(free.sequence), again=bool(free.lock))

    def close(self, *, active: bool) -> None:
        """Save the count of messages, and that the device was active."""
        entry = with_activity(self._entry, self._transaction.moment) if active else self._entry
        counted = replace(entry, cloud_messages=len(self.waiting))
        if counted != self._entry:
            self._transaction.save(counted)


@contextmanager
def _queue(hub: EmulatedHub, device: str, *, active: bool = False) -> Iterator[_OpenQueue]:
    """The queue of a device in a transaction, without what has expired. Raises `HubFault` 404."""
    with hub.transaction() as transaction:
        queue = _OpenQueue(transaction, hub.device(device))
        yield queue
        queue.close(active=active)
