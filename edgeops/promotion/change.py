"""The manifest changes of a promotion or a revert, and the devices that they affect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from edgeops.errors import EdgeOpsError, InvalidState
from edgeops.fleet.catalog import Catalog
from edgeops.fleet.kind_schemas import KindSchemas
from edgeops.fleet.layers import Path
from edgeops.fleet.manifest import parse
from edgeops.fleet.model import LOCAL, DesiredDevice, DesiredFleet, Snapshot
from edgeops.fleet.resolve import resolve
from edgeops.promotion.decide import Decision, Step
from edgeops.promotion.edit import set_value
from edgeops.promotion.rings import ring_groups
from edgeops.promotion.value import UNSET, slot_path, value_in


@dataclass(frozen=True, slots=True)
class ManifestChange:
    """A value of a group, whose manifest is in `file`, before (UNSET: no value) and after."""

    file: str
    group: str
    path: Path
    before: Any
    after: Any


def change(catalog: Catalog, group: str, path: Path, value: Any) -> ManifestChange:
    """The change that gives a value to a group of the catalog."""
    target = catalog.groups[group]
    before = value_in(target.spec.layer.value, path)
    return ManifestChange(target.document.file, group, path, before, value)


def changes_of(catalog: Catalog, decision: Decision, *, revert: bool) -> Iterator[ManifestChange]:
    """The changes of a decision; with `revert`, also those that replace a Degraded value.

    It is replaced in every ring that has it: if the first ring kept it, it would
    be promoted again.
    """
    path = decision.rollout.path
    if decision.step is Step.PROMOTE and decision.to is not None:
        yield change(catalog, decision.to, path, decision.rollout.value)
    if decision.step is Step.DEGRADED and revert and decision.back_to is not UNSET:
        for ring in decision.rollout.having:
            yield change(catalog, ring.group, path, decision.back_to)


def edited(
    changes: Iterable[ManifestChange], read: Callable[[str], str]
) -> dict[str, tuple[str, str]]:
    """The text of each changed file before and after. Raises `EdgeOpsError`."""
    texts: dict[str, tuple[str, str]] = {}
    for change in changes:
        before, current = texts.get(change.file) or (read(change.file),) * 2
        try:
            after = set_value(current, change.group, change.path, change.after)
        except EdgeOpsError as error:
            raise EdgeOpsError(f"{change.file}: {error.message}", error.hint) from error
        texts[change.file] = before, after
    return {file: text for file, text in texts.items() if text[0] != text[1]}


def affected(
    snapshot: Snapshot,
    fleet: DesiredFleet,
    texts: Mapping[str, str],
    schemas: KindSchemas,
    hub: str,
) -> tuple[str, ...]:
    """The devices that change when these files have these texts.

    Raises `InvalidState` if the desired state would not be valid.
    """
    documents = [document for document in snapshot.documents if document.file not in texts]
    for file, text in texts.items():
        documents += parse(file, text.encode(), schemas)[0]
    local = fleet.hubs[LOCAL].artifacts
    resolution = resolve(
        replace(snapshot, documents=tuple(documents)),
        hub=hub,
        local_artifacts_url=local.url if local else None,
    )
    if resolution.fleet is None:
        first = resolution.problems[0]
        raise InvalidState(
            f"the desired state would not be valid: {first.place}: {first.message}",
            first.hint or "nothing was written",
        )
    after = resolution.fleet.devices
    return tuple(
        name
        for name, device in fleet.devices.items()
        if _set_by_groups(device) != _set_by_groups(after[name])
    )


def _set_by_groups(device: DesiredDevice) -> tuple[Any, ...]:
    return device.tags, device.desired, device.modules, device.models, device.runtime


def entry(catalog: Catalog, model: str, release: str) -> tuple[ManifestChange | None, str]:
    """The change that gives a release to the first ring; otherwise None and the reason.

    It only replaces an earlier release: nothing changes if no ring has the model,
    or the first ring has another model in the slot.
    """
    rings = [
        (group.name, group.spec.layer.value.get("models", {})) for _, group in ring_groups(catalog)
    ]
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
    return change(catalog, group, slot_path(slot), release), ""


def _model(reference: str) -> str:
    return reference.partition("@")[0]
