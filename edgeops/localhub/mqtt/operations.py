"""What the packets of a client count as, for throttles and faults."""

from __future__ import annotations

from edgeops.localhub.mqtt import topics
from edgeops.localhub.mqtt.packets import Connect, Publish
from edgeops.localhub.mqtt.session import SessionEvent
from edgeops.localhub.mqtt.topics import Telemetry, TwinGet, TwinReport
from edgeops.localhub.service.links import Name
from edgeops.localhub.state.throttles import OperationKind

SERVER_UNAVAILABLE = 3  # a code of CONNACK; clients try again


def kind_of(event: SessionEvent | None, name: Name | None) -> OperationKind | None:
    """The kind of operation that a client asks for; None for what has no throttle."""
    match event:
        case Connect():
            return OperationKind.CONNECT
        case Publish() if name is not None:
            match topics.parse_topic(event.topic, *name):
                case TwinGet():
                    return OperationKind.TWIN_READ
                case TwinReport():
                    return OperationKind.TWIN_WRITE
                case Telemetry():
                    return OperationKind.TELEMETRY
    return None
