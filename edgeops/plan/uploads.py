"""Which files of Contexts the changes of a plan need in the artifact store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgeops.fleet.model import MODEL_LOADER, DesiredDevice
from edgeops.plan.model import Change
from edgeops.release import ModelRelease


def uploads(
    changes: Iterable[Change], devices: Mapping[str, DesiredDevice]
) -> tuple[ModelRelease, ...]:
    """The Contexts that these changes put into slots, each once, by name.

    It is determined by git and the twins, not by what the store has already.
    """
    found: dict[str, ModelRelease] = {}
    for change in changes:
        if change.module == MODEL_LOADER and change.device in devices:
            models = devices[change.device].models
            slots = (change.patch.get("desired") or {}).get("models") or {}  # null: all go
            for slot, value in slots.items():
                release = models.get(slot)
                if value is not None and release is not None and release.content is not None:
                    found[release.name] = release
    return tuple(release for _, release in sorted(found.items()))
