"""Opens a hub of the Fleet manifest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

from edgeops.errors import EdgeOpsError
from edgeops.fleet.model import HubTarget
from edgeops.hub.credentials import Credential, default_entra, parse_connection_string
from edgeops.hub.port import Hub
from edgeops.hub.rates import no_rates, rates_of

if TYPE_CHECKING:
    from edgeops.hub.reader import HubReader

# Concurrent requests. The local hub has no latency to hide, and each connection costs a handshake.
IN_FLIGHT = 32
IN_FLIGHT_LOCAL = 8


@dataclass(frozen=True, slots=True)
class LocalAccess:
    """Access to the local hub: its connection string, and the path of its CA certificate."""

    connection_string: str = field(repr=False)
    ca_file: str


@asynccontextmanager
async def open_hub(
    target: HubTarget,
    *,
    environ: Mapping[str, str],
    local: LocalAccess | None = None,
    on_clone: bool = False,
) -> AsyncIterator[Hub]:
    """The hub of a target, for use in `async with`; nothing is sent yet.

    With `on_clone` it is the local hub, at the rates of the target: its credentials are not read.
    `environ` may have the variable that the target names for its connection string, HTTPS_PROXY,
    NO_PROXY, and SSL_CERT_FILE (CA certificates that replace those of the system). Only the local
    hub needs `local`. Raises `EdgeOpsError` when the credentials are missing or malformed.
    """
    hub = _open(target, environ, local, on_clone=on_clone)
    try:
        yield hub
    finally:
        await hub.close()


@asynccontextmanager
async def open_reader(target: HubTarget, *, environ: Mapping[str, str]) -> AsyncIterator[HubReader]:
    """A hub that is not the local one, for use in `async with`, to read it only.

    As `open_hub` otherwise.
    """
    from edgeops.hub.reader import HubReader

    credential = _credential(target, environ)
    reader = HubReader(
        credential,
        ca_file=environ.get("SSL_CERT_FILE") or None,
        proxy=proxy_for(credential.hostname, environ),
        rates=rates_of(target.sku, target.units),
    )
    try:
        yield reader
    finally:
        await reader.close()


def _open(
    target: HubTarget, environ: Mapping[str, str], local: LocalAccess | None, *, on_clone: bool
) -> Hub:
    from edgeops.hub.azure import AzureHub  # imports aiohttp and orjson: only for a hub

    if not (target.local or on_clone):
        credential = _credential(target, environ)
        return AzureHub(
            credential,
            ca_file=environ.get("SSL_CERT_FILE") or None,
            proxy=proxy_for(credential.hostname, environ),
            rates=rates_of(target.sku, target.units),
            concurrency=IN_FLIGHT,
        )
    if local is None:
        raise EdgeOpsError("the local hub is not running", "start it with `edgeops hub serve`")
    source = "the connection string of the local hub"
    return AzureHub(
        parse_connection_string(local.connection_string, source),
        ca_file=local.ca_file,
        proxy=None,
        rates=rates_of(target.sku, target.units) if on_clone else no_rates(),
        concurrency=IN_FLIGHT if on_clone else IN_FLIGHT_LOCAL,
    )


def _credential(target: HubTarget, environ: Mapping[str, str]) -> Credential:
    assert target.hostname is not None
    if target.entra:
        return default_entra(target.hostname)
    variable = target.connection_string_env
    if variable is None:
        raise EdgeOpsError(
            f"hub '{target.name}' has no credentials",
            f"set `auth: entra` or `connectionStringEnv` under hubs.{target.name} of the Fleet",
        )
    text = environ.get(variable, "")
    if not text.strip():
        raise EdgeOpsError(
            f"the environment variable {variable} with the connection string of hub "
            f"'{target.name}' is not set",
            "in GitHub Actions pass it from a secret: "
            f"`env: {{{variable}: ${{{{ secrets.{variable} }}}}}}`",
        )
    credential = parse_connection_string(text, f"the environment variable {variable}")
    if credential.hostname.lower() != target.hostname.lower():
        raise EdgeOpsError(
            f"{variable} is for {credential.hostname}, but hub '{target.name}' is "
            f"{target.hostname}",
            "nothing was sent; set the variable for this hub, or correct the Fleet manifest",
        )
    return credential


def proxy_for(hostname: str, environ: Mapping[str, str]) -> str | None:
    """The proxy for a host from HTTPS_PROXY; None if NO_PROXY excludes the host."""
    proxy = environ.get("https_proxy") or environ.get("HTTPS_PROXY")
    excluded = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if not proxy or proxy_bypass_environment(hostname, {"no": excluded}):
        return None
    return proxy
