"""The desired properties that the hub sent last, on disk, for a start without the hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgeops.files import DISK, Disk
from edgeops.jsonvalue import same
from edgeops.modules.runtime.disk import replace


class DesiredFile:
    """Keeps the newest desired properties in the storage; `fault` says why it could not."""

    def __init__(self, storage: Path, disk: Disk = DISK) -> None:
        self.fault: str | None = None
        self._path = storage / "history/desired.json"
        self._disk = disk
        self._desired: Any = None  # nothing is known that could be kept
        self._unsaved = False

    def read(self) -> Any:
        """What is on disk, `{}` if that cannot be read; kept until the hub sends another."""
        desired = self._on_disk()
        self._desired = desired or None
        return desired

    def keep(self, desired: Any) -> None:
        """Keep these from now on; never raises."""
        self._desired = desired
        self._unsaved = not same(self._on_disk(), desired)
        self.save()

    def save(self) -> None:
        """Write what could not be written yet, or is gone; never raises."""
        self.fault = None
        try:
            gone = self._desired is not None and not self._path.exists()
            if self._unsaved or gone:
                replace(self._path, [json.dumps(self._desired).encode()], self._disk)
            self._unsaved = False
        except OSError as error:
            why = error.strerror or type(error).__name__
            self.fault = f"cannot keep the desired properties: {why}"

    def _on_disk(self) -> Any:
        try:
            return json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
