"""Authenticated JSON requests to a hub over HTTPS, with rates, retries, limits and errors."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from yarl import URL

from edgeops import __version__
from edgeops.errors import EdgeOpsError
from edgeops.hub.credentials import Credential
from edgeops.hub.errors import Answer, Failure, Subject, no_answer, odd_answer, refusal
from edgeops.hub.rates import Rates
from edgeops.hub.retry import Retry
from edgeops.limits import Operation

_API = "api-version=2021-04-12"

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # so that the size limit applies to what is received
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": f"edgeops/{__version__}",
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one request: seconds to connect and in total, bytes of the response."""

    connect: float = 10.0
    total: float = 60.0
    body: int = 64 * 1024 * 1024  # far more than 100 twins with metadata


class HubApi:
    """Sends requests to one hub, `concurrency` at a time. Created inside an event loop."""

    def __init__(
        self,
        credential: Credential,
        *,
        ca_file: str | None,
        proxy: str | None,
        concurrency: int,
        rates: Rates,
        retry: Retry,
        bounds: Bounds,
    ) -> None:
        self.hostname = credential.hostname
        self._credential = credential
        self._proxy = proxy
        self._rates = rates
        self._retry = retry
        self._bounds = bounds
        self._base = f"https://{credential.hostname}"
        self._free = asyncio.Semaphore(concurrency)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=concurrency, ssl=_trust(ca_file)),
            timeout=aiohttp.ClientTimeout(total=bounds.total, sock_connect=bounds.connect),
            headers=_HEADERS,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def send(
        self,
        operation: Operation,
        method: str,
        path: str,
        subject: Subject,
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> tuple[Any, Mapping[str, str]]:
        """The JSON and the headers of a successful response; `path` must be percent-encoded.

        Raises `HubError`, after retries where they may help.
        """
        url = URL(f"{self._base}{path}{'&' if '?' in path else '?'}{_API}", encoded=True)
        data = None if body is None else orjson.dumps(body)

        async def attempt() -> Answer:
            await self._rates.take(operation)
            authorization = await self._credential.authorization()
            request_headers = {"Authorization": authorization, **(headers or {})}
            async with self._free:
                answer = await self._answer(method, url, request_headers, data)
            if 200 <= answer.status < 300:
                return answer
            raise refusal(answer, subject)

        answer = await self._retry(attempt)
        try:
            return orjson.loads(answer.body), answer.headers
        except orjson.JSONDecodeError as error:
            raise odd_answer(subject) from error

    async def _answer(
        self, method: str, url: URL, headers: Mapping[str, str], data: bytes | None
    ) -> Answer:
        try:
            async with self._session.request(
                method, url, headers=headers, data=data, proxy=self._proxy, allow_redirects=False
            ) as response:
                return Answer(response.status, response.headers, await self._body(response))
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            raise no_answer(failure_of(error), self.hostname) from error

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._bounds.body:
                raise no_answer(Failure.TOO_LARGE, self.hostname)
        return bytes(body)

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()


def _trust(ca_file: str | None) -> ssl.SSLContext:
    """Verifies certificates and host names, with the CAs of this file or of the system."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # missing, not readable, or without certificates
        raise EdgeOpsError(
            f"cannot read the CA certificates in {ca_file}",
            "`edgeops hub serve` creates those of the local hub; for others check SSL_CERT_FILE",
        ) from error


def failure_of(error: Exception) -> Failure:
    """The kind of failure that an exception of aiohttp means."""
    kinds: tuple[tuple[type[Exception], Failure], ...] = (
        (TimeoutError, Failure.TIMEOUT),
        (aiohttp.ClientSSLError, Failure.TLS),
        (aiohttp.ClientProxyConnectionError, Failure.PROXY),
        (aiohttp.ClientHttpProxyError, Failure.PROXY),
        (aiohttp.InvalidURL, Failure.PROXY),  # of the proxy: the hub's was checked already
        (aiohttp.ClientConnectorDNSError, Failure.DNS),
        (aiohttp.ClientConnectorError, Failure.REFUSED),
    )
    return next((failure for kind, failure in kinds if isinstance(error, kind)), Failure.CUT)
