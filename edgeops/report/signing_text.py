"""A signed release as a line and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeops.report.documents import dump_json
from edgeops.report.style import render

if TYPE_CHECKING:
    from edgeops.api.signing import SignedRelease


def text(done: SignedRelease, *, color: bool = False) -> str:
    """What was signed, and what to commit; no newline at its end."""
    state = (
        f"signed by {done.key}; commit {done.file}" if done.new else f"signed by {done.key} already"
    )
    return render([[f"{done.release}: {state}"]], color)


def as_json(done: SignedRelease) -> str:
    """One object; ends with a newline."""
    return dump_json(
        {
            "release": done.release,
            "file": done.file.as_posix(),
            "key": done.key,
            "new": done.new,
        }
    )
