"""One HTTPS request for a file, with read access to its store and failures as `LoadFailed`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from edgeops import https_get
from edgeops.https_get import GetFailed, GetReason, Timeouts, Web, open_web
from edgeops.modules.model_loader.access import StoreAccess
from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.proxy import Proxies
from edgeops.translate import translate

if TYPE_CHECKING:
    from requests import Response


def open_session(certificates: str | None, proxies: Proxies | None = None) -> Web:
    """Connections that trust the public certificates and those given (PEM)."""
    return open_web(proxies or Proxies(), certificates=certificates)


@contextmanager
def get(
    session: Web,
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
    with (
        translate((GetFailed, _load_failed)),
        https_get.get(session, asked, headers, timeouts) as response,
    ):
        if access is not None and response.status_code in (401, 403):
            _check_expiry(response, place, access)
        https_get.check_status(response, place)
        yield response


def _check_expiry(response: Response, place: str, access: StoreAccess) -> None:
    if access.expires <= _time_of(response):
        raise LoadFailed(
            Code.ACCESS_EXPIRED,
            f"read access to {place} expired at {access.expires.isoformat()};"
            " the next `edgeops sync` renews it",
        )


def _time_of(response: Response) -> datetime:
    """The server's time: the clock of a device may be wrong."""
    try:
        moment = parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _load_failed(failure: GetFailed) -> LoadFailed:
    match failure.reason:
        case GetReason.INVALID_URL:
            return LoadFailed(Code.INVALID_DESIRED, "`url` is not a valid address")
        case GetReason.NOT_TRUSTED:
            hint = "; check the device's clock and EDGEOPS_CA_FILE"
            return LoadFailed(Code.TLS_FAILED, failure.message + hint, transient=True)
    return LoadFailed(Code(failure.reason), failure.message, transient=failure.transient)
