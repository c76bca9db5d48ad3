"""Trained networks, exported model files and published releases as lines and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeops.report.documents import dump_json
from edgeops.report.style import Line, dim, render
from edgeops.report.words import count, size

if TYPE_CHECKING:
    from edgeops.api.models import Trained
    from edgeops.publishing.publish import Published
    from edgeops.training.fitted import Fitted


def network_line(fitted: Fitted) -> str:
    """One trained network: the digest of its weights and its best epoch."""
    return (
        f"{fitted.job.name}  weights {fitted.sha256[:12]}"
        f"  WAPE {fitted.wapes[fitted.best]:.2%} on validation"
        f" (epoch {fitted.best + 1} of {len(fitted.history)})"
    )


def export_lines(trained: Trained) -> list[str]:
    """The exported files, or the reason why there are none."""
    if not trained.files:
        return [
            "not exported: other networks are not trained yet;"
            " train them, or run it again without --horizon and --shard"
        ]
    files = [f"{file.path}  {size(file.size)}  sha256 {file.sha256}" for file in trained.files]
    return [*files, f"differs from Keras by at most {trained.parity:.1e}"]


def text(done: Published, *, color: bool = False) -> str:
    """What was published, and what to do with its files; no newline at its end."""
    release = done.release
    several = f"{count(len(release.every_file), 'file')}, " if len(release.every_file) > 1 else ""
    what = f"{release.reference}, {several}{size(release.size)}, sha256 {release.sha256}"
    if not done.new:
        return render([[what], [f"already published, see {done.file}"]], color)
    promote = f"edgeops model promote {release.reference} --to GROUP"
    lines: list[Line] = [
        [what],
        [f"published; commit {done.file.parent}"],
        [dim(f"to give it to devices: {promote}")],
    ]
    return render(lines, color)


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
