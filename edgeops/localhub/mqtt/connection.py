"""The MQTT connection of one device or module: requests to the hub, notifications to the client.

It does no I/O of its own: bytes are sent through a `Channel`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Protocol

import orjson

from edgeops.localhub.failures import describe_exception
from edgeops.localhub.mqtt import topics
from edgeops.localhub.mqtt.broker import MAX_UNDELIVERED, Broker
from edgeops.localhub.mqtt.identity import ClaimedIdentity, claimed_identity
from edgeops.localhub.mqtt.packets import Connect, Disconnect, Publish, Subscribe, Unsubscribe
from edgeops.localhub.mqtt.session import (
    ACCEPTED,
    IDENTIFIER_REJECTED,
    NOT_AUTHORIZED,
    UNACCEPTABLE_PROTOCOL,
    MqttSession,
    ProtocolViolation,
    SessionEvent,
)
from edgeops.localhub.mqtt.topics import MethodResponse, Telemetry, TwinGet, TwinReport
from edgeops.localhub.routing import InputMessage
from edgeops.localhub.service import devices, gateways, twins
from edgeops.localhub.service.links import Name
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.json_text import parse_json
from edgeops.localhub.state.twins import DesiredChange

SECONDS_TO_CONNECT = 30.0
# Azure's load balancers close connections that are idle for longer, whatever keep-alive is set.
MAX_IDLE_SECONDS = 1767.0
MAX_SUBSCRIPTIONS = 5
_REFUSED_FILTER = 0x80

_log = logging.getLogger(__name__)


class Channel(Protocol):
    """Sends the bytes of a connection."""

    def write(self, data: bytes) -> None:
        """Send bytes, now or later."""

    def authenticated(self) -> None:
        """The client has proved its identity."""

    def close(self) -> None:
        """Close the connection once everything is sent."""


class DeviceConnection:
    """The hub's end of one MQTT connection; a `Link` of the hub once the client is accepted."""

    __slots__ = (
        "_broker",
        "_channel",
        "_clean_session",
        "_closed",
        "_events",
        "_last_received",
        "_max_idle",
        "_name",
        "_opened",
        "_session",
        "_subscriptions",
        "_token_expiry",
    )

    def __init__(self, broker: Broker, channel: Channel, now: float) -> None:
        self._broker = broker
        self._channel = channel
        self._session = MqttSession()
        self._events: Iterator[SessionEvent | None] = iter(())
        self._name: Name | None = None
        self._subscriptions: dict[str, int] = {}
        self._clean_session = False
        self._closed = False
        self._opened = self._last_received = now
        self._max_idle = SECONDS_TO_CONNECT
        self._token_expiry = float("inf")

    # --- bytes, time and closing ----------------------------------------------------------

    def receive(self, data: bytes, now: float) -> None:
        """Take in bytes for `work` to process; `now` is in seconds of a monotonic clock."""
        self._events = self._session.receive_data(data)
        self._last_received = now

    def work(self, until: float = float("inf")) -> bool:
        """Process what was received until a `time.perf_counter` time; gives whether it is done."""
        try:
            for event in () if self._closed else self._events:
                self._handle(event)
                if self._closed:
                    break
                if time.perf_counter() >= until:
                    return False
        except HubFault as fault:  # the device has been deleted
            self.close(fault.message)
        except Exception as error:
            reason = describe_exception(error)
            _log.error("the MQTT connection of %s failed: %s", self._name, reason)
            self.close("the local hub failed")
        finally:
            self._flush()
        return True

    def expire(self, now: float) -> None:
        """Close when the client was idle for too long or its token has expired."""
        # Until the client has authenticated, its bytes do not extend the time.
        active = self._opened if self._name is None else self._last_received
        if now - active > self._max_idle:
            self.close("idle for too long")
        elif self._broker.hub.clock().timestamp() >= self._token_expiry:
            self.close("the token has expired")

    def close(self, reason: str, level: int = logging.INFO) -> None:
        """Close the connection from the hub's side."""
        if not self._closed:
            _log.log(level, "closing the MQTT connection of %s: %s", self._name, reason)
            self._flush()
            self.lost()
            self._channel.close()

    def lost(self) -> None:
        """The connection has ended, whichever side closed it."""
        if self._closed:
            return
        self._closed = True
        if self._name is None:
            return
        if not self._clean_session:
            self._broker.keep_undelivered(self._name, self._session.unacknowledged)
        hub = self._broker.hub
        try:
            if hub.links.remove(self._name, self) and hub.store.entry(*self._name):
                devices.set_connected(hub, *self._name, connected=False)
        except Exception as error:
            reason = describe_exception(error)
            _log.error("cannot record the end of an MQTT connection: %s", reason)

    def _flush(self) -> None:
        data = self._session.data_to_send()
        if data and not self._closed:
            self._channel.write(data)

    # --- from the hub to the client -------------------------------------------------------

    def notify(self, change: DesiredChange) -> None:
        """Send a change of the desired properties."""
        payload = orjson.dumps({**change.patch, "$version": change.version})
        self._publish(topics.desired_change(change.version), payload)
        self._flush()

    def call(self, request: str, method: str, payload: bytes) -> bool:
        """Send a direct method; False when the client does not subscribe to methods."""
        topic = topics.method(method, request)
        # At most once: the caller may be gone when the device reconnects.
        sent = self._publish(topic, payload, max_qos=0)
        self._flush()
        return sent

    def deliver(self, message: InputMessage) -> bool:
        """Send a message for an input; False when the client does not take it now."""
        assert self._name is not None
        if self._session.unacknowledged_count >= MAX_UNDELIVERED:  # what is kept if it goes away
            return False
        topic = topics.module_input(*self._name, message)
        if not self._session.has_room(topic, message.payload):
            return False
        if len(topic) > topics.MAX_TOPIC_BYTES:
            _log.warning("a message for %s was dropped: its properties are too long", self._name)
            return True
        sent = self._publish(topic, message.payload)
        self._flush()
        return sent

    def _publish(self, topic: str, payload: bytes, *, max_qos: int = 1) -> bool:
        """Send a message if a subscription matches; gives whether it was sent."""
        granted = [
            qos
            for topic_filter, qos in self._subscriptions.items()
            if topics.matches(topic_filter, topic)
        ]
        if not granted or self._closed:
            return False
        if not self._session.publish(topic, payload, min(max(granted), max_qos)):
            self.close("the client acknowledges messages too slowly")
            return False
        return True

    # --- from the client to the hub -------------------------------------------------------

    def _handle(self, event: SessionEvent | None) -> None:
        match event:
            case None:
                self._deliver_waiting()
            case Connect():
                self._connect(event)
            case Publish():
                self._published(event)
            case Subscribe():
                self._subscribe(event)
            case Unsubscribe():
                for topic_filter in event.filters:
                    self._subscriptions.pop(topic_filter, None)
                self._save_subscriptions()
                self._session.unsubscribed(event)
            case Disconnect():
                self.close("the client has disconnected")
            case ProtocolViolation():
                # Unauthenticated clients could fill the log with warnings.
                self.close(event.reason, logging.WARNING if self._name else logging.INFO)

    def _connect(self, packet: Connect) -> None:
        code, identity = self._authenticate(packet)
        if identity is None:
            self._session.refuse(code)
            self.close(f"refused with code {code}")
            return
        hub, name = self._broker.hub, (identity.device, identity.module)
        self._channel.authenticated()
        self._name, self._clean_session = name, packet.clean_session
        self._max_idle = min(1.5 * packet.keep_alive or MAX_IDLE_SECONDS, MAX_IDLE_SECONDS)
        if packet.clean_session:
            hub.store.delete_subscriptions(*name)
        saved = hub.store.subscriptions(*name)
        self._subscriptions = saved or {}
        if saved is None:
            self._save_subscriptions()
        hub.links.add(name, self)  # closes an older connection, whose undelivered messages stay
        devices.set_connected(hub, *name, connected=True, model=identity.model)
        self._session.accept(session_present=saved is not None)
        for message in self._broker.take_undelivered(name):
            if saved is not None:
                self._session.publish(message.topic, message.payload, message.qos, again=True)
        self._flush()
        self._deliver_waiting()
        hub.links.ready.notify_all()

    def _authenticate(self, packet: Connect) -> tuple[int, ClaimedIdentity | None]:
        """The code for CONNACK, and the identity that was accepted."""
        if (packet.protocol, packet.level) != ("MQTT", 4):
            return UNACCEPTABLE_PROTOCOL, None
        if not packet.client_id:
            return IDENTIFIER_REJECTED, None
        identity = claimed_identity(packet.client_id, packet.username or "")
        if identity is None:
            return NOT_AUTHORIZED, None
        token = (packet.password or b"").decode(errors="replace")
        hub, policies = self._broker.hub, self._broker.policies
        try:
            self._token_expiry = devices.authenticate(
                hub, identity.host, identity.device, identity.module, token, policies
            )
        except HubFault:
            return NOT_AUTHORIZED, None
        return ACCEPTED, identity

    def _subscribe(self, packet: Subscribe) -> None:
        assert self._name is not None
        codes = []
        for topic_filter, qos in packet.filters:
            full = len(self._subscriptions) >= MAX_SUBSCRIPTIONS
            fits = not full or topic_filter in self._subscriptions
            if fits and topics.may_subscribe(topic_filter, *self._name):
                self._subscriptions[topic_filter] = min(qos, 1)
                codes.append(min(qos, 1))
            else:
                codes.append(_REFUSED_FILTER)
        self._save_subscriptions()
        self._session.subscribed(packet, codes)
        self._flush()
        self._deliver_waiting()
        self._broker.hub.links.ready.notify_all()

    def _deliver_waiting(self) -> None:
        if self._name is not None:
            gateways.deliver_waiting(self._broker.hub, *self._name)

    def _save_subscriptions(self) -> None:
        assert self._name is not None
        if not self._clean_session:
            self._broker.hub.store.save_subscriptions(*self._name, self._subscriptions)

    def _published(self, message: Publish) -> None:
        assert self._name is not None
        hub = self._broker.hub
        match topics.parse_topic(message.topic, *self._name):
            case TwinGet(request):
                twin = devices.twin_for_device(hub, *self._name)
                self._publish(topics.twin_response(200, request), orjson.dumps(twin), max_qos=0)
            case TwinReport(request):
                self._report(request, message.payload)
            case MethodResponse(request, status):
                hub.links.method_responded(self._name, request, status, message.payload)
            case Telemetry(properties):
                if message.retain:  # as on Azure: nothing is retained, the reader sees the flag
                    properties["mqtt-retain"] = "true"
                devices.send_telemetry(hub, *self._name, properties, message.payload)
            case None:
                self.close("a message on a topic that is not one of its own", logging.WARNING)
                return
        self._session.acknowledge(message)

    def _report(self, request: str, payload: bytes) -> None:
        assert self._name is not None
        try:
            version = twins.report(self._broker.hub, *self._name, parse_json(payload))
        except HubFault as fault:
            body = orjson.dumps({"message": f"ErrorCode:{fault.code};{fault.message}"})
            self._publish(topics.twin_response(fault.status, request), body, max_qos=0)
        else:
            self._publish(topics.twin_response(204, request, version), b"", max_qos=0)
            devices.route_twin_change(self._broker.hub, *self._name, payload)
