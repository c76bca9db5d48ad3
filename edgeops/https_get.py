"""One HTTPS request for a file, as devices make it and `model verify` repeats it.

Nothing of the machine takes part but its proxies: no ~/.netrc, no cookies, and
the bytes are those that the server stores, never decoded. The libraries put
whole URLs into their error messages, so none of these is passed on.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from edgeops.proxy import Proxies, Proxy
from edgeops.proxy_fault import proxy_fault
from edgeops.translate import causes, translate

if TYPE_CHECKING:
    from requests import Response, Session

MAX_REDIRECTS = 5


class GetReason(StrEnum):
    """What can go wrong with a request."""

    INVALID_URL = "InvalidUrl"
    UNREACHABLE = "Unreachable"
    PROXY_FAILED = "ProxyFailed"
    TLS_FAILED = "TlsFailed"
    NOT_TRUSTED = "NotTrusted"
    CONNECTION_LOST = "ConnectionLost"
    STALLED = "Stalled"
    NOT_FOUND = "NotFound"
    FORBIDDEN = "Forbidden"
    SERVER_ERROR = "ServerError"
    TOO_MANY_REDIRECTS = "TooManyRedirects"
    INSECURE_REDIRECT = "InsecureRedirect"


class GetFailed(Exception):
    """A request failed. `transient`: likely to succeed in a moment."""

    def __init__(self, reason: GetReason, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.transient = transient


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, and for the next bytes."""

    connect: float = 10.0
    stall: float = 30.0


@dataclass(frozen=True, slots=True)
class Web:
    """Connections to servers, and the proxies on the way."""

    session: Session
    proxies: Proxies = field(default_factory=Proxies)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()


def open_web(proxies: Proxies, *, certificates: str | None = None, only: Path | None = None) -> Web:
    """A web that trusts the public certificates and those given (PEM).

    `only` is a file of certificates to trust instead of the public ones. Raises
    `OSError` when these cannot be read.
    """
    import requests
    from requests.adapters import HTTPAdapter
    from requests.utils import get_auth_from_url

    context = ssl.create_default_context(cafile=only)
    if certificates:
        context.load_verify_locations(cadata=certificates)

    class Trusting(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, ssl_context=context, **kwargs)

        def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
            if not proxy.startswith("socks"):
                kwargs["proxy_ssl_context"] = context  # for the TLS with the proxy itself
            return super().proxy_manager_for(proxy, ssl_context=context, **kwargs)

        def proxy_headers(self, proxy: str) -> dict[str, str]:
            login = ":".join(get_auth_from_url(proxy))
            basic = base64.b64encode(login.encode()).decode()  # requests takes Latin-1 only
            return {"Proxy-Authorization": f"Basic {basic}"} if login != ":" else {}

    class Plain(requests.Session):
        # Or it would read the body of a redirect, even one without end.
        def get_redirect_target(self, resp: Response) -> None:  # noqa: ARG002
            return None

    session = Plain()
    session.trust_env = False  # else ~/.netrc would answer for servers that are asked by a URL
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.verify = str(only) if only else True
    session.mount("https://", Trusting())
    return Web(session, proxies)


@contextmanager
def get(web: Web, url: str, headers: Mapping[str, str], timeouts: Timeouts) -> Iterator[Response]:
    """The response to a GET, redirects followed, its body not yet read: read its `raw`.

    Raises `GetFailed`, also for what goes wrong with the connection while the
    response is in use.
    """
    if not _is_valid(url):
        raise GetFailed(GetReason.INVALID_URL, "the address of the file is not valid")
    asked = place = _host(url)
    for _ in range(MAX_REDIRECTS + 1):
        proxy = web.proxies.for_url(url)
        with _failures(place, proxy), _send(web, url, headers, timeouts, proxy) as response:
            location = response.headers.get("Location")
            if not (location and 300 <= response.status_code < 400):
                yield response
                return
        url = _target(url, location, asked)
        place = asked if _host(url) == asked else f"{_host(url)} (where {asked} redirects to)"
    raise GetFailed(
        GetReason.TOO_MANY_REDIRECTS, f"{asked} redirects more than {MAX_REDIRECTS} times"
    )


def check_status(response: Response, place: str) -> None:
    """Raises `GetFailed` for a response without a file: its status is not 200, 206 or 416."""
    status = response.status_code
    if status in (200, 206, 416):
        return
    if status in (401, 403):
        raise GetFailed(GetReason.FORBIDDEN, f"{place} refuses access ({status})")
    if status in (404, 410):
        raise GetFailed(GetReason.NOT_FOUND, f"{place} does not have the file ({status})")
    transient = status in (408, 425, 429) or status >= 500
    raise GetFailed(GetReason.SERVER_ERROR, f"{place} answered {status}", transient=transient)


def _send(
    web: Web, url: str, headers: Mapping[str, str], timeouts: Timeouts, proxy: Proxy | None
) -> Response:
    return web.session.get(
        url,
        # A compressed body would be other bytes than those that were hashed.
        headers={**headers, "Accept-Encoding": "identity"},
        stream=True,
        allow_redirects=False,
        timeout=(timeouts.connect, timeouts.stall),
        proxies={"https": proxy.url} if proxy else None,
    )


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _target(url: str, location: str, asked: str) -> str:
    """Where a redirect leads to; raises `GetFailed` when devices do not go there."""
    try:
        location = location.encode("latin-1").decode()  # names are sent in UTF-8
        target = urljoin(url, location)
    except ValueError:
        target = ""
    if not _is_valid(target):
        raise GetFailed(
            GetReason.SERVER_ERROR, f"{asked} redirects to an address that is not valid"
        )
    if urlsplit(target).scheme != "https":
        raise GetFailed(
            GetReason.INSECURE_REDIRECT, f"{asked} redirects to an address without https"
        )
    return target


def _is_valid(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port, or brackets
        return False


def _failures(place: str, proxy: Proxy | None) -> AbstractContextManager[None]:
    """For `with`: exceptions of requests as `GetFailed`."""
    from requests import exceptions as requests_errors
    from urllib3 import exceptions as urllib3_errors

    there = f"{place} through the proxy {proxy.place}" if proxy else place

    def failed(error: BaseException) -> GetFailed:
        return (proxy and _proxy_failed(place, proxy, error)) or GetFailed(
            GetReason.UNREACHABLE, f"{there} cannot be reached", transient=True
        )

    invalid = GetFailed(GetReason.INVALID_URL, f"an address at {place} is not valid")
    stalled = GetFailed(GetReason.STALLED, f"{there} does not answer in time", transient=True)
    lost = GetFailed(
        GetReason.CONNECTION_LOST, f"the connection to {there} was lost", transient=True
    )
    return translate(
        ((requests_errors.InvalidURL, urllib3_errors.LocationValueError), lambda _: invalid),
        (requests_errors.ProxyError, failed),
        (
            (requests_errors.SSLError, urllib3_errors.SSLError),
            lambda error: _tls_failed(there, error),
        ),
        ((requests_errors.Timeout, urllib3_errors.TimeoutError), lambda _: stalled),
        ((requests_errors.ConnectionError, urllib3_errors.NewConnectionError), failed),
        (
            requests_errors.InvalidSchema,
            lambda _: GetFailed(GetReason.PROXY_FAILED, "a SOCKS proxy needs the package PySocks"),
        ),
        ((requests_errors.RequestException, urllib3_errors.HTTPError), lambda _: lost),
    )


def _proxy_failed(place: str, proxy: Proxy, error: BaseException) -> GetFailed | None:
    fault = proxy_fault(error, proxy, place)
    if fault is None:
        return None
    if any(isinstance(cause, ssl.SSLError) for cause in causes(error)):
        return _tls_failed(f"the proxy {proxy.place}", error)
    return GetFailed(GetReason.PROXY_FAILED, fault.message, transient=fault.transient)


def _tls_failed(place: str, error: BaseException) -> GetFailed:
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return GetFailed(
                GetReason.NOT_TRUSTED,
                f"the certificate of {place} is not trusted ({cause.verify_message})",
                transient=True,
            )
    return GetFailed(
        GetReason.TLS_FAILED, f"cannot make a TLS connection to {place}", transient=True
    )
