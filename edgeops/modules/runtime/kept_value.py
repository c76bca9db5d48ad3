"""A JSON value that a module keeps on disk: replaced whole, so it survives power loss as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgeops.files import DISK, Disk
from edgeops.jsonvalue import same
from edgeops.modules.runtime.disk import replace


class KeptValue:
    """Keeps the newest value in a file; `fault` says why it could not. `what` names the value."""

    def __init__(self, path: Path, what: str, disk: Disk = DISK) -> None:
        self.fault: str | None = None
        self._path = path
        self._what = what
        self._disk = disk
        self._value: Any = None  # nothing is known that could be kept
        self._unsaved = False

    def read(self) -> Any:
        """What is on disk, `{}` if that cannot be read; kept until there is another."""
        value = self._on_disk()
        self._value = value or None
        return value

    def keep(self, value: Any) -> None:
        """Keep this one from now on; never raises."""
        self._value = value
        self._unsaved = not same(self._on_disk(), value)
        self.save()

    def save(self) -> None:
        """Write what could not be written yet, or is gone; never raises."""
        self.fault = None
        try:
            gone = self._value is not None and not self._path.exists()
            if self._unsaved or gone:
                replace(self._path, [json.dumps(self._value).encode()], self._disk)
            self._unsaved = False
        except OSError as error:
            why = error.strerror or type(error).__name__
            self.fault = f"cannot keep {self._what}: {why}"

    def _on_disk(self) -> Any:
        try:
            return json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
