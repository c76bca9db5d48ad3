"""Requests that got no answer, as `Unreachable` errors with a message and a hint."""

from __future__ import annotations

from enum import StrEnum

from edgeops.hub.port import HubError, Unreachable
from edgeops.hub.retry import Transient


class Failure(StrEnum):
    """Why there was no answer."""

    DNS = "dns"
    REFUSED = "refused"
    TLS = "tls"
    PROXY = "proxy"
    TIMEOUT = "timeout"
    CUT = "cut"
    TOO_LARGE = "too-large"


_NETWORK_HINT = "check the network; repeating the command does no harm"

_NO_ANSWER: dict[Failure, tuple[str, str]] = {
    Failure.DNS: (
        "cannot find the address of {hub}",
        "check the hostname of the hub in the Fleet manifest, and the network",
    ),
    Failure.REFUSED: (
        "{hub} does not accept connections",
        "is the hub running, and is its port right?",
    ),
    Failure.TLS: (
        "cannot make a trusted TLS connection to {hub}",
        "behind a proxy that inspects TLS, set SSL_CERT_FILE to a file with its CA certificate; "
        "a local hub that was reset has a new CA",
    ),
    Failure.PROXY: (
        "the proxy does not connect to {hub}",
        "check HTTPS_PROXY and NO_PROXY",
    ),
    Failure.TIMEOUT: ("{hub} did not answer in time", _NETWORK_HINT),
    Failure.CUT: ("the connection to {hub} was cut", _NETWORK_HINT),
    Failure.TOO_LARGE: (
        "{hub} sent more than the largest possible answer",
        "is this the hostname of an IoT Hub?",
    ),
}

_PASSING = (Failure.REFUSED, Failure.TIMEOUT, Failure.CUT)


def no_answer(failure: Failure, hub: str) -> HubError | Transient:
    """The error of a request without an answer; `Transient` where a repeat may help."""
    message, hint = _NO_ANSWER[failure]
    error = Unreachable(message.format(hub=hub), hint)
    return Transient(error) if failure in _PASSING else error
