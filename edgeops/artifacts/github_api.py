"""The calls to GitHub's REST API that publishing needs, and their errors as ours.

Source: "REST API endpoints for releases" and "... for release assets" (GitHub Docs).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from edgeops.artifacts.checked_file import CheckedFile
from edgeops.artifacts.digest import CHUNK_BYTES
from edgeops.artifacts.store import ArtifactError
from edgeops.errors import EdgeOpsError
from edgeops.twin import JsonObject

if TYPE_CHECKING:
    import requests

_TIMEOUT = (10, 120)  # seconds: to connect, and between two bytes of an answer
_PAGE = 100


class GitHubError(ArtifactError):
    """GitHub refused; `status` is that of HTTP."""

    def __init__(self, message: str, hint: str, status: int) -> None:
        super().__init__(message, hint)
        self.status = status


class GitHubApi:
    """The releases of one repository."""

    def __init__(self, downloads_url: str, token: str | None, ca_file: str | None) -> None:
        """`downloads_url` is https://HOST/OWNER/REPO/releases/download."""
        import requests

        host = urlsplit(downloads_url).netloc
        owner, repository = urlsplit(downloads_url).path.strip("/").split("/")[:2]
        api = "https://api.github.com" if host == "github.com" else f"https://{host}/api/v3"
        self.repository = f"{owner}/{repository}"
        self._url = f"{api}/repos/{self.repository}"
        self._token = token
        self._session = requests.Session()
        self._session.auth = self._authorize  # also keeps requests from looking into ~/.netrc
        self._verify = ca_file or True
        self._session.headers["X-GitHub-Api-Version"] = "2022-11-28"

    def published(self, tag: str) -> JsonObject | None:
        """The published release of a tag."""
        try:
            found: JsonObject = self._json(
                "GET", f"{self._url}/releases/tags/{quote(tag, safe='')}"
            )
        except GitHubError as error:
            if error.status == 404:
                return None
            raise
        return found

    def draft(self, tag: str) -> JsonObject | None:
        """A draft for a tag, which a publisher left that was cut off; only writers see drafts."""
        page = 1
        while True:
            found = self._json("GET", f"{self._url}/releases?per_page={_PAGE}&page={page}")
            for release in found:
                if release["draft"] and release["tag_name"] == tag:
                    return dict(release)
            if len(found) < _PAGE:
                return None
            page += 1

    def create_draft(self, tag: str) -> JsonObject:
        """A new draft; its tag is made when it is published."""
        body = {"tag_name": tag, "name": tag, "draft": True}
        draft: JsonObject = self._json("POST", f"{self._url}/releases", json=body)
        return draft

    def publish(self, release: JsonObject) -> None:
        """Make a draft visible to everybody."""
        self._json("PATCH", f"{self._url}/releases/{release['id']}", json={"draft": False})

    def upload(self, release: JsonObject, name: str, content: CheckedFile) -> JsonObject:
        """Add a file to a release."""
        url = release["upload_url"].partition("{")[0] + f"?name={quote(name, safe='')}"
        headers = {"Content-Type": "application/octet-stream"}
        asset: JsonObject = self._json("POST", url, data=content, headers=headers)
        return asset

    def delete(self, asset: JsonObject) -> None:
        """Remove a file from a release."""
        self._ask("DELETE", asset["url"]).close()

    @contextmanager
    def download(self, asset: JsonObject) -> Iterator[Iterator[bytes]]:
        """The bytes of a file, drafts included; GitHub may send them from elsewhere."""
        headers = {"Accept": "application/octet-stream"}
        with self._ask("GET", asset["url"], headers=headers, stream=True) as response:
            yield self._chunks(response)

    def _chunks(self, response: requests.Response) -> Iterator[bytes]:
        with self._reaching():
            yield from response.iter_content(CHUNK_BYTES)

    def _json(self, method: str, url: str, **options: Any) -> Any:
        response = self._ask(method, url, **options)
        try:
            return response.json()
        except ValueError:
            raise ArtifactError(
                "GitHub's answer is not JSON", "is `artifacts.url` right?"
            ) from None

    def _ask(self, method: str, url: str, **options: Any) -> requests.Response:
        options["headers"] = {"Accept": "application/vnd.github+json"} | options.get("headers", {})
        with self._reaching():
            response = self._session.request(
                method, url, timeout=_TIMEOUT, verify=self._verify, **options
            )
        if not response.ok:
            response.close()
            raise self._refused(response.status_code)
        return response

    def _refused(self, status: int) -> GitHubError:
        hints = {
            401: "GITHUB_TOKEN is not valid any more",
            403: "the token needs `contents: write` here, or its rate limit is used up",
            404: "is there such a repository, and may the token (`contents: write`) see it?",
            422: "does the repository allow this release and tag?",
        }
        return GitHubError(
            f"GitHub answered {status} for the releases of {self.repository}",
            hints.get(status, "try again later"),
            status,
        )

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        import requests

        try:
            yield
        except requests.exceptions.SSLError as error:
            raise ArtifactError(
                "GitHub's certificate is not trusted", "see SSL_CERT_FILE for a company's own CA"
            ) from error
        except requests.RequestException as error:
            raise ArtifactError(
                f"the releases of {self.repository} cannot be reached", "check network and proxy"
            ) from error

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def token_missing(repository: str) -> EdgeOpsError:
    """The error of a publisher without a token."""
    return EdgeOpsError(
        f"publishing to the releases of {repository} needs a token, and GITHUB_TOKEN is not set",
        "in GitHub Actions: `env: {GITHUB_TOKEN: ${{ github.token }}}` and `contents: write`",
    )
