"""Opening the artifact store that a hub of the Fleet names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import assert_never

from edgeops.artifacts.store import ReadAccess, Store
from edgeops.errors import EdgeOpsError
from edgeops.fleet.model import ArtifactTarget, StoreKind


def open_store(target: ArtifactTarget, environ: Mapping[str, str], *, folder: Path) -> Store:
    """The store of a hub's artifacts; nothing is sent yet.

    `folder` is where the local hub serves artifacts from. `environ` holds the
    credentials and SSL_CERT_FILE (the CAs to trust instead of the system's).
    Raises `EdgeOpsError` for a store of an unknown kind, and for missing or
    malformed credentials.
    """
    ca_file = environ.get("SSL_CERT_FILE") or None
    match target.store:
        case StoreKind.LOCAL:
            from edgeops.artifacts.folder import FolderStore

            return FolderStore(folder, target.url)
        case StoreKind.AZURE_BLOB:
            from edgeops.artifacts.azure_account import open_container
            from edgeops.artifacts.azure_blob import AzureBlobStore

            return AzureBlobStore(open_container(target, environ, ca_file=ca_file))
        case StoreKind.GITHUB_RELEASE:
            from edgeops.artifacts.github_release import GitHubReleaseStore

            token = environ.get("GITHUB_TOKEN") or None
            return GitHubReleaseStore(target.url, token, ca_file=ca_file)
        case None:
            raise EdgeOpsError(
                f"edgeops cannot publish to {target.url}: the kind of store is unknown",
                "set `artifacts.store` of the hub in the Fleet, or upload the file another way",
            )
    assert_never(target.store)


def mint_read_access(
    target: ArtifactTarget, environ: Mapping[str, str], *, now: datetime, lifetime: timedelta
) -> ReadAccess:
    """Read access for devices to a private store (`target.private`).

    Raises `EdgeOpsError` when the credentials are missing, malformed or not enough.
    """
    from edgeops.artifacts.azure_account import open_container, read_access

    container = open_container(target, environ, ca_file=environ.get("SSL_CERT_FILE") or None)
    return read_access(container, now=now, lifetime=lifetime)
