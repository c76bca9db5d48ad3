"""Turns error responses and failed requests into `HubError`s with a message and a hint.

Error names and numbers: "Understand and resolve Azure IoT Hub errors", Microsoft Learn.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from edgeops.fleet.secrets import mask
from edgeops.hub.port import (
    AlreadyExists,
    EtagMismatch,
    HubError,
    NotFound,
    Unauthorized,
    Unreachable,
)
from edgeops.hub.retry import Transient


@dataclass(frozen=True, slots=True)
class Answer:
    """The response of a hub to one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Subject:
    """What a request was for, to be named in the message of its error."""

    hub: str
    device: str | None = None
    module: str | None = None

    def __str__(self) -> str:
        if self.device is None:
            return "a query"
        if self.module is None:
            return f"device '{self.device}'"
        return f"module '{self.module}' of device '{self.device}'"


_CREDENTIALS_HINT = (
    "check that the key belongs to this hub and was not regenerated, that its policy has the "
    "permissions service and registryReadWrite, and that the clock of this machine is correct"
)
_PERMISSION_HINT = (
    "reading and writing twins needs the policy `service` or the role IoT Hub Twin Contributor; "
    "creating and deleting devices and modules also `registryReadWrite` or IoT Hub Registry "
    "Contributor"
)
_THROTTLE_HINT = (
    "check `sku` and `units` of this hub in the Fleet manifest, and whether another client is "
    "using the hub"
)

_Explanation = tuple[type[HubError], str, str]

_BY_CODE: dict[str, _Explanation] = {
    "DeviceNotFound": (NotFound, "device '{subject.device}' is not on the hub", ""),
    "ModuleNotFound": (NotFound, "{subject} is not on the hub", ""),
    "SystemModuleModifyUnauthorizedAccess": (
        HubError,
        "{subject} is a system module: its twin cannot be patched",
        "system modules are written through an edge deployment",
    ),
    "IotHubQuotaExceeded": (
        HubError,
        "the daily message quota of hub {subject.hub} is exhausted",
        "twin operations count towards it; wait for its reset at 00:00 UTC, or add units",
    ),
    "OperationNotAvailableInCurrentTier": (
        HubError,
        "the tier of hub {subject.hub} does not support this operation",
        "use the Free or a Standard tier, which twins and edge deployments need",
    ),
    "DeviceModelMaxPropertiesExceeded": (
        HubError,
        "{subject} would be too large: {text}",
        "the limit is 8 KB for tags and 32 KB for desired properties",
    ),
    "ApplyConfigurationAlreadyInProgressOnDevice": (
        HubError,
        "another deployment to {subject} is in progress",
        "try again in a moment",
    ),
    "TooManyDevices": (HubError, "hub {subject.hub} has reached its limit of devices", ""),
    "TooManyModulesOnDevice": (
        HubError,
        "device '{subject.device}' has reached its limit of modules",
        "a device can have at most 50 modules; remove one",
    ),
}

_BY_STATUS: dict[int, _Explanation] = {
    400: (HubError, "the hub rejected the request for {subject}: {text}", ""),
    401: (Unauthorized, "hub {subject.hub} refused the credentials ({subject})", _CREDENTIALS_HINT),
    403: (Unauthorized, "hub {subject.hub} denied access to {subject}: {text}", _PERMISSION_HINT),
    404: (NotFound, "{subject} is not on the hub", ""),
    409: (AlreadyExists, "{subject} already exists on the hub", ""),
    412: (EtagMismatch, "{subject} was changed by another client", ""),
    413: (HubError, "the request for {subject} is too large: {text}", ""),
    429: (HubError, "hub {subject.hub} is throttling requests for {subject}", _THROTTLE_HINT),
}

_FAILED: _Explanation = (
    HubError,
    "hub {subject.hub} failed with HTTP {status} for {subject}: {text}",
    "try again; if it persists, check the status of Azure and of the hub",
)
_ODD: _Explanation = (
    HubError,
    "unexpected response for {subject}: HTTP {status}: {text}",
    "check that the hostname is that of an IoT Hub, and that no proxy changes its responses",
)
_EXPIRED: _Explanation = (
    Unauthorized,
    "the credentials for hub {subject.hub} have expired",
    "check the clock of this machine; with Entra, sign in again (`az login`)",
)

_NAMES = {
    "401100": "SystemModuleModifyUnauthorizedAccess",
    "403002": "IotHubQuotaExceeded",
    "403010": "OperationNotAvailableInCurrentTier",
    "403100": "DeviceModelMaxPropertiesExceeded",
    "404001": "DeviceNotFound",
    "404010": "ModuleNotFound",
    "409402": "ApplyConfigurationAlreadyInProgressOnDevice",
    "413002": "TooManyDevices",
    "413003": "TooManyModulesOnDevice",
}


def refusal(answer: Answer, subject: Subject) -> HubError | Transient:
    """The error of a response that is not a success; `Transient` where a retry may help."""
    code, text = _code_and_text(answer)
    kind, message, hint = _explanation(answer.status, code, text)
    error = kind(
        message.format(subject=subject, status=answer.status, text=text),
        hint,
        status=answer.status,
        code=code,
    )
    if _may_pass(answer.status, code):
        return Transient(error, _retry_after(answer.headers))
    return error


def odd_answer(subject: Subject) -> HubError:
    """The error of a success whose body is not what the API of a hub specifies."""
    _, message, hint = _ODD
    text = "the body is not a valid response of an IoT Hub"
    return HubError(message.format(subject=subject, status=200, text=text), hint, status=200)


def _explanation(status: int, code: str, text: str) -> _Explanation:
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status == 401 and "expired" in text.lower():
        return _EXPIRED
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return _FAILED if status >= 500 else _ODD


def _may_pass(status: int, code: str) -> bool:
    if code == "ApplyConfigurationAlreadyInProgressOnDevice":
        return True
    return status in (408, 429) or (status >= 500 and status not in (501, 505))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of the Retry-After header; None for its date form, which IoT Hub does not use."""
    value = headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else None


def _code_and_text(answer: Answer) -> tuple[str, str]:
    """The hub's code for an error, and its message on one short line, secrets masked."""
    body = _json_object(answer.body)
    message = str(body.get("Message") or body.get("message") or "")
    if message.startswith("{"):  # newer services put the whole error body into Message
        body = _json_object(message.encode()) or body
        message = str(body.get("Message") or body.get("message") or message)
    prefix, _, text = message.partition(";")
    code = prefix.removeprefix("ErrorCode:").strip()
    if not prefix.startswith("ErrorCode:"):
        code = str(body.get("errorCode") or answer.headers.get("iothub-errorcode", ""))
        text = message
    line = mask(" ".join(text.split()))[:300]
    return _NAMES.get(code, code), line or "the response has no message"


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:  # also a UnicodeDecodeError
        return {}
    return value if isinstance(value, dict) else {}


# --- no response --------------------------------------------------------------------


class Failure(StrEnum):
    """Why there was no response."""

    DNS = "dns"
    REFUSED = "refused"
    TLS = "tls"
    PROXY = "proxy"
    TIMEOUT = "timeout"
    CUT = "cut"
    TOO_LARGE = "too-large"


_NETWORK_HINT = "check the network; it is safe to repeat the command"

_NO_ANSWER: dict[Failure, tuple[str, str]] = {
    Failure.DNS: (
        "cannot find the address of {hub}",
        "check the hostname of the hub in the Fleet manifest, and the network",
    ),
    Failure.REFUSED: (
        "{hub} does not accept connections",
        "check that the hub is running, and its port",
    ),
    Failure.TLS: (
        "cannot establish a trusted TLS connection to {hub}",
        "behind a proxy that inspects TLS, set SSL_CERT_FILE to a file with its CA certificate; "
        "if a local hub was reset, it has a new CA",
    ),
    Failure.PROXY: ("the proxy does not connect to {hub}", "check HTTPS_PROXY and NO_PROXY"),
    Failure.TIMEOUT: ("{hub} did not answer in time", _NETWORK_HINT),
    Failure.CUT: ("the connection to {hub} was closed early", _NETWORK_HINT),
    Failure.TOO_LARGE: (
        "the response of {hub} exceeds the size limit",
        "check that this is the hostname of an IoT Hub",
    ),
}

_PASSING = (Failure.REFUSED, Failure.TIMEOUT, Failure.CUT)


def no_answer(failure: Failure, hub: str) -> HubError | Transient:
    """The error of a request without a response; `Transient` where a retry may help."""
    message, hint = _NO_ANSWER[failure]
    error = Unreachable(message.format(hub=hub), hint)
    return Transient(error) if failure in _PASSING else error
