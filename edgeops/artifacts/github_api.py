"""The calls to GitHub's REST API for publishing, with failures as `ArtifactError`.

Source: "REST API endpoints for releases" and "... for release assets" (GitHub Docs).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from edgeops.artifacts.checked_file import CheckedFile
from edgeops.artifacts.store import ArtifactError
from edgeops.digest import CHUNK_BYTES
from edgeops.errors import EdgeOpsError
from edgeops.github.rest import GitHubApi, GitHubError
from edgeops.jsonvalue import JsonObject
from edgeops.translate import translate

if TYPE_CHECKING:
    import requests

_HINTS = {
    401: "GITHUB_TOKEN is no longer valid",
    403: "the token needs `contents: write` here, or its rate limit is used up",
    404: "check that the repository exists and that the token (`contents: write`) can access it",
    422: "check that the repository allows this release and tag",
}


class GitHubReleases:
    """The releases of one repository. All calls may raise `ArtifactError`."""

    def __init__(self, downloads_url: str, token: str | None, ca_file: str | None) -> None:
        """`downloads_url` is https://HOST/OWNER/REPO/releases/download."""
        host = urlsplit(downloads_url).netloc
        owner, repository = urlsplit(downloads_url).path.strip("/").split("/")[:2]
        api = "https://api.github.com" if host == "github.com" else f"https://{host}/api/v3"
        self.repository = f"{owner}/{repository}"
        self._rest = GitHubApi(
            f"{api}/repos/{self.repository}",
            about=f"the releases of {self.repository}",
            token=token,
            ca_file=ca_file,
            hints=_HINTS,
        )

    def published(self, tag: str) -> JsonObject | None:
        """The published release of a tag, if any."""
        with _as_store():
            release: JsonObject | None = self._rest.find(f"/releases/tags/{quote(tag, safe='')}")
        return release

    def draft(self, tag: str) -> JsonObject | None:
        """The draft that an interrupted publisher left for a tag; only writers see drafts."""
        with _as_store():
            releases = self._rest.pages("/releases")
            return next((r for r in releases if r["draft"] and r["tag_name"] == tag), None)

    def create_draft(self, tag: str) -> JsonObject:
        """A new draft; its tag is created when it is published."""
        with _as_store():
            draft: JsonObject = self._rest.post("/releases", tag_name=tag, name=tag, draft=True)
        return draft

    def publish(self, release: JsonObject) -> None:
        """Make a draft visible to everybody."""
        with _as_store():
            self._rest.patch(f"/releases/{release['id']}", draft=False)

    def upload(self, release: JsonObject, name: str, content: CheckedFile) -> JsonObject:
        """Add a file to a release."""
        url = release["upload_url"].partition("{")[0] + f"?name={quote(name, safe='')}"
        headers = {"Content-Type": "application/octet-stream"}
        with _as_store():
            asset: JsonObject = self._rest.json("POST", url, data=content, headers=headers)
        return asset

    def delete(self, asset: JsonObject) -> None:
        """Remove a file from a release."""
        with _as_store():
            self._rest.ask("DELETE", asset["url"]).close()

    @contextmanager
    def download(self, asset: JsonObject) -> Iterator[Iterator[bytes]]:
        """The bytes of a file, also of a draft; GitHub may redirect to another server."""
        headers = {"Accept": "application/octet-stream"}
        with _as_store():
            response = self._rest.ask("GET", asset["url"], headers=headers, stream=True)
        with response:
            yield self._chunks(response)

    def _chunks(self, response: requests.Response) -> Iterator[bytes]:
        with _as_store(), self._rest.reaching():
            yield from response.iter_content(CHUNK_BYTES)


def _as_store() -> AbstractContextManager[None]:
    """For `with`: `GitHubError` as `ArtifactError`."""
    return translate((GitHubError, lambda error: ArtifactError(error.message, error.hint)))


def token_missing(repository: str) -> EdgeOpsError:
    """The error of a publisher without a token."""
    return EdgeOpsError(
        f"publishing to the releases of {repository} needs a token, but GITHUB_TOKEN is not set",
        "in GitHub Actions: `env: {GITHUB_TOKEN: ${{ github.token }}}` and `contents: write`",
    )
