"""The port to the stores of published files, and the rules that every store follows.

A published file never changes: a name is written once, and never visible
half-written. Devices verify the SHA-256 of the release file, so they detect a
store that returns other bytes.
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
    """Progress that nobody watches."""


class Store(Protocol):
    """Published files by name, as `crowdedness-24h/1.0.0/model.onnx`.

    All calls may raise `ArtifactError`, and `UsageError` for an invalid name.
    """

    def sha256_of(self, name: str) -> str | None:
        """The SHA-256 of the file published under a name, None if there is none."""

    def put(self, file: Path, name: str, digest: Digest, progress: Progress = no_progress) -> str:
        """Publish a file whose digest is known; gives the URL where devices find it.

        Does nothing if the same bytes already exist. Raises `Refused` if other
        bytes do. `progress` gets the bytes done and the total.
        """

    def open(self, name: str) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes under a name, streamed, for the length of a `with`."""


def verify(store: Store, name: str, expected: Digest) -> None:
    """Read a published file back. Raises `ArtifactError` if its digest is not the expected one."""
    with store.open(name) as chunks:
        actual = digest_of(chunks)
    if actual != expected:
        raise ArtifactError(
            f"the store holds another file as {name}: {actual.size:,} bytes with SHA-256 "
            f"{actual.sha256[:12]}..., not {expected.size:,} with {expected.sha256[:12]}...",
            "publish it again under a new version",
        )


def checked_name(name: str) -> str:
    """The name. Raises `UsageError` if it is invalid in a release file or leaves the store."""
    if not _NAME.match(name):
        raise UsageError(
            f"{name!r} is not a valid name for a published file",
            "use letters, digits, _ . + and -, in parts separated by /",
        )
    return name


def refuse_other_bytes(name: str, existing: str, digest: Digest) -> None:
    """Raise `Refused` if the existing file (its SHA-256) is not the file to publish."""
    if existing != digest.sha256:
        raise Refused(
            f"{name} is already published with other bytes",
            "a published file never changes: publish under a new version",
        )


def not_published(name: str) -> ArtifactError:
    """The error of a name under which nothing is published."""
    return ArtifactError(f"{name} is not in the store", "check that it was published to this store")


@dataclass(frozen=True, slots=True)
class ReadAccess:
    """A query string that lets its bearer read from a host until `expires`: a secret."""

    host: str
    query: str = field(repr=False)
    expires: datetime
