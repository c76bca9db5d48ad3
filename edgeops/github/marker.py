"""How a text of ours is found again: its first line is a marker that GitHub does not show."""

from __future__ import annotations

import re
from typing import Any

from edgeops.errors import UsageError
from edgeops.github.workflow import BOT
from edgeops.jsonvalue import JsonObject


def marked(marker: str, text: str) -> str:
    """The text with its marker. Raises `UsageError` for a marker that is not a plain word."""
    return f"{_line(marker)}\n{text}"


def is_ours(thing: JsonObject, marker: str) -> bool:
    """Whether a comment or issue has the marker and was made by a workflow.

    Anybody may write a comment with our marker; that one is not ours.
    """
    user: Any = thing.get("user") or {}
    body = str(thing.get("body") or "").replace("\r\n", "\n")
    return user.get("login") == BOT and body.startswith(f"{_line(marker)}\n")


def _line(marker: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+", marker):
        raise UsageError(f"{marker!r} is not a marker", "use a-z, 0-9 and -, as in fleet-plan")
    return f"<!-- edgeops:{marker} -->"
