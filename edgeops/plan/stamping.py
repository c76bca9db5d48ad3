"""The stamps that a plan writes: that of a device in sync, and the one until all is written."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from edgeops import stamp as stamps
from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.jsonvalue import JsonObject
from edgeops.plan.identity import IDENTITY
from edgeops.plan.ownership import Owner
from edgeops.stamp import Stamp
from edgeops.stamp_paths import Path, united

MODULES = "modules"  # the section of a stamp that lists the owned module identities

_WITH_STAMP = ("tags", "desired")  # the sections that are written together with the stamp


def device_stamp(device: DesiredDevice, owner: Owner, identities: Set[str]) -> Stamp:
    """The stamp of a device that is in sync; it also owns these module identities."""
    content = {"tags": device.tags, "desired": device.desired, **device.edge_content}
    digest, owned = stamps.digest_and_paths(content)
    if device.identity:  # part of what was applied, so that drift can be told; nothing to own
        digest = stamps.digest({**content, IDENTITY: device.identity})
    new = Stamp(
        fleet=owner.fleet,
        commit=owner.commit,
        digest=digest,
        protect=device.protect,
        owned=owned.union((MODULES, name) for name in identities) if identities else owned,
    )
    return _signed(new, device.name, owner)


def module_stamp(device: str, module: DesiredModule, owner: Owner) -> Stamp:
    """The stamp of a module that is in sync."""
    digest, owned = stamps.digest_and_paths({"desired": module.desired})
    return _signed(Stamp(owner.fleet, owner.commit, digest, owned=owned), device, owner)


def _signed(stamp: Stamp, device: str, owner: Owner) -> Stamp:
    """The stamp with what proves whose the twin is."""
    return replace(stamp, uid=owner.uid, device=device)


def first_stamp(old: Stamp | None, new: Stamp, replaced: frozenset[Path], *, more: bool) -> Stamp:
    """The stamp to write, with tags and desired properties, before the `more` changes of a device.

    What these will remove stays owned until they are written: if the run is interrupted before
    that, the next one still removes it. Of the secrets that they put in place of values, at the
    paths `replaced`, it does not say yet that they are written.
    """
    if not more:
        return new
    later = frozenset(path for path in old.owned if path[0] not in _WITH_STAMP) if old else ()
    known = {stamps.place_of(path) for path in later if stamps.names_secret(path)}
    owned = frozenset(
        place if (place := stamps.place_of(path)) in replaced else path for path in new.owned
    )
    written = {stamps.place_of(path) for path in owned if stamps.names_secret(path)}
    owned -= known & replaced  # as before: another version, which is owned too
    kept = (path for path in later if path in owned or stamps.place_of(path) not in written)
    owned = united(owned, frozenset(kept))
    if owned == new.owned:
        return new
    before = old or new
    return replace(before, protect=new.protect, owned=owned, uid=new.uid, device=new.device)


def owned_in(stamp: Stamp | None, section: str, live: JsonObject) -> frozenset[Path]:
    """The paths of a section that a stamp owns; none without a stamp."""
    return stamp.owned_in(section, live) if stamp else frozenset()
