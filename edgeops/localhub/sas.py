"""Shared access signatures of services and devices: is a token genuine, what may its bearer do?

Source: "Control access to IoT Hub with shared access signatures", Microsoft Learn.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, unquote_plus

from edgeops.localhub.policies import POLICIES, Right
from edgeops.localhub.state import errors

_SCHEME = "SharedAccessSignature "
_EXPIRY = re.compile(r"[0-9]{1,15}\Z")


def rights_of(
    authorization: str, *, host: str, path: str, keys: Mapping[str, str], now: float
) -> Right:
    """What the bearer of an Authorization header may do.

    `host` is what the client calls the hub (the Host header), `path` the
    requested resource, `keys` those of the policies, `now` in Unix seconds.
    Raises `HubFault` 401, which like Azure's does not say what is wrong.
    """
    fields = _fields(authorization)
    policy = unquote_plus(fields.get("skn", ""))
    key = keys.get(policy)
    if key is None:
        raise errors.unauthorized()
    _expiry_of(fields, host=host, path=path, keys=[key], now=now)
    return POLICIES[policy]


def device_expiry(
    token: str,
    *,
    host: str,
    path: str,
    keys: Iterable[str],
    policies: Mapping[str, str],
    now: float,
) -> int:
    """When the token of a device or module expires, in Unix seconds.

    `path` is `/devices/{device}[/modules/{module}]`, `keys` are those of the
    identity: either will do, or that of one of the `policies` that may connect
    as a device. Raises `HubFault` 401.
    """
    fields = _fields(token)
    policy = unquote_plus(fields.get("skn", ""))
    if policy:
        allowed = policy in policies and Right.DEVICE_CONNECT in POLICIES[policy]
        keys = [policies[policy]] if allowed else []
    return _expiry_of(fields, host=host, path=path, keys=keys, now=now)


def _expiry_of(
    fields: Mapping[str, str], *, host: str, path: str, keys: Iterable[str], now: float
) -> int:
    resource, expiry = fields.get("sr", ""), fields.get("se", "")
    given = unquote(fields.get("sig", "")).encode()
    # The signature is over the resource exactly as sent: clients differ in how they encode it.
    genuine = any(
        hmac.compare_digest(signature(key, resource, expiry).encode(), given) for key in keys
    )
    if not genuine or not _covers(unquote_plus(resource), host, path):
        raise errors.unauthorized()
    if not _EXPIRY.match(expiry) or int(expiry) <= now:
        raise errors.unauthorized()
    return int(expiry)


def signature(key: str, resource: str, expiry: str) -> str:
    """The signature, in base64, of an encoded resource and an expiry in Unix seconds."""
    message = f"{resource}\n{expiry}".encode()
    return base64.b64encode(hmac.digest(base64.b64decode(key), message, hashlib.sha256)).decode()


def _fields(authorization: str) -> dict[str, str]:
    if not authorization.startswith(_SCHEME) or not authorization.isascii():
        raise errors.unauthorized()
    parts = [part.partition("=") for part in authorization.removeprefix(_SCHEME).split("&")]
    return {name.strip(): value.strip() for name, _, value in parts}


def _covers(resource: str, host: str, path: str) -> bool:
    """Whether a resource is the host, or a whole-segment prefix of the path on it."""
    wanted, asked = resource.lower().rstrip("/"), f"{host}{path}".lower()
    without_port = f"{host.rpartition(':')[0] or host}{path}".lower()
    return bool(wanted) and any(
        full == wanted or full.startswith(wanted + "/") for full in (asked, without_port)
    )
