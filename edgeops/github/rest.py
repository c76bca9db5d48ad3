"""Calls to GitHub's REST API, with its failures as `GitHubError`.

Source: "Getting started with the REST API" (GitHub Docs).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject
from edgeops.translate import reaching

if TYPE_CHECKING:
    import requests

_TIMEOUT = (10, 120)  # seconds: to connect, and between two bytes of an answer
_PAGE = 100
_RETRIES = 3
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class GitHubError(EdgeOpsError):
    """GitHub refused or cannot be reached; `status` is the HTTP status, None without a response."""

    def __init__(self, message: str, hint: str, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.status = status


class GitHubApi:
    """The REST API below one URL, as https://api.github.com/repos/OWNER/NAME."""

    def __init__(
        self,
        url: str,
        *,
        about: str,
        token: str | None,
        ca_file: str | None = None,
        hints: Mapping[int, str] | None = None,
    ) -> None:
        """`about` names the requested object in errors, `hints` has what to do for each status.

        Raises `GitHubError` for a URL that would send the token without TLS.
        """
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.util import Retry

        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise GitHubError(f"{url} is not https", "the token must not be sent without TLS")
        self._url = url
        self._about = about
        self._token = token
        self._hints = hints or {}
        self._verify = ca_file or True
        self._session = requests.Session()
        self._session.auth = self._authorize  # also keeps requests from looking into ~/.netrc
        self._session.headers["X-GitHub-Api-Version"] = "2022-11-28"
        retry = Retry(
            _RETRIES,
            connect=0,
            read=0,
            other=0,
            backoff_factor=1,
            status_forcelist=(502, 503, 504),
            allowed_methods=("GET", "PATCH"),  # a POST without a response may have been executed
            raise_on_status=False,
        )
        self._session.mount(f"{parts.scheme}://", HTTPAdapter(max_retries=retry))

    def get(self, path: str, **query: str | int) -> Any:
        """The object at a path, as `/pulls/7`."""
        return self.json("GET", self._url + path, params=query)

    def find(self, path: str) -> Any:
        """The object at a path; None if it does not exist."""
        try:
            return self.get(path)
        except GitHubError as error:
            if error.status == 404:
                return None
            raise

    def post(self, path: str, **body: Any) -> Any:
        """Create an object at a path; None if the response has no content."""
        return self.json("POST", self._url + path, json=body)

    def patch(self, path: str, **body: Any) -> Any:
        """Change the object at a path."""
        return self.json("PATCH", self._url + path, json=body)

    def pages(
        self, path: str, *, member: str | None = None, **query: str | int
    ) -> Iterator[JsonObject]:
        """All items of a list; pages are requested as needed.

        `member` names the list if GitHub wraps it in an object. Raises
        `GitHubError` for a link to a page of another server.

        Source: "Using pagination in the REST API" (GitHub Docs): not every list
        has page numbers, but all have a link to the next page.
        """
        url: str | None = self._url + path
        params: dict[str, str | int] | None = {**query, "per_page": _PAGE}
        while url:
            response = self.ask("GET", url, params=params)
            answer = self._decoded(response)
            yield from answer if member is None else answer[member]
            url, params = self._next(response), None  # the link includes the query

    def _next(self, response: requests.Response) -> str | None:
        url = response.links.get("next", {}).get("url")
        if url and urlsplit(url)[:2] != urlsplit(self._url)[:2]:  # it would get the token
            raise GitHubError("GitHub links to a page of another server", "check the proxy")
        return url

    def json(self, method: str, url: str, **options: Any) -> Any:
        """The JSON at any URL of GitHub. Raises `GitHubError`."""
        return self._decoded(self.ask(method, url, **options))

    def _decoded(self, response: requests.Response) -> Any:
        if response.status_code == 204:
            return None
        try:
            return response.json()
        except ValueError:
            raise GitHubError(
                "GitHub's response is not JSON", "check the URL and the proxy"
            ) from None

    def ask(self, method: str, url: str, **options: Any) -> requests.Response:
        """The response, whose content is possibly still to be read. Raises `GitHubError`."""
        options["headers"] = {"Accept": "application/vnd.github+json"} | options.get("headers", {})
        with self.reaching():
            response = self._session.request(
                method, url, timeout=_TIMEOUT, verify=self._verify, **options
            )
        if not response.ok:
            response.close()
            hint = self._hints.get(response.status_code, "try again later")
            raise GitHubError(
                f"GitHub answered {response.status_code} for {self._about}",
                hint,
                response.status_code,
            )
        return response

    def reaching(self) -> AbstractContextManager[None]:
        """For `with`: failures to reach GitHub or read its response as `GitHubError`."""
        return reaching(self._about, GitHubError)

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request
