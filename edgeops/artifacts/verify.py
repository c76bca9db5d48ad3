"""Verifies published files against their release files: everything is read and hashed again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edgeops.artifacts.store import ArtifactError, Store
from edgeops.artifacts.url import open_url
from edgeops.digest import Digest, Hasher, chunks_of
from edgeops.plain_file import open_plain
from edgeops.proxy import Proxies
from edgeops.release import ReleaseFile


class Found(StrEnum):
    """The state of a published file at one place."""

    SAME = "same"
    ABSENT = "absent"
    CHANGED = "changed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Check:
    """The state of a published file at one place (`git`, `store`, `url`), and the reason."""

    place: str
    found: Found
    reason: str = ""
    file: str = ""


def is_good(checks: Sequence[Check], *, seeded: bool) -> bool:
    """Whether devices get the published file; the copy in git may be absent.

    With `seeded` the other place may be absent too if there is a copy in git,
    which the local hub serves after its next start.
    """
    states = {check.place: check.found for check in checks}
    copy = states.pop("git", Found.ABSENT)
    fine = {Found.SAME, Found.ABSENT} if seeded and copy is Found.SAME else {Found.SAME}
    return copy in (Found.SAME, Found.ABSENT) and set(states.values()) <= fine


def promised(file: ReleaseFile) -> Digest:
    """The digest that a release file promises; it may be without MD5."""
    return Digest(file.sha256, file.md5, file.size)


def check_copy(expected: ReleaseFile, copy: Path) -> Check:
    """The copy in git, which may be absent; a symbolic link is not a copy."""
    try:
        with open_plain(copy.parent, copy.name) as file:
            return _check("git", expected, chunks_of(file))
    except FileNotFoundError:
        return Check("git", Found.ABSENT)
    except OSError as error:
        return Check("git", Found.UNREADABLE, f"cannot read {copy}: {error.strerror}")


def check_stored(file: ReleaseFile, store: Store) -> Check:
    """The file in the store of a hub; it has a `path`."""
    assert file.path is not None
    try:
        if store.sha256_of(file.path) is None:
            return Check("store", Found.ABSENT, f"{file.path} is not in the store")
        with store.open(file.path) as chunks:
            return _check("store", file, chunks)
    except ArtifactError as error:
        return Check("store", Found.UNREADABLE, error.message)


def check_url(
    file: ReleaseFile,
    url: str,
    *,
    ca_file: str | None = None,
    proxies: Proxies | None = None,
) -> Check:
    """The file at an https URL, as devices get it.

    `ca_file` holds the CAs to trust instead of the system's.
    """
    try:
        with open_url(url, ca_file=ca_file, proxies=proxies) as chunks:
            if chunks is None:
                return Check("url", Found.ABSENT, f"{url} does not exist")
            return _check("url", file, chunks)
    except ArtifactError as error:
        return Check("url", Found.UNREADABLE, error.message)


def _check(place: str, file: ReleaseFile, chunks: Iterable[bytes]) -> Check:
    expected = promised(file)
    hasher = Hasher(md5=bool(file.md5))
    for chunk in _bounded(chunks, expected.size):
        hasher.add(chunk)
    actual = hasher.digest()
    if actual == expected:
        return Check(place, Found.SAME)
    whole = actual.size <= expected.size
    is_now = f"{actual.size:,} bytes with SHA-256 {actual.sha256[:12]}..." if whole else "longer"
    return Check(
        place,
        Found.CHANGED,
        f"the artifact changed after it was published: it is {is_now},"
        f" and was {expected.size:,} with {expected.sha256[:12]}...",
    )


def _bounded(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The chunks up to the one that exceeds the size: a response may never end."""
    read = 0
    for chunk in chunks:
        yield chunk
        read += len(chunk)
        if read > size:
            return
