"""Published files as assets of GitHub releases of a public repository.

`crowdedness-24h/1.0.0/model.onnx` is the asset `model.onnx` of the release
with the tag `crowdedness-24h/1.0.0`, which GitHub serves at this path below
https://github.com/OWNER/REPO/releases/download.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from edgeops.artifacts.checked_file import opened
from edgeops.artifacts.github_api import GitHubReleases, token_missing
from edgeops.artifacts.store import (
    ArtifactError,
    Progress,
    checked_name,
    no_progress,
    not_published,
    refuse_other_bytes,
)
from edgeops.digest import Digest, digest_of
from edgeops.errors import UsageError
from edgeops.jsonvalue import JsonObject

_DIGEST = "sha256:"


class GitHubReleaseStore:
    """`Store` in the releases of one repository; `token` is needed to publish."""

    def __init__(self, url: str, token: str | None, *, ca_file: str | None = None) -> None:
        self._url = url.rstrip("/")
        self._api = GitHubReleases(url, token, ca_file)
        self._can_write = bool(token)

    def sha256_of(self, name: str) -> str | None:
        """See `Store.sha256_of`."""
        asset = self._published(name)
        return None if asset is None else self._sha256(asset)

    def put(self, file: Path, name: str, digest: Digest, progress: Progress = no_progress) -> str:
        """See `Store.put`.

        A new release is a draft until the file is complete. The draft of an
        interrupted publisher is continued.
        """
        tag, asset_name = _parts(name)
        if not self._can_write:
            raise token_missing(self._api.repository)
        release = self._api.published(tag) or self._api.draft(tag) or self._api.create_draft(tag)
        asset = _asset(release, asset_name)
        if asset is not None and asset["state"] != "uploaded":
            self._api.delete(asset)  # an interrupted upload
            asset = None
        if asset is None:
            asset = self._upload(release, file, asset_name, digest, progress)
        refuse_other_bytes(name, self._sha256(asset), digest)
        if release["draft"]:
            self._api.publish(release)
        return f"{self._url}/{name}"

    def open(self, name: str) -> AbstractContextManager[Iterator[bytes]]:
        """See `Store.open`."""
        asset = self._published(name)
        if asset is None:
            raise not_published(name)
        return self._api.download(asset)

    def _published(self, name: str) -> JsonObject | None:
        tag, asset_name = _parts(name)
        release = self._api.published(tag)
        asset = _asset(release, asset_name) if release else None
        return asset if asset and asset["state"] == "uploaded" else None

    def _upload(
        self, release: JsonObject, file: Path, name: str, digest: Digest, progress: Progress
    ) -> JsonObject:
        with opened(file, digest, progress) as source:
            asset = self._api.upload(release, name, source)
        if asset["name"] != name:
            self._api.delete(asset)
            raise ArtifactError(
                f"GitHub would rename {name} to {asset['name']}", "choose a plainer file name"
            )
        return asset

    def _sha256(self, asset: JsonObject) -> str:
        """As computed by GitHub; assets older than that feature are read and hashed."""
        computed = asset.get("digest")
        if isinstance(computed, str) and computed.startswith(_DIGEST):
            return computed.removeprefix(_DIGEST)
        with self._api.download(asset) as chunks:
            return digest_of(chunks).sha256


def _parts(name: str) -> tuple[str, str]:
    """The tag and the asset of a name."""
    tag, _, asset = checked_name(name).rpartition("/")
    if not tag:
        raise UsageError(
            f"{name!r} does not name a release",
            "on GitHub a published file is TAG/FILE, as in v1/m.onnx",
        )
    return tag, asset


def _asset(release: JsonObject, name: str) -> JsonObject | None:
    return next((asset for asset in release["assets"] if asset["name"] == name), None)
