"""Who may connect: the rules for CONNECT, with a reason for every refusal."""

from __future__ import annotations

from dataclasses import dataclass

from edgeops.localhub.client_certificate import ClientCertificate
from edgeops.localhub.mqtt import topics
from edgeops.localhub.mqtt.broker import Broker
from edgeops.localhub.mqtt.identity import claimed_identity
from edgeops.localhub.mqtt.packets import Connack, Connack5, Connect, Will
from edgeops.localhub.mqtt.topics import Telemetry
from edgeops.localhub.service import devices
from edgeops.localhub.service.links import Name
from edgeops.localhub.state.errors import InvalidToken
from edgeops.localhub.stranger_log import shown

UNACCEPTABLE_PROTOCOL = 1
IDENTIFIER_REJECTED = 2
NOT_AUTHORIZED = 5
# The names that versions of MQTT have in CONNECT; the level tells 3.1.1 from 5.
_VERSIONS = {("MQIsdp", 3): "MQTT 3.1", ("MQTT", 5): "MQTT 5"}
_UNSUPPORTED_VERSION = 0x84  # a reason code of MQTT 5


@dataclass(frozen=True, slots=True)
class LastWill:
    """The telemetry that a device leaves for when its connection ends without DISCONNECT."""

    properties: dict[str, str]
    payload: bytes


@dataclass(frozen=True, slots=True)
class Admitted:
    """A client that may connect; `token_expiry` is in Unix seconds, infinite without a token.

    `model` is the id of the Plug and Play model that it named, empty for none.
    """

    name: Name
    model: str
    token_expiry: float
    will: LastWill | None


class ClientRefused(Exception):
    """The client may not connect: the answer that it gets, and the reason for the hub's log."""

    def __init__(self, answer: Connack | Connack5, why: str) -> None:
        super().__init__(why)
        self.answer = answer
        self.why = why


def admit(broker: Broker, packet: Connect, certificate: ClientCertificate | None) -> Admitted:
    """The identity that a client has proved with its CONNECT, or a certificate.

    Raises `ClientRefused`.
    """
    if (packet.protocol, packet.level) != ("MQTT", 4):
        raise _unsupported(packet)
    if not packet.client_id:
        raise _refused(packet, "its client id is empty", IDENTIFIER_REJECTED)
    username = packet.username or ""
    identity = claimed_identity(packet.client_id, username)
    if identity is None:
        raise _refused(packet, _why_unclear(packet.client_id, username))
    name = (identity.device, identity.module)
    token = (packet.password or b"").decode(errors="replace")
    try:
        expiry = devices.authenticate(
            broker.hub, identity.host, name, token, certificate, broker.policies
        )
    except InvalidToken as fault:
        raise _refused(packet, fault.why) from fault
    return Admitted(name, identity.model, expiry, _last_will(broker, name, packet.will))


def _last_will(broker: Broker, name: Name, will: Will | None) -> LastWill | None:
    """A Will on the telemetry topic; others are ignored, since there is nobody to send them to.

    Source: "Communicate with an IoT hub using the MQTT protocol", Microsoft Learn.
    """
    if will is None:
        return None
    request = topics.parse_topic(will.topic, *name)
    if not isinstance(request, Telemetry):
        broker.strangers.warn(
            f"the Will of {shown('/'.join(filter(None, name)))} is ignored: its topic "
            f"{shown(will.topic)} does not start with {topics.root(*name)}messages/events/"
        )
        return None
    retained = {"mqtt-retain": "true"} if will.retain else {}
    marked = {**request.properties, **retained, "iothub-MessageType": "Will"}
    return LastWill(marked, will.payload)


def _refused(packet: Connect, why: str, code: int = NOT_AUTHORIZED) -> ClientRefused:
    who = shown(packet.client_id)
    return ClientRefused(Connack(False, code), f"refused the MQTT client {who}: {why}")


def _why_unclear(client_id: str, username: str) -> str:
    """Why a client id and a username claim no identity."""
    form = "{host name of the hub}/{client id}/?api-version=..."
    _, _, rest = username.partition("/")
    if not username:
        return f"it has no username; it must be {form}"
    if rest == client_id or rest.startswith(f"{client_id}/"):
        return "its client id is not that of a device or module, or its username has no host name"
    return f"its username {shown(username)} is not {form}"


def _unsupported(packet: Connect) -> ClientRefused:
    version = _VERSIONS.get(
        (packet.protocol, packet.level), f"{shown(packet.protocol)} level {packet.level}"
    )
    why = f"it speaks {version}, and this hub speaks MQTT 3.1.1 only"
    answer: Connack | Connack5 = Connack(False, UNACCEPTABLE_PROTOCOL)
    if version == "MQTT 5":
        answer = Connack5(_UNSUPPORTED_VERSION, "This hub speaks MQTT 3.1.1 only.")
    return ClientRefused(answer, f"refused an MQTT client: {why}")
