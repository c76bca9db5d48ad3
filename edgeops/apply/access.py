"""Which devices need read access to a private artifact store, and what their twin gets.

Access is a secret that ends by itself: a plan says for which stores it may be given, but the
secret, and who needs it now, are no part of git, digest, plan, diff or stamp. It is written
beside the changes of a sync, to `desired.access.<store> = {host, query, expires}` of the
model_loader module, and never shown. Every write of desired properties wakes a device, so
only those get it that have yet to download and whose access is near its end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from edgeops.artifacts.store import ReadAccess
from edgeops.fleet.model import ACCESS, MODEL_LOADER, ArtifactTarget, DesiredDevice, StoreKind
from edgeops.jsonvalue import JsonObject
from edgeops.twin import LiveDevice, Twin

# Long enough for a daily sync to renew it before a device that retries finds it expired.
LIFETIME = timedelta(hours=24)
RENEW_BEFORE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Grants:
    """Who gets read access, and the merge patch of desired properties that gives it: a secret."""

    devices: frozenset[str]
    patch: JsonObject = field(repr=False)


def grants(devices: Collection[str], store: StoreKind, access: ReadAccess) -> Grants:
    """This access for these devices."""
    expires = access.expires.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    value = {"host": access.host, "query": access.query, "expires": expires}
    return Grants(frozenset(devices), {ACCESS: {store.value: value}})


def devices_in_need(
    wanted: Mapping[str, DesiredDevice],
    live: Mapping[str, LiveDevice],
    artifacts: ArtifactTarget,
    *,
    now: datetime,
) -> frozenset[str]:
    """The devices that have yet to download a release from a private store, without lasting access.

    `live` are the devices as they are on the hub, with their model_loader module.
    """
    if not artifacts.private:
        return frozenset()
    loaders = {name: device.modules.get(MODEL_LOADER) for name, device in live.items()}
    return frozenset(
        name
        for name, device in wanted.items()
        if _has_yet_to_download(device, loaders.get(name), artifacts)
        and not _has_access(loaders.get(name), artifacts, now)
    )


def _has_yet_to_download(
    device: DesiredDevice, loader: Twin | None, artifacts: ArtifactTarget
) -> bool:
    reported = _object(loader.reported, "models") if loader else {}
    return any(
        artifacts.holds(release) and _object(reported, slot).get("sha256") != release.sha256
        for slot, release in device.models.items()
    )


def _has_access(loader: Twin | None, artifacts: ArtifactTarget, now: datetime) -> bool:
    if loader is None or artifacts.store is None:
        return False
    access = _object(_object(loader.desired, ACCESS), artifacts.store.value)
    expires = _moment(access.get("expires"))
    return (
        access.get("host") == urlsplit(artifacts.url).netloc
        and bool(access.get("query"))
        and expires is not None
        and expires - now > RENEW_BEFORE
    )


def _moment(text: Any) -> datetime | None:
    """What an ISO 8601 text with its offset says, None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def _object(value: Mapping[str, Any], key: str) -> JsonObject:
    """The object under a key; devices and other tools may have written anything."""
    member = value.get(key)
    return member if isinstance(member, dict) else {}
