"""The desired properties that the hub sent last, for a start without the hub."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

_FILE = "history/desired.json"


def remember(storage: Path, desired: Any) -> None:
    """Keep the desired properties; the file is whole, or as it was. Raises `OSError`."""
    path = storage / _FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(desired, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def remembered(storage: Path) -> Any:
    """What was kept; nothing (`{}`) when that cannot be read."""
    try:
        return json.loads((storage / _FILE).read_bytes())
    except (OSError, ValueError):
        return {}
