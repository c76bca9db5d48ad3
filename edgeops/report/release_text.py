"""The releases of models, and where they run, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from edgeops.api.releases import ReleaseRow, Spread
from edgeops.promotion.slots import Mention
from edgeops.release import ModelRelease, Variant
from edgeops.report.documents import dump_json
from edgeops.report.release_words import files_in_words, largest_size
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
        "variants": [_variant(variant) for variant in release.variants],
        "fileName": next((file.name for file in release.files), None),
        "size": release.size,
        "sha256": release.sha256,
        "signedBy": row.signed_by,
        "git": [asdict(mention) for mention in row.in_git],
        "hub": hub and asdict(hub),
    }


def _variant(variant: Variant) -> dict[str, object]:
    return {
        "when": dict(variant.when),
        "format": variant.format,
        "files": [file.name for file in variant.files],
        "size": sum(file.size for file in variant.files),
    }


def _lines(rows: Sequence[ReleaseRow]) -> Iterator[Line]:
    if rows:
        asked = any(row.on_hub for row in rows)
        several = any(len(row.release.files) != 1 for row in rows)
        table = _Table(asked, several, max(len(_bytes(row.release)) for row in rows))
        titles = ["MODEL", "VERSION", "WAPE", "GATES", *["FILES"] * several, "BYTES"]
        titles += ["SIGNED BY", *["ON THE HUB"] * asked, "IN GIT"]
        head = [[dim(title) for title in titles]]
        yield from columns([*head, *(_row(row, table) for row in rows)])
        yield []
    models = len({row.release.name for row in rows})
    yield [bold(f"{count(len(rows), 'release')} of {count(models, 'model')}")]


@dataclass(frozen=True, slots=True)
class _Table:
    """Which columns there are, and the width of that of the sizes."""

    asked: bool
    several: bool
    width: int


def _row(row: ReleaseRow, table: _Table) -> Line:
    return [
        row.release.name,
        row.release.version,
        percent(row.wape).rjust(6),
        _gates(row.passed),
        *[files_in_words(row.release)] * table.several,
        _bytes(row.release).rjust(table.width),
        row.signed_by,
        *[_on_hub(row.on_hub)] * table.asked,
        _in_git(row.in_git),
    ]


def _bytes(release: ModelRelease) -> str:
    return f"{'up to ' * (len(release.variants) > 1)}{largest_size(release):,}"


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
