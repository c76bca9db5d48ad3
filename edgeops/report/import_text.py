"""What an import wrote, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from edgeops.api.imports import Imported
from edgeops.report.documents import dump_json
from edgeops.report.inert import one_line
from edgeops.report.style import Line, bold, cyan, dim, green, red, render, yellow
from edgeops.report.words import count

_SHOWN = 20  # notes and differences


def text(imported: Imported, *, color: bool = False) -> str:
    """The files, what is left to do, and the proof."""
    return render(list(_lines(imported)), color)


def as_json(imported: Imported) -> str:
    """All of it as one JSON object; no value of a secret is in it."""
    return dump_json(
        {
            "files": list(imported.files),
            "devices": imported.devices,
            "kept": list(imported.kept),
            "secrets": dict(imported.secrets),
            "open": {entry.name: entry.original for entry in imported.open},
            "notes": [{**asdict(note.place), "text": note.text} for note in imported.notes],
            "differences": [asdict(difference) for difference in imported.differences],
        }
    )


def _lines(imported: Imported) -> Iterator[Line]:
    yield [bold(f"{count(imported.devices, 'device')} in {count(len(imported.files), 'file')}")]
    yield from ([f"  {path}"] for path in imported.files)
    if imported.kept:
        yield [f"{count(len(imported.kept), 'device')} in git already, kept as they are"]
    if imported.secrets:
        yield []
        yield [
            yellow("secrets"),
            " are references now: set these variables where a sync writes them",
        ]
        for variable, at in sorted(imported.secrets.items()):
            yield [f"  {variable}", dim(f"  {one_line(at)}")]
    if imported.open:
        yield []
        yield [yellow("without a value"), " in `variables`: what the files leave to be filled in"]
        for entry in imported.open:
            yield [f"  {entry.name}", dim(f"  was {one_line(entry.original)}")]
    if imported.notes:
        yield []
        yield from _notes(imported)
    yield []
    yield from _proof(imported)


def _notes(imported: Imported) -> Iterator[Line]:
    told = list(dict.fromkeys((str(note.place), note.text) for note in imported.notes))
    for place, words in told[:_SHOWN]:
        yield [cyan(one_line(place)), f": {one_line(words)}"]
    if len(told) > _SHOWN:
        yield [dim(f"and {count(len(told) - _SHOWN, 'more note')}")]


def _proof(imported: Imported) -> Iterator[Line]:
    if not imported.differences:
        yield [
            green("proved"),
            ": planned against what was read, no value changes; a sync writes only stamps",
        ]
        return
    yield [red("not proved"), ": a sync would change these values"]
    for difference in imported.differences[:_SHOWN]:
        yield [f"  {one_line(difference.device)} {one_line(difference.what)}"]
    if len(imported.differences) > _SHOWN:
        yield [dim(f"  and {count(len(imported.differences) - _SHOWN, 'more')}")]
