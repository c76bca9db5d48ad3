"""Which devices may differ between two commits, as their files tell."""

from __future__ import annotations

from edgeops.fleet.catalog import devices_of
from edgeops.fleet.memo import Memo
from edgeops.fleet.remembered import context_files
from edgeops.source.listing import Listing


def may_differ(one: Listing, other: Listing, memo: Memo | None) -> frozenset[str] | None:
    """The devices in files that are not the same in both; None if any device may differ.

    That is so if other manifests, or schemas, are not the same, or manifests cannot be read.
    """
    paths = {path for path, _ in one.blobs.items() ^ other.blobs.items()}
    names: set[str] = set()
    for listing in (one, other):
        snapshot = listing.snapshot(memo, paths & listing.blobs.keys())
        if snapshot.problems or context_files(snapshot):
            return None
        for document in snapshot.documents:
            names.update(device.name for device in devices_of(document))
    return frozenset(names)
