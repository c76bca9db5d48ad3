"""A published file at an absolute URL, on any web server, as devices get it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from edgeops.artifacts.store import ArtifactError
from edgeops.digest import CHUNK_BYTES
from edgeops.https_get import GetFailed, GetReason, Timeouts, check_status, get, open_web
from edgeops.proxy import Proxies
from edgeops.translate import doing, translate

if TYPE_CHECKING:
    from requests import Response

_TIMEOUTS = Timeouts(connect=10, stall=60)


@contextmanager
def open_url(
    url: str, *, ca_file: str | None = None, proxies: Proxies | None = None
) -> Iterator[Iterator[bytes] | None]:
    """The bytes at an https URL, streamed, for the length of a `with`; None if not found.

    `ca_file` holds the CAs to trust instead of the system's. No credentials are
    sent. Raises `ArtifactError`.
    """
    only = Path(ca_file) if ca_file else None
    with doing(f"read the certificates in {ca_file}", error=ArtifactError):
        web = open_web(proxies or Proxies(), only=only)
    with (
        translate((GetFailed, _as_artifact_error)),
        closing(web),
        get(web, url, {}, _TIMEOUTS) as response,
    ):
        if response.status_code in (404, 410):
            yield None
        else:
            check_status(response, urlsplit(url).netloc)
            yield _chunks(response)


def _chunks(response: Response) -> Iterator[bytes]:
    while chunk := response.raw.read1(CHUNK_BYTES):
        yield chunk


def _as_artifact_error(failure: GetFailed) -> ArtifactError:
    return ArtifactError(failure.message, _HINTS.get(failure.reason, "try again later"))


_HINTS = {
    GetReason.INVALID_URL: "correct the `url`",
    GetReason.INSECURE_REDIRECT: "correct the `url`",
    GetReason.TOO_MANY_REDIRECTS: "correct the `url`",
    GetReason.UNREACHABLE: "check network and proxy",
    GetReason.PROXY_FAILED: "check HTTPS_PROXY and NO_PROXY",
    GetReason.NOT_TRUSTED: "set SSL_CERT_FILE for a company's own CA",
}
