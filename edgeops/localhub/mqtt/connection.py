"""The MQTT connection of one device or module: requests to the hub, notifications to the client.

It does no I/O of its own: bytes are sent through a `Channel`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import orjson

from edgeops.localhub.failures import describe_exception
from edgeops.localhub.faults import NO_FAULT, Fault
from edgeops.localhub.mqtt import topics, twin_requests
from edgeops.localhub.mqtt.admission import ClientRefused, LastWill, admit
from edgeops.localhub.mqtt.broker import Broker
from edgeops.localhub.mqtt.channel import Channel
from edgeops.localhub.mqtt.inbox import CloudInbox
from edgeops.localhub.mqtt.operations import SERVER_UNAVAILABLE, kind_of
from edgeops.localhub.mqtt.outbox import Outbox, TooSlow
from edgeops.localhub.mqtt.packets import (
    Connack,
    Connect,
    Disconnect,
    Puback,
    Publish,
    Subscribe,
    Unsubscribe,
)
from edgeops.localhub.mqtt.session import MqttSession, ProtocolViolation, SessionEvent
from edgeops.localhub.mqtt.topics import MethodResponse, Telemetry, TwinGet, TwinReport
from edgeops.localhub.routing import InputMessage
from edgeops.localhub.service import devices, gateways
from edgeops.localhub.service.links import Name
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.twins import DesiredChange

SECONDS_TO_CONNECT = 30.0
# Azure's load balancers close connections that are idle for longer, whatever keep-alive is set.
MAX_IDLE_SECONDS = 1767.0

_log = logging.getLogger(__name__)


class DeviceConnection:
    """The hub's end of one MQTT connection; a `Link` of the hub once the client is accepted."""

    __slots__ = (
        "_broker",
        "_channel",
        "_clean_session",
        "_closed",
        "_events",
        "_inbox",
        "_last_received",
        "_max_idle",
        "_name",
        "_opened",
        "_outbox",
        "_session",
        "_token_expiry",
        "_waiting",
        "_will",
        "pause",
    )

    def __init__(self, broker: Broker, channel: Channel, now: float) -> None:
        self._broker = broker
        self._channel = channel
        self._session = MqttSession()
        self._events: Iterator[SessionEvent | None] = iter(())
        self._name: Name | None = None
        self._outbox = Outbox(self._session)
        self._inbox: CloudInbox | None = None  # of a device; a module has none
        self._clean_session = False
        self._closed = False
        self._opened = self._last_received = now
        self._max_idle = SECONDS_TO_CONNECT
        self._token_expiry = float("inf")
        self._will: LastWill | None = None
        self._waiting: tuple[SessionEvent, Fault] | None = None
        self.pause = 0.0  # seconds to wait before `work` is called again

    # --- bytes, time and closing ----------------------------------------------------------

    def receive(self, data: bytes, now: float) -> None:
        """Take in bytes for `work` to process; `now` is in seconds of a monotonic clock."""
        self._events = self._session.receive_data(data)
        self._last_received = now

    def work(self, until: float = float("inf")) -> bool:
        """Process what was received until a `time.perf_counter` time; gives whether it is done.

        It is also done for now when the client has to wait for `pause` seconds.
        """
        self.pause = 0.0
        try:
            if self._waiting is not None and not self._closed:
                (delayed, fault), self._waiting = self._waiting, None
                self._handle_with(fault, delayed)
            for event in () if self._closed else self._events:
                self._admit(event)
                if self._closed or self.pause:
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
        hub = self._broker.hub
        current = hub.links.remove(self._name, self)
        try:
            if self._inbox is not None:
                self._inbox.release()
            if hub.store.entry(*self._name) is None:
                return
            if not self._clean_session:
                self._broker.keep_undelivered(self._name, self._session.unacknowledged)
            if current:
                devices.set_connected(hub, *self._name, connected=False)
            if self._will is not None:
                devices.send_telemetry(hub, *self._name, self._will.properties, self._will.payload)
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
        sent = not self._closed and self._outbox.publish_input(self._name, message)
        self._flush()
        return sent

    def take_cloud_messages(self) -> None:
        """Send what waits in the queue of the device, as much as the client may have now."""
        try:
            if self._inbox is not None and not self._closed:
                self._inbox.take()
        except TooSlow as slow:
            self.close(str(slow))
        self._flush()

    def _publish(self, topic: str, payload: bytes, *, max_qos: int = 1) -> bool:
        """Send a message if a subscription matches; gives whether it was sent."""
        try:
            return not self._closed and self._outbox.publish(topic, payload, max_qos=max_qos)
        except TooSlow as slow:
            self.close(str(slow))
            return False

    # --- from the client to the hub -------------------------------------------------------

    def _admit(self, event: SessionEvent | None) -> None:
        """Handle what a client sends as the conditions of the hub have it."""
        admission = self._broker.hub.admission
        kind = kind_of(event, self._name) if admission.active else None
        if event is None or kind is None:
            self._handle(event)
            return
        try:
            seconds = admission.wait(kind)
        except HubFault as refusal:
            self._answer_error(refusal, event)
            return
        fault = admission.fault(kind) or NO_FAULT
        if seconds + fault.delay:
            self._waiting, self.pause = (event, fault), seconds + fault.delay
        else:
            self._handle_with(fault, event)

    def _handle_with(self, fault: Fault, event: SessionEvent) -> None:
        if fault.status is not None:
            self._answer_error(HubFault(fault.status, fault.code, "Injected by a test."), event)
        elif not fault.drop:
            self._handle(event)
        else:
            if fault.done:
                self._handle(event)
            self._session.data_to_send()  # which never arrives
            self.close("a fault of the conditions")

    def _answer_error(self, error: HubFault, event: SessionEvent) -> None:
        """Answer a twin request with an error, refuse a CONNECT, and close for the rest."""
        if isinstance(event, Publish) and self._name is not None:
            request = topics.parse_topic(event.topic, *self._name)
            if isinstance(request, TwinGet | TwinReport):
                self._publish(*twin_requests.refusal(request, error), max_qos=0)
                self._session.acknowledge(event)
                return
        if isinstance(event, Connect):
            self._session.refuse(Connack(False, SERVER_UNAVAILABLE))
        self.close(error.message)

    def _handle(self, event: SessionEvent | None) -> None:
        match event:
            case None:
                self._deliver_waiting()
            case Puback():
                if self._inbox is not None:
                    self._inbox.acknowledged(event.packet_id)
                self._deliver_waiting()
            case Connect():
                self._connect(event)
            case Publish():
                self._published(event)
            case Subscribe():
                self._subscribe(event)
            case Unsubscribe():
                for topic_filter in event.filters:
                    self._outbox.filters.pop(topic_filter, None)
                self._save_subscriptions()
                self._session.unsubscribed(event)
            case Disconnect():
                self._will = None
                self.close("the client has disconnected")
            case ProtocolViolation():
                self._violated(event)

    def _violated(self, violation: ProtocolViolation) -> None:
        if self._name is not None:
            self.close(violation.reason, logging.WARNING)
            return
        self._channel.write(self._broker.turn_away(self._session.unreadable, violation.reason))
        self.close(violation.reason)

    def _connect(self, packet: Connect) -> None:
        try:
            admitted = admit(self._broker, packet, self._channel.certificate())
        except ClientRefused as refused:
            self._session.refuse(refused.answer)
            self._broker.strangers.warn(refused.why)
            self.close("refused")
            return
        hub, name = self._broker.hub, admitted.name
        self._channel.authenticated()
        self._name, self._clean_session = name, packet.clean_session
        self._token_expiry, self._will = admitted.token_expiry, admitted.will
        self._max_idle = min(1.5 * packet.keep_alive or MAX_IDLE_SECONDS, MAX_IDLE_SECONDS)
        if packet.clean_session:
            hub.store.delete_subscriptions(*name)
        saved = hub.store.subscriptions(*name)
        self._outbox.filters = saved or {}
        if not name[1]:
            self._inbox = CloudInbox(hub, name[0], self._outbox)
        if saved is None:
            self._save_subscriptions()
        # First of all, since the Will of an older connection may be a message for this one.
        self._session.accept(session_present=saved is not None)
        hub.links.add(name, self)  # closes an older connection, whose undelivered messages stay
        devices.set_connected(hub, *name, connected=True, model=admitted.model)
        undelivered = self._broker.take_undelivered(name)
        if saved is not None:
            self._outbox.publish_again(undelivered)
        self._flush()
        self._deliver_waiting()
        hub.links.ready.notify_all()

    def _subscribe(self, packet: Subscribe) -> None:
        assert self._name is not None
        codes = self._outbox.subscribe(packet.filters, self._name)
        self._save_subscriptions()
        self._session.subscribed(packet, codes)
        self._flush()
        self._deliver_waiting()
        self._broker.hub.links.ready.notify_all()

    def _deliver_waiting(self) -> None:
        if self._name is not None:
            gateways.deliver_waiting(self._broker.hub, *self._name)
            self.take_cloud_messages()

    def _save_subscriptions(self) -> None:
        assert self._name is not None
        if not self._clean_session:
            self._broker.hub.store.save_subscriptions(*self._name, self._outbox.filters)
        if self._inbox is not None:
            self._inbox.subscriptions_changed(lasting=not self._clean_session)

    def _published(self, message: Publish) -> None:
        assert self._name is not None
        hub = self._broker.hub
        match topics.parse_topic(message.topic, *self._name):
            case TwinGet() | TwinReport() as request:
                answer = twin_requests.response(hub, self._name, request, message.payload)
                self._publish(*answer, max_qos=0)
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
