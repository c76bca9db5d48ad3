"""The ids of git commits."""

from __future__ import annotations

import re
from typing import Any

_ID = re.compile(r"[0-9a-f]{40,64}\Z")


def is_commit_id(value: Any) -> bool:
    """Whether this is a full id; what a hub gives can be anything."""
    return isinstance(value, str) and _ID.match(value) is not None


def short_commit(commit: str | None) -> str:
    """`1a2b3c4`, or "the working tree" without a commit."""
    return commit[:7] if commit else "the working tree"
