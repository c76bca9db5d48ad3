"""Twin values and paths as short, safe text: compact JSON, secrets masked."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from edgeops.fleet.secrets import MASKED, masked
from edgeops.fleet.shown import printable

_PLAIN_KEY = re.compile(r"[\w$*-]+\Z")


def show_path(path: Sequence[str]) -> str:
    """A path with dots, as the field writes it: `desired.models.crowdedness.version`."""
    return ".".join(
        key if _PLAIN_KEY.match(key) else json.dumps(key, ensure_ascii=False) for key in path
    )


def show(value: Any, path: Sequence[str] = (), limit: int | None = None) -> str:
    """One value on one line: JSON, secrets masked, cut after `limit` characters.

    A text that holds JSON itself, as `createOptions` does, is quoted like
    this: '{"HostConfig": 1}', without a backslash before every quote.
    """
    safe = masked(value, path)
    if safe == MASKED:
        return MASKED
    if isinstance(safe, str) and '"' in safe and "'" not in safe and "\\" not in safe:
        text = f"'{printable(safe)}'"
    else:
        text = printable(json.dumps(safe, ensure_ascii=False))
    return text if limit is None or len(text) <= limit else f"{text[:limit]}… ({len(text):,} chars)"
