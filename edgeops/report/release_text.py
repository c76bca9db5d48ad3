"""The releases of models, and where they run, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from edgeops.api.releases import ReleaseRow, Spread
from edgeops.promotion.slots import Mention
from edgeops.report.documents import dump_json
from edgeops.report.score_tables import NOTHING, percent
from edgeops.report.style import Line, Span, bold, columns, dim, green, red, render, yellow
from edgeops.report.words import count, first_names

_PLACES = 4


def text(rows: Sequence[ReleaseRow], *, color: bool = False) -> str:
    """A table in the order given, and the count below; no newline at its end."""
    return render(_lines(rows), color)


def as_json(rows: Sequence[ReleaseRow]) -> str:
    """An object with one object per release in `releases`; `hub` is null if no hub was read."""
    return dump_json({"releases": [_object(row) for row in rows]})


def _object(row: ReleaseRow) -> dict[str, object]:
    release, hub = row.release, row.on_hub
    return {
        "name": release.name,
        "version": release.version,
        "wape": row.wape,
        "passed": row.passed,
        "files": [file.name for file in release.every_file],
        "fileName": next((file.name for file in release.files), None),
        "size": release.size,
        "sha256": release.sha256,
        "git": [asdict(mention) for mention in row.in_git],
        "hub": hub and asdict(hub),
    }


def _lines(rows: Sequence[ReleaseRow]) -> Iterator[Line]:
    if rows:
        asked = any(row.on_hub for row in rows)
        titles = ["MODEL", "VERSION", "WAPE", "GATES", "BYTES", *["ON THE HUB"] * asked, "IN GIT"]
        width = max(len(f"{row.release.size:,}") for row in rows)
        table = [[dim(title) for title in titles]]
        yield from columns([*table, *(_row(row, width, asked=asked) for row in rows)])
        yield []
    models = len({row.release.name for row in rows})
    yield [bold(f"{count(len(rows), 'release')} of {count(models, 'model')}")]


def _row(row: ReleaseRow, width: int, *, asked: bool) -> Line:
    return [
        row.release.name,
        row.release.version,
        percent(row.wape).rjust(6),
        _gates(row.passed),
        f"{row.release.size:,}".rjust(width),
        *[_on_hub(row.on_hub)] * asked,
        _in_git(row.in_git),
    ]


def _gates(passed: bool | None) -> Span | str:
    if passed is None:
        return NOTHING
    return green("passed") if passed else red("FAILED")


def _on_hub(spread: Spread | None) -> Span | str:
    if spread is None or not spread.devices:
        return NOTHING
    words = f"{spread.converged:,} of {spread.devices:,} Converged"
    return green(words) if spread.converged == spread.devices else yellow(words)


def _in_git(places: Sequence[Mention]) -> Span | str:
    if not places:
        return dim("not used")
    names, more = first_names([f"{p.kind} {p.name} ({p.slot})" for p in places], _PLACES)
    return ", ".join([*names, *([more] if more else [])])
