"""Who names a release in git, and which devices are to run it."""

from __future__ import annotations

from dataclasses import dataclass

from edgeops.fleet.catalog import Catalog
from edgeops.fleet.model import DesiredFleet


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """A manifest that names a release: its kind (`Group`), its name, and the slot."""

    kind: str
    name: str
    slot: str


def mentions(catalog: Catalog) -> dict[str, list[Mention]]:
    """Who names each release (`name@version`)."""
    mentioned: dict[str, list[Mention]] = {}
    for layer in catalog.overlays:
        kind, _, name = layer.name.partition(" ")
        for slot, reference in layer.value.get("models", {}).items():
            if reference is not None:
                mentioned.setdefault(reference, []).append(Mention(kind, name, slot))
    return mentioned


def wanted_on(fleet: DesiredFleet) -> dict[str, list[str]]:
    """The devices that are to run each release, in any slot."""
    devices: dict[str, list[str]] = {}
    for name, device in fleet.devices.items():
        for reference in {release.reference for release in device.models.values()}:
            devices.setdefault(reference, []).append(name)
    return devices
