"""Signed releases as lines and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgeops.report.documents import dump_json
from edgeops.report.style import render

if TYPE_CHECKING:
    from edgeops.api.signing import SignedRelease


def text(rows: Sequence[SignedRelease], *, color: bool = False) -> str:
    """What was signed, and what to commit; no newline at its end."""
    return render([[f"{row.release}: {_state(row)}"] for row in rows], color)


def _state(row: SignedRelease) -> str:
    return f"signed by {row.key}; commit {row.file}" if row.new else f"signed by {row.key} already"


def as_json(rows: Sequence[SignedRelease]) -> str:
    """An object with one object per release in `releases`; ends with a newline."""
    signed = [
        {"release": row.release, "file": row.file.as_posix(), "key": row.key, "new": row.new}
        for row in rows
    ]
    return dump_json({"releases": signed})
