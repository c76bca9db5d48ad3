"""The port to where published files are kept, and the rules that every store follows.

What was published never changes: a name is written once. Nothing is ever
visible half-written. What devices verify is the SHA-256 in the release file,
so a store that lies is found out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from edgeops.digest import Digest, digest_of
from edgeops.errors import EdgeOpsError, Refused, UsageError

Progress = Callable[[int, int], None]

# As `path` in schemas/modelrelease.schema.json.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*(/[A-Za-z0-9_][A-Za-z0-9._+-]*)*\Z")


class ArtifactError(EdgeOpsError):
    """A store cannot be reached, refuses, or does not hold what it should."""


def no_progress(_done: int, _total: int) -> None:
    """Tells nobody."""


class Store(Protocol):
    """Published files by name, as `crowdedness-24h/1.0.0/model.onnx`.

    All calls may raise `ArtifactError`, and `UsageError` for an impossible name.
    """

    def sha256_of(self, name: str) -> str | None:
        """The SHA-256 of what is published under a name, None when nothing is."""

    def put(self, file: Path, name: str, digest: Digest, progress: Progress = no_progress) -> str:
        """Publish a file whose digest is known; gives the URL where devices find it.

        Does nothing when the same bytes are there already. Raises `Refused`
        when other bytes are. `progress` gets bytes done and in all.
        """

    def open(self, name: str) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes under a name, streamed, for the length of a `with`."""


def verify(store: Store, name: str, expected: Digest) -> None:
    """Read a published file back. Raises `ArtifactError` when it is not what is expected."""
    with store.open(name) as chunks:
        actual = digest_of(chunks)
    if actual != expected:
        raise ArtifactError(
            f"the store holds something else as {name}: {actual.size:,} bytes with SHA-256 "
            f"{actual.sha256[:12]}..., not {expected.size:,} with {expected.sha256[:12]}...",
            "publish it again under a new version",
        )


def checked_name(name: str) -> str:
    """The name. Raises `UsageError` when it could not be in a release file, or leaves the store."""
    if not _NAME.match(name):
        raise UsageError(
            f"{name!r} is not a name for a published file",
            "use letters, digits, _ . + and -, in parts divided by /",
        )
    return name


def refuse_other_bytes(name: str, there: str, digest: Digest) -> None:
    """Raise `Refused` when what is there (its SHA-256) is not what is to be published."""
    if there != digest.sha256:
        raise Refused(
            f"{name} is already published with other bytes",
            "what was published never changes: publish under a new version",
        )


def not_published(name: str) -> ArtifactError:
    """The error of a name under which nothing is published."""
    return ArtifactError(f"{name} is not in the store", "was it published to this store?")


@dataclass(frozen=True, slots=True)
class ReadAccess:
    """A query string that lets its bearer read from a host until `expires`: a secret."""

    host: str
    query: str = field(repr=False)
    expires: datetime
