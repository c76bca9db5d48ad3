"""A device as somebody who runs the fleet sees it: what git says, and what the device says.

Devices write reported properties, so any of them can have an unexpected type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from edgeops.fleet.edge import SYSTEM_MODULES
from edgeops.fleet.model import DesiredDevice
from edgeops.fleet.secrets import mask
from edgeops.health.device import DeviceStatus, Health, HealthState
from edgeops.health.quality import SlotQuality, slot_qualities
from edgeops.health.reported import holds, reported_slot, value_at
from edgeops.release import ModelRelease
from edgeops.stamp import commit_in
from edgeops.twin import EDGE_AGENT, LiveDevice, Twin

_VERSION_LENGTH = 300  # an image name can have 255 characters and a digest


class Standing(StrEnum):
    """What git has to do with a device of the hub."""

    IN_GIT = "in git"
    GONE = "no longer in git"  # written by this fleet
    FOREIGN = "not managed"  # by this fleet


@dataclass(frozen=True, slots=True)
class Versions:
    """The version that git wants and the one that the device reports; None where there is none."""

    wanted: str | None = None
    reported: str | None = None


@dataclass(frozen=True, slots=True)
class SeenDevice:
    """A device, its status and what it runs.

    `models` and `quality` are by slot, `images` by module. `commit` is that of the last change that
    a sync wrote to it; `drift` tells that its twins changed on the hub while git did not. A device
    that git does not have is neither in sync nor out of sync, and has no labels and groups.
    """

    status: DeviceStatus
    standing: Standing = Standing.IN_GIT
    labels: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    models: Mapping[str, Versions] = field(default_factory=dict)
    images: Mapping[str, Versions] = field(default_factory=dict)
    quality: Mapping[str, SlotQuality] = field(default_factory=dict)
    commit: str | None = None
    drift: bool = False

    @property
    def name(self) -> str:
        """The id of the device."""
        return self.status.device

    @property
    def in_git(self) -> bool:
        """Whether git has the device on this hub."""
        return self.standing is Standing.IN_GIT


def seen_device(
    device: DesiredDevice,
    live: LiveDevice | None,
    status: DeviceStatus,
    *,
    commit: str | None,
    drift: bool,
) -> SeenDevice:
    """A device of git."""
    models = {
        slot: Versions(release.reference, _model(reported_slot(live, slot), release))
        for slot, release in sorted(device.models.items())
    }
    return SeenDevice(
        status,
        labels=device.labels,
        groups=device.groups,
        models=models,
        images=_images(device, live),
        quality=slot_qualities(device, live),
        commit=commit,
        drift=drift,
    )


def seen_without_git(twin: Twin, standing: Standing) -> SeenDevice:
    """A device of the hub that git does not have there; `twin` is that of the device."""
    return SeenDevice(
        DeviceStatus(
            twin.device, False, twin.connected, Health(HealthState.UNKNOWN, standing.value)
        ),
        standing,
        commit=commit_in(twin.tags),
    )


def stamp_commits(live: LiveDevice) -> tuple[str, ...]:
    """The commits that the stamps of a device and its modules name, the device's first."""
    commits = (commit_in(twin.tags) for twin in (live.twin, *live.modules.values()))
    return tuple(dict.fromkeys(filter(None, commits)))


def _images(device: DesiredDevice, live: LiveDevice | None) -> dict[str, Versions]:
    agent = live.modules.get(EDGE_AGENT) if live else None
    wanted, reported = device.edge_content.get(EDGE_AGENT, {}), agent.reported if agent else {}
    images: dict[str, Versions] = {}
    for group, names in (
        ("modules", sorted(device.modules)),
        ("systemModules", tuple(SYSTEM_MODULES.values())),
    ):
        for name in names:
            at = (group, name, "settings", "image")
            pair = Versions(_text(value_at(wanted, *at)), _text(value_at(reported, *at)))
            if pair != Versions():
                images[name] = pair
    return images


def _model(slot: Any, release: ModelRelease) -> str | None:
    """What a slot reports to use; of another file, the digest too."""
    if holds(slot, release):
        return release.reference
    digest = value_at(slot, "sha256")
    name, version = _text(value_at(slot, "name")), _text(value_at(slot, "version"))
    of_file = f"sha256 {text[:12]}" if (text := _text(digest)) else None
    if name and version:
        reported = f"{name}@{version}"
        # It may be the variant for another class of devices.
        return (
            f"{reported} ({of_file or 'no digest'})" if reported == release.reference else reported
        )
    return version or of_file


def _text(value: Any) -> str | None:
    """A version as one short text without secrets; None if it is not a text."""
    if not isinstance(value, str) or not value:
        return None
    return mask(" ".join(value.split()))[:_VERSION_LENGTH]
