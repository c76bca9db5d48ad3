"""A published file at an absolute URL, on any web server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from edgeops.artifacts.store import ArtifactError
from edgeops.digest import CHUNK_BYTES
from edgeops.translate import reaching

if TYPE_CHECKING:
    import requests

_TIMEOUT = (10, 60)  # seconds: to connect, and between two bytes


@contextmanager
def open_url(url: str, *, ca_file: str | None = None) -> Iterator[Iterator[bytes] | None]:
    """The bytes at an https URL, streamed, for the length of a `with`; None if not found.

    `ca_file` holds the CAs to trust instead of the system's. No credentials are
    sent. Raises `ArtifactError`.
    """
    import requests

    host = urlsplit(url).netloc
    with requests.Session() as session:
        session.auth = _anonymous  # keeps requests from reading ~/.netrc
        session.headers["Accept-Encoding"] = "identity"
        with reaching(host, ArtifactError):
            response = session.get(url, stream=True, timeout=_TIMEOUT, verify=ca_file or True)
        with response:
            if not response.url.startswith("https:"):
                raise ArtifactError(f"{host} redirects to a URL without TLS", "correct the `url`")
            if response.status_code not in (404, 410) and not response.ok:
                raise ArtifactError(f"{host} answered {response.status_code}", "try again later")
            yield _chunks(response, host) if response.ok else None


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _chunks(response: requests.Response, host: str) -> Iterator[bytes]:
    with reaching(host, ArtifactError):
        yield from response.iter_content(CHUNK_BYTES)
