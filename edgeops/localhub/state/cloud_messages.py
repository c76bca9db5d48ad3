"""Cloud-to-device messages and the feedback on them.

Sources: "Understand cloud-to-device messaging from an IoT hub" and "Create and
read IoT Hub messages", Microsoft Learn. Services send by AMQP on Azure, which this
emulator does not speak; its own operation has the names of headers that the
operations of devices have by HTTPS.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.limits import MAX_ID
from edgeops.localhub.state import errors
from edgeops.localhub.state.message_queue import Outcome
from edgeops.localhub.state.spelling import spelled_as

MAX_QUEUED = 50  # of a device
MAX_BYTES = 64 * 1024  # the body, the values of system properties, and the other properties
TIME_TO_LIVE = timedelta(hours=1)
MAX_FEEDBACK_RECORDS = 64  # of a feedback message
ACKS = ("none", "positive", "negative", "full")

# Percent-encoded in a topic of MQTT, which can have 65,535 bytes.
_MAX_ENCODED_PROPERTIES = 60_000
_MESSAGE_ID = frozenset(string.ascii_letters + string.digits + "-:.+%_#*?!(),=@;$'")
_NAME = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~")
_PRINTABLE = frozenset(map(chr, range(0x20, 0x7F)))


@dataclass(frozen=True, slots=True)
class CloudMessage:
    """A message to a device.

    `system` has its system properties by their names on the wire of MQTT (`$.mid`, `$.cid`,
    `$.uid`, `$.ct`, `$.ce`, and `$.exp` if the sender has set a time), `properties` the
    others. `ack` is empty when the sender has not said it. Times are in Unix seconds.
    """

    device: str
    to: str
    system: Mapping[str, str]
    properties: Mapping[str, str]
    ack: str
    enqueued: float
    expires: float

    @property
    def id(self) -> str:
        """The message id, empty if the sender has set none."""
        return self.system.get("$.mid", "")

    def bag(self) -> dict[str, str]:
        """All properties as MQTT topics have them."""
        first = {key: self.system[key] for key in ("$.mid", "$.exp") if key in self.system}
        ack = {"iothub-ack": self.ack} if self.ack else {}
        return {**first, "$.to": self.to, **self.system, **ack, **self.properties}


def cloud_message(
    to: str,
    system: Mapping[str, str],
    properties: Mapping[str, str],
    ack: str,
    payload: bytes,
    now: datetime,
) -> CloudMessage:
    """The message that a service sends at a time; `system` may hold the expiry as `$.exp`.

    Raises `HubFault` 400 and 413.
    """
    device = _device(to)
    kept = {name: value for name, value in system.items() if value}
    size = len(payload)
    size += sum(map(len, (*kept.values(), *properties, *properties.values(), to)))
    if size > MAX_BYTES:
        raise errors.message_too_big(MAX_BYTES)
    _check_texts(kept, properties)
    spelled = spelled_as(ACKS, ack) if ack else ""
    if spelled is None:
        raise errors.invalid(f"'iothub-ack' must be one of {', '.join(ACKS)}.")
    expires = _time(kept["$.exp"]) if "$.exp" in kept else now + TIME_TO_LIVE
    if expires <= now:
        raise errors.invalid("'iothub-expiry' is in the past.")
    times = (now.timestamp(), expires.timestamp())
    return CloudMessage(device, to, kept, dict(properties), spelled, *times)


def valid_property_name(name: str) -> bool:
    """Whether a property of a message can have this name."""
    return bool(name) and _NAME.issuperset(name)


def wants_feedback(ack: str, outcome: Outcome) -> bool:
    """Whether the sender of a message that ended so gets feedback."""
    return ack == "full" or ack == ("positive" if outcome == "Success" else "negative")


def feedback_record(
    message: CloudMessage, generation: str, outcome: Outcome, timestamp: str
) -> JsonObject:
    """The feedback on a message; `generation` is that of the device, `timestamp` when it ended."""
    return {
        "originalMessageId": message.id,
        "description": outcome,
        "deviceGenerationId": generation,
        "deviceId": message.device,
        "enqueuedTimeUtc": timestamp,
        "statusCode": outcome,
    }


def shown_time(seconds: float) -> str:
    """A time (in Unix seconds) as Azure writes it in headers: `12/22/2017 12:14:12 AM`, in UTC."""
    at = datetime.fromtimestamp(seconds, UTC)
    half = "AM" if at.hour < 12 else "PM"
    return f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M:%S} {half}"


def _device(to: str) -> str:
    """The device that a message is for. Raises `HubFault` 400; modules get no such messages."""
    match to.split("/"):
        case ["", "devices", device, "messages", inbox] if inbox.lower() == "devicebound":
            return unquote(device)
    raise errors.invalid("'iothub-to' must be /devices/{device}/messages/devicebound.")


def _check_texts(system: Mapping[str, str], properties: Mapping[str, str]) -> None:
    message_id = system.get("$.mid", "")
    if len(message_id) > MAX_ID or not _MESSAGE_ID.issuperset(message_id):
        raise errors.invalid(
            "'iothub-messageid' has at most 128 ASCII letters, digits and -:.+%_#*?!(),=@;$'"
        )
    if not all(map(valid_property_name, properties)):
        raise errors.invalid("The name of a property has ASCII letters, digits and !#$%&'*+-.^_`|~")
    values: Iterable[str] = (*system.values(), *properties.values())
    if not all(_PRINTABLE.issuperset(value) for value in values):
        raise errors.invalid("The properties of a message must be printable ASCII.")
    encoded = (quote(text, safe="") for pair in properties.items() for text in pair)
    if sum(map(len, encoded)) > _MAX_ENCODED_PROPERTIES:
        raise errors.invalid("The properties of the message are too long for a topic of MQTT.")


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        mistake = "'iothub-expiry' must be a time such as 2026-01-02T03:04:05Z."
        raise errors.invalid(mistake) from None
