"""The desired properties that the hub sent last, for a start without the hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgeops.files import DISK, Disk
from edgeops.jsonvalue import same
from edgeops.modules.disk import replace

_FILE = "history/desired.json"


class Memory:
    """Keeps the newest desired properties on disk, from when they can be written.

    `fault` says why they could not.
    """

    def __init__(self, storage: Path, disk: Disk = DISK) -> None:
        self.fault: str | None = None
        self._storage = storage
        self._disk = disk
        self._desired: Any = None  # nothing is known that could be kept
        self._unsaved = False

    def recall(self) -> Any:
        """What is on disk; it is kept until the hub says otherwise."""
        found = remembered(self._storage)
        self._desired = found or None
        return found

    def keep(self, desired: Any) -> None:
        """Keep these from now on; never raises."""
        self._desired = desired
        self._unsaved = not same(remembered(self._storage), desired)
        self.save()

    def save(self) -> None:
        """Write them if they could not be written yet, or are gone; never raises."""
        self.fault = None
        try:
            gone = self._desired is not None and not (self._storage / _FILE).exists()
            if self._unsaved or gone:
                remember(self._storage, self._desired, self._disk)
            self._unsaved = False
        except OSError as error:
            why = error.strerror or type(error).__name__
            self.fault = f"cannot keep the desired properties: {why}"


def remember(storage: Path, desired: Any, disk: Disk = DISK) -> None:
    """Keep the desired properties; the file is whole, or as it was. Raises `OSError`."""
    replace(storage / _FILE, [json.dumps(desired).encode()], disk)


def remembered(storage: Path) -> Any:
    """What was kept; nothing (`{}`) when that cannot be read."""
    try:
        return json.loads((storage / _FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
