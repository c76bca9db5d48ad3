"""One connected device or module: what it asks is done on the hub, what changes it is told.

No I/O of its own: bytes go out through a `Channel`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Protocol

import orjson

from edgeops.localhub.failures import describe_exception
from edgeops.localhub.mqtt import topics
from edgeops.localhub.mqtt.broker import Broker
from edgeops.localhub.mqtt.identity import ClaimedIdentity, claim
from edgeops.localhub.mqtt.packets import Connect, Disconnect, Publish, Subscribe, Unsubscribe
from edgeops.localhub.mqtt.session import (
    IDENTIFIER_REJECTED,
    NOT_AUTHORIZED,
    UNACCEPTABLE_PROTOCOL,
    Event,
    MqttSession,
    ProtocolViolation,
)
from edgeops.localhub.mqtt.topics import MethodResponse, Telemetry, TwinGet, TwinReport
from edgeops.localhub.service import devices, twins
from edgeops.localhub.service.links import Name
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.json_text import parse_json
from edgeops.localhub.state.twins import DesiredChange

SECONDS_TO_CONNECT = 30.0
# Azure's load balancers close connections that are idle for longer, whatever the client asks.
LONGEST_SILENCE = 1767.0
MAX_SUBSCRIPTIONS = 5
_REFUSED_FILTER = 0x80

_log = logging.getLogger(__name__)


class Channel(Protocol):
    """Where the bytes of a connection go."""

    def write(self, data: bytes) -> None:
        """Send bytes, sooner or later."""

    def known(self) -> None:
        """The client has proved who it is."""

    def close(self) -> None:
        """End the connection once everything is sent."""


class DeviceConnection:
    """The hub's end of one MQTT connection; a `Link` of the hub once the device is let in."""

    __slots__ = (
        "_asked",
        "_began",
        "_broker",
        "_channel",
        "_clean",
        "_ended",
        "_expiry",
        "_heard",
        "_name",
        "_session",
        "_silence",
        "_subscriptions",
    )

    def __init__(self, broker: Broker, channel: Channel, now: float) -> None:
        self._broker = broker
        self._channel = channel
        self._session = MqttSession()
        self._asked: Iterator[Event | None] = iter(())
        self._name: Name | None = None
        self._subscriptions: dict[str, int] = {}
        self._clean = False
        self._ended = False
        self._began = self._heard = now
        self._silence = SECONDS_TO_CONNECT
        self._expiry = float("inf")
        broker.connections.add(self)

    # --- bytes, time and the end ----------------------------------------------------------

    def receive(self, data: bytes, now: float) -> None:
        """Take in what the client asks, for `work` to do. `now` in seconds of a monotonic clock."""
        self._asked = self._session.receive_data(data)
        self._heard = now

    def work(self, until: float = float("inf")) -> bool:
        """Do what the client has asked, until a moment (of `time.perf_counter`); gives if done."""
        try:
            for event in () if self._ended else self._asked:
                self._handle(event)
                if self._ended:
                    break
                if time.perf_counter() >= until:
                    return False
        except HubFault as fault:  # the device was deleted meanwhile
            self.close(fault.message)
        except Exception as error:
            _log.error(
                "the MQTT connection of %s failed: %s", self._name, describe_exception(error)
            )
            self.close("the local hub failed")
        finally:
            self._flush()
        return True

    def expire(self, now: float, wall: float) -> None:
        """Close when the client was silent for too long or its token has expired."""
        # Bytes of a stranger buy no time.
        if now - (self._began if self._name is None else self._heard) > self._silence:
            self.close("silent for too long")
        elif wall >= self._expiry:
            self.close("the token has expired")

    def close(self, reason: str, level: int = logging.INFO) -> None:
        """End the connection from this side."""
        if not self._ended:
            _log.log(level, "closing the MQTT connection of %s: %s", self._name, reason)
            self._flush()
            self.lost()
            self._channel.close()

    def lost(self) -> None:
        """The connection has ended, from whatever side."""
        if self._ended:
            return
        self._ended = True
        self._broker.connections.discard(self)
        if self._name is None:
            return
        if not self._clean:
            self._broker.keep_undelivered(self._name, self._session.unacknowledged)
        hub = self._broker.hub
        try:
            if hub.links.remove(self._name, self) and hub.store.entry(*self._name):
                devices.set_connected(hub, *self._name, connected=False)
        except Exception as error:
            _log.error(
                "the end of an MQTT connection could not be kept: %s", describe_exception(error)
            )

    def _flush(self) -> None:
        data = self._session.data_to_send()
        if data and not self._ended:
            self._channel.write(data)

    # --- what the hub tells the device ----------------------------------------------------

    def notify(self, change: DesiredChange) -> None:
        """Tell of changed desired properties."""
        payload = orjson.dumps({**change.patch, "$version": change.version})
        self._publish(topics.desired_change(change.version), payload)
        self._flush()

    def call(self, request: str, method: str, payload: bytes) -> bool:
        """Ask for a direct method; False when the device does not take them."""
        topic = topics.method(method, request)
        # Once at most: who asked may be gone when the device comes back.
        sent = self._publish(topic, payload, most_qos=0)
        self._flush()
        return sent

    def _publish(self, topic: str, payload: bytes, *, most_qos: int = 1) -> bool:
        """Send a message if a subscription wants it; gives whether one did."""
        granted = [
            qos for wanted, qos in self._subscriptions.items() if topics.matches(wanted, topic)
        ]
        if not granted or self._ended:
            return False
        if not self._session.publish(topic, payload, min(max(granted), most_qos)):
            self.close("it acknowledges too slowly")
            return False
        return True

    # --- what the device asks -------------------------------------------------------------

    def _handle(self, event: Event | None) -> None:
        match event:
            case Connect():
                self._connect(event)
            case Publish():
                self._published(event)
            case Subscribe():
                self._subscribe(event)
            case Unsubscribe():
                for topic_filter in event.filters:
                    self._subscriptions.pop(topic_filter, None)
                self._keep_subscriptions()
                self._session.unsubscribed(event)
            case Disconnect():
                self.close("the client has disconnected")
            case ProtocolViolation():
                # Of strangers anybody can send any number, and fill the log.
                self.close(event.reason, logging.WARNING if self._name else logging.INFO)

    def _connect(self, packet: Connect) -> None:
        code, claimed = self._judged(packet)
        if claimed is None:
            self._session.refuse(code)
            self.close(f"refused with code {code}")
            return
        hub, name = self._broker.hub, (claimed.device, claimed.module)
        self._channel.known()
        self._name, self._clean = name, packet.clean_session
        self._silence = min(1.5 * packet.keep_alive or LONGEST_SILENCE, LONGEST_SILENCE)
        if packet.clean_session:
            devices.end_session(hub, *name)
        kept = hub.store.subscriptions(*name)
        self._subscriptions = kept or {}
        if kept is None and not packet.clean_session:
            self._keep_subscriptions()
        hub.links.add(name, self)  # an older connection leaves its undelivered messages
        devices.set_connected(hub, *name, connected=True)
        self._session.accept(session_present=kept is not None)
        for message in self._broker.take_undelivered(name):
            if kept is not None:
                self._session.publish(message.topic, message.payload, message.qos, again=True)
        self._flush()
        hub.links.ready.notify_all()

    def _judged(self, packet: Connect) -> tuple[int, ClaimedIdentity | None]:
        """The code of CONNACK, and who was let in."""
        if (packet.protocol, packet.level) != ("MQTT", 4):
            return UNACCEPTABLE_PROTOCOL, None
        if not packet.client_id:
            return IDENTIFIER_REJECTED, None
        claimed = claim(packet.client_id, packet.username or "")
        if claimed is None:
            return NOT_AUTHORIZED, None
        token = (packet.password or b"").decode(errors="replace")
        try:
            self._expiry = devices.authenticate(
                self._broker.hub,
                claimed.host,
                claimed.device,
                claimed.module,
                token,
                self._broker.policies,
            )
        except HubFault:
            return NOT_AUTHORIZED, None
        return 0, claimed

    def _subscribe(self, packet: Subscribe) -> None:
        assert self._name is not None
        codes = []
        for topic_filter, qos in packet.filters:
            room = len(self._subscriptions) < MAX_SUBSCRIPTIONS or (
                topic_filter in self._subscriptions
            )
            if room and topics.may_subscribe(topic_filter, *self._name):
                self._subscriptions[topic_filter] = min(qos, 1)
                codes.append(min(qos, 1))
            else:
                codes.append(_REFUSED_FILTER)
        self._keep_subscriptions()
        self._session.subscribed(packet, codes)
        self._flush()
        self._broker.hub.links.ready.notify_all()

    def _keep_subscriptions(self) -> None:
        assert self._name is not None
        if not self._clean:
            devices.subscribe(self._broker.hub, *self._name, self._subscriptions)

    def _published(self, message: Publish) -> None:
        assert self._name is not None
        match topics.parse_topic(message.topic, *self._name):
            case TwinGet(request):
                twin = devices.twin_for_device(self._broker.hub, *self._name)
                self._publish(topics.twin_answer(200, request), orjson.dumps(twin), most_qos=0)
            case TwinReport(request):
                self._report(request, message.payload)
            case MethodResponse(request, status):
                links = self._broker.hub.links
                links.answered(self._name, request, status, message.payload)
            case Telemetry(properties):
                if message.retain:  # as Azure does: nothing is retained, the reader is told
                    properties["mqtt-retain"] = "true"
                devices.send_telemetry(self._broker.hub, *self._name, properties, message.payload)
            case None:
                self.close("a message on a topic that is not one of its own", logging.WARNING)
                return
        self._session.acknowledge(message)

    def _report(self, request: str, payload: bytes) -> None:
        assert self._name is not None
        try:
            version = twins.report(self._broker.hub, *self._name, parse_json(payload))
        except HubFault as fault:
            answer = orjson.dumps({"message": f"ErrorCode:{fault.code};{fault.message}"})
            self._publish(topics.twin_answer(fault.status, request), answer, most_qos=0)
        else:
            self._publish(topics.twin_answer(204, request, version), b"", most_qos=0)
