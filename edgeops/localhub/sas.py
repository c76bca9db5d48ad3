"""Shared access signatures of services: is a token genuine, and what may its bearer do?

Source: "Control access to IoT Hub with shared access signatures", Microsoft Learn.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
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
    policy, resource = unquote_plus(fields.get("skn", "")), fields.get("sr", "")
    expiry = fields.get("se", "")
    key = keys.get(policy)
    if key is None or not _covers(unquote_plus(resource), host, path):
        raise errors.unauthorized()
    # The signature is over the resource exactly as sent: clients differ in how they encode it.
    expected = signature(key, resource, expiry)
    given = unquote(fields.get("sig", ""))
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise errors.unauthorized()
    if not _EXPIRY.match(expiry) or int(expiry) <= now:
        raise errors.unauthorized()
    return POLICIES[policy]


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
