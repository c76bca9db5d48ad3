"""What is wanted and what is on disk -> the next step of one slot. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from edgeops.modules.model_loader.wanted import FLAT, WantedModel


@dataclass(frozen=True, slots=True)
class Folder:
    """The content of the folder of a slot.

    `names` are all its entries, `matching` those that hold the wanted model
    (regular files, or folders for a model of several files), `current` the
    entry that the slot's pointer names.
    """

    names: frozenset[str] = frozenset()
    matching: frozenset[str] = frozenset()
    current: str | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """The slot holds what is wanted."""

    entry: str


@dataclass(frozen=True, slots=True)
class Switch:
    """The wanted model is on disk under this name; let the slot hold it."""

    entry: str


@dataclass(frozen=True, slots=True)
class Download:
    """Fetch the wanted model, keep it under this name, and let the slot hold it."""

    entry: str


Step = Keep | Switch | Download


def decide(model: WantedModel, folder: Folder) -> Step:
    """The next step: a model is recognized by its digest, whatever the name of its file."""
    place, another = model.places
    if model.slot == FLAT:
        # Who uses the single-model form opens the file by the name in the twin.
        return Keep(place) if place in folder.matching else Download(place)
    if folder.current in folder.matching:
        return Keep(folder.current)
    if folder.matching:
        return Switch(place if place in folder.matching else min(folder.matching))
    if place not in folder.names:
        return Download(place)
    # A folder is not replaced at once, as a file is: never the one in use.
    return Download(place if model.has_folder and folder.current == another else another)


def outdated(names_by_age: list[str], current: str, keep_versions: int) -> list[str]:
    """What to delete, given all versions of a slot from the newest to the oldest."""
    others = [name for name in names_by_age if name != current]
    return others[keep_versions - 1 :]
