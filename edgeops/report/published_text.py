"""A published release, as two lines and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeops.report.documents import dump_json
from edgeops.report.style import Line, render
from edgeops.report.words import size

if TYPE_CHECKING:
    from edgeops.training.publish import Published


def text(done: Published, *, color: bool = False) -> str:
    """What was published, and what to do with its files; no newline at its end."""
    release = done.release
    what: Line = [f"{release.reference}, {size(release.size)}, sha256 {release.sha256}"]
    if done.new:
        return render([what, [f"published; commit {done.file.parent}"]], color)
    return render([what, [f"is a release already, see {done.file}; the store has it"]], color)


def as_json(done: Published) -> str:
    """One object; ends with a newline."""
    release = done.release
    return dump_json(
        {
            "name": release.name,
            "version": release.version,
            "file": done.file.as_posix(),
            "url": done.url,
            "size": release.size,
            "sha256": release.sha256,
            "new": done.new,
        }
    )
