"""The slots of models in the catalog, and the slot for a release."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgeops.errors import UsageError
from edgeops.fleet.catalog import Catalog
from edgeops.fleet.model import DesiredFleet
from edgeops.fleet.suggest import did_you_mean

# As `slot` in schemas/group.schema.json.
_SLOT = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


def choose_slot(catalog: Catalog, model: str, slot: str | None = None) -> str:
    """The slot for a release of a model: the named one, or the only one that has the model.

    If no slot has the model, a slot must be named. Raises `UsageError`.
    """
    used = slots_in_use(catalog)
    holding = sorted(name for name, models in used.items() if model in models)
    if slot is None:
        if len(holding) == 1:
            return holding[0]
        if holding:
            raise UsageError(
                f"{model} is in the slots {' and '.join(holding)}", "choose one with --slot"
            )
        known = f"the slots are {', '.join(sorted(used))}" if used else "such as --slot crowdedness"
        raise UsageError(f"no slot has {model} yet", f"name one with --slot; {known}")
    if not _SLOT.match(slot):
        raise UsageError(f"`{slot}` is not a slot", "use 1 to 64 letters, digits, _ or -")
    if slot not in used and holding:
        hint = did_you_mean(slot, used) or f"{model} is in {' and '.join(holding)}"
        raise UsageError(f"no group or device has a slot `{slot}`", hint)
    return slot


def slots_in_use(catalog: Catalog) -> dict[str, set[str]]:
    """Every slot that is set in the manifests, with the names of its models."""
    models_by_slot: dict[str, set[str]] = {}
    for layer in catalog.overlays:
        for slot, reference in layer.value.get("models", {}).items():
            if reference is not None:
                models_by_slot.setdefault(slot, set()).add(reference.partition("@")[0])
    return models_by_slot


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """A manifest that names a release: its kind (such as `Group`), its name and the slot."""

    kind: str
    name: str
    slot: str


def mentions(catalog: Catalog) -> dict[str, list[Mention]]:
    """The manifests that name each release (`name@version`)."""
    mentioned: dict[str, list[Mention]] = {}
    for layer in catalog.overlays:
        kind, _, name = layer.name.partition(" ")
        for slot, reference in layer.value.get("models", {}).items():
            if reference is not None:
                mentioned.setdefault(reference, []).append(Mention(kind, name, slot))
    return mentioned


def wanted_on(fleet: DesiredFleet) -> dict[str, list[str]]:
    """The devices that must run each release, in any slot."""
    devices: dict[str, list[str]] = {}
    for name, device in fleet.devices.items():
        for reference in {release.reference for release in device.models.values()}:
            devices.setdefault(reference, []).append(name)
    return devices
