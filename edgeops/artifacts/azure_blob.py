"""Published files in a container of Azure Blob Storage.

Source: "Put Blob", "Get Blob Properties", "Specifying conditional headers"
(Microsoft Learn). A blob appears when its last block is committed, so never
half-written; `If-None-Match: *` on that commit keeps it from being replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from edgeops.artifacts.azure_account import Container, storage_errors
from edgeops.artifacts.checked_file import opened
from edgeops.artifacts.store import (
    Progress,
    checked_name,
    no_progress,
    not_published,
    refuse_other_bytes,
)
from edgeops.digest import Digest, digest_of

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties, StorageStreamDownloader

_SHA256 = "sha256"  # the key in the metadata of a blob


class AzureBlobStore:
    """`Store` in a blob container."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._client = container.client

    def sha256_of(self, name: str) -> str | None:
        """See `Store.sha256_of`. A blob that another tool uploaded is read and hashed."""
        properties = self._properties(checked_name(name))
        if properties is None:
            return None
        if properties.metadata and _SHA256 in properties.metadata:
            return str(properties.metadata[_SHA256])
        with self.open(name) as chunks:
            return digest_of(chunks).sha256

    def put(self, file: Path, name: str, digest: Digest, progress: Progress = no_progress) -> str:
        """See `Store.put`."""
        existing = self.sha256_of(name)
        if existing is None:
            existing = self._upload(file, name, digest, progress)
        refuse_other_bytes(name, existing, digest)
        return f"{self._client.url}/{name}"

    def _upload(self, file: Path, name: str, digest: Digest, progress: Progress) -> str:
        """The SHA-256 of the blob after the upload, which another publisher may have won."""
        from azure.core.exceptions import ResourceExistsError
        from azure.storage.blob import ContentSettings

        settings = ContentSettings(
            content_type="application/octet-stream",
            content_md5=bytearray.fromhex(digest.md5),
        )
        with storage_errors(self._container), opened(file, digest, progress) as source:
            try:
                self._client.upload_blob(
                    name,
                    cast("IO[bytes]", source),  # only its `read` is used
                    length=digest.size,
                    overwrite=False,
                    content_settings=settings,
                    metadata={_SHA256: digest.sha256},
                )
            except ResourceExistsError:
                return self.sha256_of(name) or ""
        return digest.sha256

    @contextmanager
    def open(self, name: str) -> Iterator[Iterator[bytes]]:
        """See `Store.open`."""
        with storage_errors(self._container):
            if self._properties(checked_name(name)) is None:
                raise not_published(name)
            download = self._client.download_blob(name)
        yield self._chunks(download)

    def _chunks(self, download: StorageStreamDownloader[bytes]) -> Iterator[bytes]:
        with storage_errors(self._container):
            yield from download.chunks()

    def _properties(self, name: str) -> BlobProperties | None:
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(self._container):
            try:
                return self._client.get_blob_client(name).get_blob_properties()
            except ResourceNotFoundError as error:
                if getattr(error, "error_code", None) == "ContainerNotFound":
                    raise
                return None
