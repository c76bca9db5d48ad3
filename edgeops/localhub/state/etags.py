"""Etags: computing them, reading them from headers, and checking preconditions.

The twin's etag counts writes of tags and desired properties. Reported properties
have their own `$version` and do not change it, which Microsoft does not document.
"""

from __future__ import annotations

import base64

from edgeops.localhub.state import errors
from edgeops.localhub.state.entry import RegistryIdentity, TwinState

ANY = "*"


def bare(header: str | None) -> str | None:
    """The etag in an If-Match header, without quotes and the `W/` prefix."""
    if header is None:
        return None
    return header.strip().removeprefix("W/").strip('"') or None


def require(if_match: str | None, etag: str) -> None:
    """Raise `HubFault` 412 unless the precondition holds; no precondition counts as `*`."""
    if if_match not in (None, ANY, etag):
        raise errors.etag_mismatch()


def counter_etag(revision: int) -> str:
    """The etag of a twin or configuration: base64 of a 64-bit counter."""
    return base64.b64encode(revision.to_bytes(8, "big")).decode()


def twin_etag(twin: TwinState) -> str:
    """The etag that guards tags and desired properties."""
    return counter_etag(twin.revision)


def identity_etag(identity: RegistryIdentity) -> str:
    """The etag of a device or module identity (`deviceEtag` in twins)."""
    return base64.b64encode(f"{identity.generation[-9:]}{identity.revision}".encode()).decode()
