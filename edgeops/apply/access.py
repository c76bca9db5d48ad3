"""Temporary read access of devices to a private artifact store.

Access is a secret that expires. A plan lists the stores for which it may be given; the secret, and
the devices that need it now, are not part of git, digest, plan, diff or stamp. A sync writes it, in
addition to its changes, to `desired.access.<store> = {host, query, expires}` of the model_loader
module; it is never shown. Every write of desired properties wakes a device, so only devices that
have yet to download and whose access is missing or expires soon get it.
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
    """Devices to give read access, and the secret merge patch of desired properties for it."""

    devices: frozenset[str]
    patch: JsonObject = field(repr=False)


def grants(devices: Collection[str], store: StoreKind, access: ReadAccess) -> Grants:
    """The grants of this access to these devices."""
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
    """The devices that have yet to download from a private store and lack access that lasts.

    `live` are the devices on the hub, with their model_loader module.
    """
    loaders = {name: device.modules.get(MODEL_LOADER) for name, device in live.items()}
    return frozenset(
        name
        for name in devices_yet_to_download(wanted, live, artifacts)
        if not _has_access(loaders.get(name), artifacts, now)
    )


def devices_yet_to_download(
    wanted: Mapping[str, DesiredDevice],
    live: Mapping[str, LiveDevice],
    artifacts: ArtifactTarget,
) -> frozenset[str]:
    """The devices that have yet to download from a private store; `live` as above."""
    if not artifacts.private:
        return frozenset()
    return frozenset(
        name
        for name, device in wanted.items()
        if _has_yet_to_download(
            device, live[name].modules.get(MODEL_LOADER) if name in live else None, artifacts
        )
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
    """The time in an ISO 8601 text with an offset, None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def _object(value: Mapping[str, Any], key: str) -> JsonObject:
    """The object under a key, empty for anything else that devices and tools may have written."""
    member = value.get(key)
    return member if isinstance(member, dict) else {}
