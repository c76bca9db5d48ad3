"""What is wanted and what is on disk -> the next step of one slot. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from edgeops.modules.model_loader.desired import FLAT, WantedModel


@dataclass(frozen=True, slots=True)
class Folder:
    """The content of the folder of a slot.

    `names` are all its entries, `matching` the regular files that have the
    wanted digests, `current` the file that the slot's pointer names.
    """

    names: frozenset[str] = frozenset()
    matching: frozenset[str] = frozenset()
    current: str | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """The slot holds what is wanted."""

    file: str


@dataclass(frozen=True, slots=True)
class Switch:
    """The wanted model is on disk under this name; let the slot hold it."""

    file: str


@dataclass(frozen=True, slots=True)
class Download:
    """Fetch the wanted model, keep it under this name, and let the slot hold it."""

    file: str


Step = Keep | Switch | Download


def decide(model: WantedModel, folder: Folder) -> Step:
    """The next step: a model is recognized by its digest, whatever the name of its file."""
    if model.slot == FLAT:
        # Who uses the single-model form opens the file by the name in the twin.
        present = model.file_name in folder.matching
        return Keep(model.file_name) if present else Download(model.file_name)
    if folder.current in folder.matching:
        return Keep(folder.current)
    if folder.matching:
        preferred = model.file_name if model.file_name in folder.matching else None
        return Switch(preferred or min(folder.matching))
    if model.file_name in folder.names:
        return Download(f"{model.digest[:12]}-{model.file_name}")
    return Download(model.file_name)


def outdated(names_by_age: list[str], current: str, keep_versions: int) -> list[str]:
    """The files to delete, given all files of a slot from the newest to the oldest."""
    others = [name for name in names_by_age if name != current]
    return others[keep_versions - 1 :]
