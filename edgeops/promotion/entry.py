"""Where a new release of a model begins its way: in the first ring."""

from __future__ import annotations

from edgeops.fleet.catalog import Catalog
from edgeops.promotion.change import ManifestChange, change
from edgeops.promotion.rings import models_of_rings


def entry(catalog: Catalog, model: str, release: str) -> tuple[ManifestChange | None, str]:
    """The change that gives a release to the first ring, or None and a sentence that says why not.

    It takes the place of an earlier release only: rings that do not have the
    model, or a first ring that has another one there, are left alone.
    """
    rings = models_of_rings(catalog)
    if not rings:
        return None, "No group is a ring."
    slots = sorted(
        {
            slot
            for _, models in rings
            for slot, reference in models.items()
            if reference is not None and _model(reference) == model
        }
    )
    if len(slots) != 1:
        where = f"in the slots {' and '.join(slots)}" if slots else "yet"
        return None, f"{'Rings have' if slots else 'No ring has'} {model} {where}."
    (slot,) = slots
    group, models = next(ring for ring in rings if ring[1].get(slot, "") is not None)
    before = models.get(slot)
    if before is not None and _model(before) != model:
        return None, f"The first ring, {group}, has {before} in the slot {slot}."
    return change(catalog, group, slot, release), ""


def _model(reference: str) -> str:
    return reference.partition("@")[0]
