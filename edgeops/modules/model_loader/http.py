"""One HTTPS request for a file: redirects, trust, and failures as `LoadFailed`.

The libraries put whole URLs into their error messages, so none of these is passed on.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from edgeops.modules.model_loader.access import StoreAccess
from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.translate import translate

if TYPE_CHECKING:
    from requests import Response, Session

MAX_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait for a connection, and for the next bytes."""

    connect: float = 10.0
    stall: float = 30.0


def open_session(certificates: str | None) -> Session:
    """A session that trusts the public certificates and those given (PEM)."""
    import requests
    from requests.adapters import HTTPAdapter

    class Trusting(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            context = ssl.create_default_context(cadata=certificates)
            super().init_poolmanager(*args, ssl_context=context, **kwargs)

    session = requests.Session()
    session.mount("https://", Trusting())
    return session


@contextmanager
def get(
    session: Session,
    url: str,
    headers: Mapping[str, str],
    *,
    access: StoreAccess | None,
    timeouts: Timeouts,
) -> Iterator[Response]:
    """The response to a GET, redirects followed, its body not yet read.

    The status is 200, 206 or 416. Raises `LoadFailed` for anything else, also
    for what goes wrong with the connection while the response is in use.
    """
    place = urlsplit(url).netloc
    asked = access.applied_to(url) if access is not None else url
    for _ in range(MAX_REDIRECTS + 1):
        with load_failures(place), _send(session, asked, headers, timeouts) as response:
            location = response.headers.get("Location")
            if not (location and 300 <= response.status_code < 400):
                _check_status(response, place, access)
                yield response
                return
        asked = urljoin(asked, location)
        if urlsplit(asked).scheme != "https":
            raise LoadFailed(
                Code.INSECURE_REDIRECT, f"{place} redirects to an address without https"
            )
    raise LoadFailed(Code.TOO_MANY_REDIRECTS, f"{place} redirects more than {MAX_REDIRECTS} times")


def _send(session: Session, url: str, headers: Mapping[str, str], timeouts: Timeouts) -> Response:
    return session.get(
        url,
        # A compressed body would be other bytes than those that were hashed.
        headers={**headers, "Accept-Encoding": "identity"},
        stream=True,
        allow_redirects=False,
        timeout=(timeouts.connect, timeouts.stall),
    )


def _check_status(response: Response, place: str, access: StoreAccess | None) -> None:
    status = response.status_code
    if status in (200, 206, 416):
        return
    if status in (401, 403):
        if access is not None and access.expires <= _time_of(response):
            raise LoadFailed(
                Code.ACCESS_EXPIRED,
                f"read access to {place} expired at {access.expires.isoformat()};"
                " the next `edgeops sync` renews it",
            )
        raise LoadFailed(Code.FORBIDDEN, f"{place} refuses access ({status})")
    if status in (404, 410):
        raise LoadFailed(Code.NOT_FOUND, f"{place} does not have the file ({status})")
    transient = status in (408, 425, 429) or status >= 500
    raise LoadFailed(Code.SERVER_ERROR, f"{place} answered {status}", transient=transient)


def _time_of(response: Response) -> datetime:
    """The server's time: the clock of a device may be wrong."""
    try:
        moment = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def load_failures(place: str) -> AbstractContextManager[None]:
    """For `with`: exceptions of requests as `LoadFailed`."""
    from requests import exceptions as requests_errors
    from urllib3 import exceptions as urllib3_errors

    not_valid = LoadFailed(Code.INVALID_DESIRED, "`url` is not a valid address")
    stalled = LoadFailed(Code.STALLED, f"{place} does not answer in time", transient=True)
    unreachable = LoadFailed(Code.UNREACHABLE, f"{place} cannot be reached", transient=True)
    lost = LoadFailed(Code.CONNECTION_LOST, f"the connection to {place} was lost", transient=True)
    return translate(
        ((requests_errors.InvalidURL, urllib3_errors.LocationValueError), lambda _: not_valid),
        (
            (requests_errors.SSLError, urllib3_errors.SSLError),
            lambda error: _tls_failed(place, error),
        ),
        ((requests_errors.Timeout, urllib3_errors.TimeoutError), lambda _: stalled),
        (
            (requests_errors.ConnectionError, urllib3_errors.NewConnectionError),
            lambda _: unreachable,
        ),
        ((requests_errors.RequestException, urllib3_errors.HTTPError), lambda _: lost),
    )


def _tls_failed(place: str, error: BaseException) -> LoadFailed:
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return LoadFailed(
                Code.TLS_FAILED,
                f"the certificate of {place} is not trusted ({cause.verify_message});"
                " check the device's clock and EDGEOPS_CA_FILE",
                transient=True,
            )
    return LoadFailed(Code.TLS_FAILED, f"cannot make a TLS connection to {place}", transient=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exceptions inside one another: libraries keep them as cause, context or argument."""
    seen: list[BaseException] = []
    todo: list[Any] = [error]
    while todo:
        cause = todo.pop()
        if isinstance(cause, BaseException) and cause not in seen:
            seen.append(cause)
            todo += [cause.__cause__, cause.__context__, getattr(cause, "reason", None)]
            todo += cause.args
            yield cause
