"""The value that a layer sets at a path, and the paths of models."""

from __future__ import annotations

from enum import Enum
from typing import Any

from edgeops.fleet.layers import Path
from edgeops.jsonvalue import JsonObject


class Absent(Enum):
    """There is no value: the layer does not say anything, or it removes all that is above."""

    UNSET = "unset"
    REMOVED = "removed"


UNSET = Absent.UNSET


def value_in(layer: JsonObject, path: Path) -> Any:
    """The value that a layer sets at a path; `Absent` if it sets none."""
    value: Any = layer
    for key in path:
        if not isinstance(value, dict):
            return Absent.REMOVED
        if key not in value:
            return UNSET
        value = value[key]
    return value


def slot_path(slot: str) -> Path:
    """The path of the release in a slot."""
    return ("models", slot)


def is_slot(path: Path) -> bool:
    """Whether this is the path of the release in a slot."""
    return len(path) == 2 and path[0] == "models"
