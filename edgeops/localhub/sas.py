"""Shared access signature (SAS) tokens of services and devices: checking and signing them.

Source: "Control access to IoT Hub with shared access signatures", Microsoft Learn.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, unquote_plus

from edgeops.localhub.policies import POLICIES, Permission
from edgeops.localhub.state import errors
from edgeops.localhub.stranger_log import shown

_SCHEME = "SharedAccessSignature "
_DEFAULT_PORT = ":443"
_EXPIRY = re.compile(r"[0-9]{1,15}\Z")


def permissions_of(
    authorization: str, *, host: str, path: str, keys: Mapping[str, str], now: float
) -> Permission:
    """The permissions that the SAS token of an Authorization header grants.

    `host` is the Host header, `path` the requested resource, `keys` the keys of
    the policies, `now` is in Unix seconds. Raises `InvalidToken`, which says why
    for the log.
    """
    fields = _fields(authorization)
    policy = unquote_plus(fields.get("skn", ""))
    key = keys.get(policy)
    if key is None:
        raise errors.unauthorized(
            f"its token names the policy {shown(policy)}, which does not exist"
            if policy
            else "its token names no policy (skn): it is one of a device"
        )
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

    `path` is `/devices/{device}[/modules/{module}]`. The token is signed with one
    of the identity's `keys`, or with the key of a policy (`policies`) that has
    the DeviceConnect permission. Raises `InvalidToken`, which says why for the log.
    """
    fields = _fields(token)
    policy = unquote_plus(fields.get("skn", ""))
    if policy:
        if policy not in policies or Permission.DEVICE_CONNECT not in POLICIES[policy]:
            raise errors.unauthorized(
                f"its token names the policy {shown(policy)}, which may not connect devices"
            )
        keys = [policies[policy]]
    return _expiry_of(fields, host=host, path=path, keys=keys, now=now)


def _expiry_of(
    fields: Mapping[str, str], *, host: str, path: str, keys: Iterable[str], now: float
) -> int:
    resource, expiry = fields.get("sr", ""), fields.get("se", "")
    sent = unquote(fields.get("sig", "")).encode()
    # The signature is over the resource exactly as sent: clients differ in how they encode it.
    valid = any(
        hmac.compare_digest(signature(key, resource, expiry).encode(), sent) for key in keys
    )
    covered = _covers(unquote_plus(resource), host, path)
    if not covered:
        raise errors.unauthorized(
            f"its token is for {shown(unquote_plus(resource))}, not for {shown(host + path)}"
        )
    if not valid:
        raise errors.unauthorized("its token is signed with a wrong key")
    if not _EXPIRY.match(expiry) or int(expiry) <= now:
        raise errors.unauthorized("its token has expired")
    return int(expiry)


def signature(key: str, resource: str, expiry: str) -> str:
    """The signature (base64) of a URL-encoded resource and an expiry in Unix seconds."""
    message = f"{resource}\n{expiry}".encode()
    return base64.b64encode(hmac.digest(base64.b64decode(key), message, hashlib.sha256)).decode()


def _fields(authorization: str) -> dict[str, str]:
    if not authorization.startswith(_SCHEME) or not authorization.isascii():
        raise errors.unauthorized(
            "its credentials are not a SAS token" if authorization else "it has no SAS token"
        )
    parts = [part.partition("=") for part in authorization.removeprefix(_SCHEME).split("&")]
    return {name.strip(): value.strip() for name, _, value in parts}


def _covers(resource: str, host: str, path: str) -> bool:
    """Whether a resource is the host, or a whole-segment prefix of the path on it.

    Clients leave the port out or not, in the resource as in the host, when it is
    the default one of HTTPS.
    """
    name, slash, below = resource.lower().rstrip("/").partition("/")
    scope = f"{name.removesuffix(_DEFAULT_PORT)}{slash}{below}/"
    host = host.lower().removesuffix(_DEFAULT_PORT)
    without_port = host.rpartition(":")[0] or host
    return scope != "/" and any(
        f"{known}{path}/".lower().startswith(scope) for known in (host, without_port)
    )
