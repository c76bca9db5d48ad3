"""How the log describes an unexpected exception of the local hub."""

from __future__ import annotations

import traceback
from pathlib import Path


def describe_exception(error: BaseException) -> str:
    """One line: the type, the message, and the file and line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {error}{where}".replace("\n", " ")
