"""The cloud-to-device messages that one connection has, until its client acknowledges them.

Source: "Communicate with an IoT hub using the MQTT protocol", Microsoft Learn: a device
gets what was sent after it subscribed; a subscription of a session lasts.
"""

from __future__ import annotations

from contextlib import suppress

from edgeops.localhub.mqtt import topics
from edgeops.localhub.mqtt.outbox import Outbox
from edgeops.localhub.service import cloud_messages
from edgeops.localhub.service.hub import EmulatedHub
from edgeops.localhub.state.errors import HubFault

# Their size is far below what a client may leave unacknowledged.
MAX_UNACKNOWLEDGED = 8


class CloudInbox:
    """What the connection of a device subscribes to and has; modules get no such messages."""

    __slots__ = ("_after", "_device", "_hub", "_locks", "_outbox")

    def __init__(self, hub: EmulatedHub, device: str, outbox: Outbox) -> None:
        self._hub = hub
        self._device = device
        self._outbox = outbox
        # The newest message when the session has subscribed; None if it does not subscribe.
        self._after = hub.store.messages.subscribed_after(device)
        self._locks: dict[int, str] = {}  # by the id of the packet

    def subscriptions_changed(self, *, lasting: bool) -> None:
        """The filters of the outbox have changed; `lasting` ones belong to a session."""
        store = self._hub.store.messages
        if self._outbox.granted(topics.cloud_messages(self._device)) is None:
            self._after = None
        elif self._after is None:
            self._after = store.last()
        if lasting and self._after != store.subscribed_after(self._device):
            store.save_subscription(self._device, self._after)

    def take(self) -> None:
        """Send the client what waits for it, as much as it may have."""
        if self._after is None:
            return
        qos = self._outbox.granted(topics.cloud_messages(self._device))
        if qos is None:
            return
        received = cloud_messages.receive_while_connected(
            self._hub,
            self._device,
            after=self._after,
            limit=MAX_UNACKNOWLEDGED - len(self._locks),
            acknowledged=qos > 0,
        )
        for one in received:
            topic = topics.cloud_messages(self._device, one.message.bag())
            packet = self._outbox.send(topic, one.payload, qos, again=one.again)
            if packet:
                self._locks[packet] = one.state.lock

    def acknowledged(self, packet: int) -> None:
        """The client has a message: it is complete, unless it has expired or was purged."""
        token = self._locks.pop(packet, None)
        if token is not None:
            with suppress(HubFault):
                cloud_messages.settle(self._hub, self._device, token, "complete")

    def release(self) -> None:
        """The connection has ended: what it has not acknowledged waits again."""
        cloud_messages.release(self._hub, self._locks.values())
        self._locks.clear()
