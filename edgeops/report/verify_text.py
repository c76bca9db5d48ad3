"""The verification of releases as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from edgeops.api.releases import Verified
from edgeops.artifacts.verify import Found
from edgeops.fleet.secrets import mask
from edgeops.report.documents import dump_json
from edgeops.report.style import Line, Span, Style, bold, columns, dim, red, render
from edgeops.report.words import count

_PLACES = ("git", "store", "url")
_WORSE = (Found.SAME, Found.ABSENT, Found.UNREADABLE, Found.CHANGED)
_STYLE = {Found.SAME: Style.GREEN, Found.ABSENT: Style.DIM}


def text(rows: Sequence[Verified], *, color: bool = False) -> str:
    """A table, a sentence per failed check, and the counts; no newline at its end."""
    return render(_lines(rows), color)


def as_json(rows: Sequence[Verified]) -> str:
    """An object with one object per release in `releases`."""
    return dump_json(
        {
            "releases": [
                {
                    "release": row.release,
                    "good": row.good,
                    "signedBy": row.signed_by,
                    "checks": [
                        asdict(check) | {"reason": mask(check.reason)} for check in row.checks
                    ],
                }
                for row in rows
            ]
        }
    )


def summary(rows: Sequence[Verified]) -> str:
    """`3 releases: all match what was published`, or how many do not."""
    if not rows:
        return "no releases in models/"
    bad = sum(not row.good for row in rows)
    what = f"{bad:,} not confirmed" if bad else "all match what was published"
    return f"{count(len(rows), 'release')}: {what}"


def hint(rows: Sequence[Verified]) -> str:
    """What to do when a check failed; may be empty."""
    states = {check.found for row in rows for check in row.checks}
    if Found.CHANGED in states:
        return "restore the published file, or publish the changed file under a new version"
    return "was it published to the store of this hub?" if Found.ABSENT in states else ""


def _lines(rows: Sequence[Verified]) -> Iterator[Line]:
    places = [
        place for place in _PLACES if any(c.place == place for row in rows for c in row.checks)
    ]
    if rows:
        titles = [dim(title.upper()) for title in ("release", *places, "signed by")]
        yield from columns([titles, *(_row(row, places) for row in rows)])
        yield []
    for row in rows:
        several = len({check.file for check in row.checks if check.file}) > 1
        for check in row.checks:
            if check.found in (Found.CHANGED, Found.UNREADABLE) or (check.reason and not row.good):
                where = f"{check.file}, {check.place}" if several and check.file else check.place
                yield [red(row.release), f" ({where}): {check.reason}"]
    yield [bold(summary(rows))]


def _row(row: Verified, places: Sequence[str]) -> Line:
    return [
        row.release,
        *(_cell([check.found for check in row.checks if check.place == place]) for place in places),
        row.signed_by,
    ]


def _cell(found: Sequence[Found]) -> Span | str:
    """The worst state of the files at a place, and how many have it if not all do."""
    if not found:
        return ""
    worst = max(found, key=_WORSE.index)
    few = found.count(worst) < len(found)
    text = f"{worst.value} ({found.count(worst)} of {len(found)})" if few else worst.value
    return Span(text, _STYLE.get(worst, Style.RED))
