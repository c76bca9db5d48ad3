"""Outputs of a step, for the steps and jobs after it.

Source: "Workflow commands: setting an output parameter" (GitHub Docs).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.user_files import append

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def give_outputs(file: Path | None, values: Mapping[str, Any]) -> None:
    """Append outputs to the file of the step: text as it is, anything else as JSON.

    Without a file nothing is written. Raises `EdgeOpsError` for names and values
    that would be read as other outputs than these.
    """
    lines = []
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value)
        if not _NAME.fullmatch(name):
            raise EdgeOpsError(f"{name!r} is not a name of an output", "use A-Z, a-z, 0-9, _ and -")
        if len(f"{name}={text}".splitlines()) != 1:
            raise EdgeOpsError(f"the value of {name!r} has several lines", "it cannot be an output")
        lines.append(f"{name}={text}\n")
    if file is not None:
        append(file, "".join(lines))
