"""Credentials for a hub: a shared access key or an Entra identity.

No secret leaves this module except in an Authorization header and to Microsoft's SDK. Source:
"Control access to IoT Hub", Microsoft Learn.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote, quote_plus

from edgeops.errors import EdgeOpsError
from edgeops.hub.port import Unauthorized

ENTRA_SCOPE = "https://iothubs.azure.net/.default"
TOKEN_SECONDS = 3600
RENEW_SECONDS = 120  # before expiry; longer than one request may take

Clock = Callable[[], float]


class Credential(Protocol):
    """A way to authenticate: the header for REST requests, and the managers of Microsoft's SDK."""

    @property
    def hostname(self) -> str:
        """The hub's host, with `:port` where it is not 443."""

    async def authorization(self) -> str:
        """The Authorization header, valid now. Raises `Unauthorized`."""

    def manager(self, kind: Any) -> Any:
        """A manager of azure-iot-hub, of the class `kind`. Raises `Unauthorized`."""


# --- shared access key ----------------------------------------------------------

_FIELDS = {"HostName", "SharedAccessKeyName", "SharedAccessKey"}
_HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?\Z")
_WHERE_TO_FIND = (
    "expected HostName=...;SharedAccessKeyName=...;SharedAccessKey=...: copy it from Shared access "
    "policies in the Azure portal, or run `az iot hub connection-string show --hub-name NAME`"
)


class SharedAccess:
    """A shared access policy of a hub, from its connection string."""

    def __init__(self, hostname: str, policy: str, key: str, clock: Clock = time.time) -> None:
        self.hostname = hostname
        self.policy = policy
        self._key = key
        self._clock = clock
        self._token = ""
        self._expires = 0

    def __repr__(self) -> str:
        return f"SharedAccess(hostname={self.hostname!r}, policy={self.policy!r})"

    async def authorization(self) -> str:
        """A SAS token, renewed shortly before it expires."""
        now = self._clock()
        if now > self._expires - RENEW_SECONDS:
            self._expires = int(now) + TOKEN_SECONDS
            self._token = self._sign(self._expires)
        return self._token

    def _sign(self, expires: int) -> str:
        resource = quote_plus(self.hostname)
        to_sign = f"{resource}\n{expires}".encode()
        digest = hmac.digest(base64.b64decode(self._key), to_sign, hashlib.sha256)
        signature = quote(base64.b64encode(digest), safe="")
        return (
            f"SharedAccessSignature sr={resource}&sig={signature}"
            f"&se={expires}&skn={quote(self.policy, safe='')}"
        )

    def manager(self, kind: Any) -> Any:
        """A manager of azure-iot-hub that signs with the same key."""
        return kind.from_connection_string(
            f"HostName={self.hostname};SharedAccessKeyName={self.policy};SharedAccessKey={self._key}"
        )


def parse_connection_string(text: str, source: str, clock: Clock = time.time) -> SharedAccess:
    """The shared access policy in a connection string of an IoT Hub.

    `source` names where the text comes from. Raises `EdgeOpsError`, whose message contains no part
    of the text except known field names.
    """
    fields: dict[str, str] = {}
    for part in text.strip().rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if name in {"DeviceId", "ModuleId"}:
            raise _invalid(source, "is the connection string of a device, not of a hub")
        if name == "SharedAccessSignature":
            raise _invalid(source, "has a SharedAccessSignature; a SharedAccessKey is needed")
        if name not in _FIELDS or not equals or name in fields:
            raise _invalid(source, "is not a connection string of an IoT Hub")
        fields[name] = value
    missing = sorted(_FIELDS - {name for name, value in fields.items() if value})
    if missing:
        raise _invalid(source, f"has no {missing[0]}")
    if not _HOSTNAME.match(fields["HostName"]):
        raise _invalid(source, "has an invalid HostName")
    if not _is_base64(fields["SharedAccessKey"]):
        raise _invalid(source, "has a SharedAccessKey that is not base64; it may be truncated")
    return SharedAccess(
        fields["HostName"], fields["SharedAccessKeyName"], fields["SharedAccessKey"], clock
    )


def _invalid(source: str, fault: str) -> EdgeOpsError:
    return EdgeOpsError(f"{source} {fault}", _WHERE_TO_FIND)


def _is_base64(text: str) -> bool:
    try:
        return bool(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False


# --- Entra ------------------------------------------------------------------------


class Entra:
    """An Entra identity, such as that of a workflow with OpenID Connect.

    `source` is a token credential of azure-identity.
    """

    def __init__(self, hostname: str, source: Any, clock: Clock = time.time) -> None:
        self.hostname = hostname
        self._source = source
        self._clock = clock
        self._header = ""
        self._expires = 0.0
        self._renewing = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Entra(hostname={self.hostname!r})"

    async def authorization(self) -> str:
        """A bearer token, renewed shortly before it expires."""
        if self._clock() > self._expires - RENEW_SECONDS:
            async with self._renewing:
                if self._clock() > self._expires - RENEW_SECONDS:
                    await self._renew()
        return self._header

    async def _renew(self) -> None:
        from azure.core.exceptions import AzureError

        try:
            token = await asyncio.to_thread(self._source.get_token, ENTRA_SCOPE)
        except AzureError as error:
            raise no_entra_token(self.hostname) from error
        self._header = f"Bearer {token.token}"
        self._expires = token.expires_on

    def manager(self, kind: Any) -> Any:
        """A manager of azure-iot-hub that uses the same identity."""
        from azure.core.exceptions import AzureError

        try:
            return kind.from_token_credential(self.hostname, self._source)
        except AzureError as error:
            raise no_entra_token(self.hostname) from error


def no_entra_token(hostname: str) -> Unauthorized:
    """The error of an identity without a token."""
    return Unauthorized(
        f"cannot get an Entra token for hub {hostname}",
        "sign in with `az login`; in GitHub Actions use azure/login with `id-token: write`",
    )


def default_entra(hostname: str) -> Entra:
    """The identity that azure-identity finds: environment, workload, managed or Azure CLI.

    Raises `EdgeOpsError` where azure-identity is not installed.
    """
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError as error:
        raise EdgeOpsError(
            f"hub {hostname} uses Entra, but azure-identity is not installed",
            "pip install 'edgeops[entra]'",
        ) from error
    return Entra(hostname, DefaultAzureCredential())
