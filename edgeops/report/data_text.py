"""How good the data of a model is, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgeops.report.documents import dump_json
from edgeops.report.style import Line, bold, columns, dim, render, yellow
from edgeops.report.words import count

if TYPE_CHECKING:
    from edgeops.training.data.quality import ColumnQuality, Outage, Quality

_OUTAGES_SHOWN = 3


def text(quality: Quality, *, color: bool = False) -> str:
    """What was repaired, then a row a column, then the outages; no newline at its end."""
    return render(_lines(quality), color)


def as_json(quality: Quality) -> str:
    """One object, with the times as ISO 8601 texts on the clock of the site."""
    return dump_json(
        {
            "name": quality.name,
            "sha256": quality.sha256,
            "attribution": quality.attribution,
            "first": str(quality.first),
            "hours": quality.hours,
            "repairs": [
                {"what": one.what, "first": str(one.first), "hours": one.hours}
                for one in quality.repairs
            ],
            "columns": [
                {
                    "name": one.name,
                    "missing": one.missing,
                    "zeros": one.zeros,
                    "mean": round(one.mean, 3),
                    "outages": [
                        {"first": str(o.first), "hours": o.hours, "zeros": o.zeros}
                        for o in one.outages
                    ],
                }
                for one in quality.columns
            ],
        }
    )


def _lines(quality: Quality) -> Iterator[Line]:
    hours = quality.hours
    yield [bold(quality.name), f": {count(hours, 'hour')} from {_time(quality.first)}"]
    yield [dim(f"sha256 {quality.sha256}")]
    if quality.attribution:
        yield [dim(quality.attribution)]
    yield []
    for one in quality.repairs:
        yield [f"repaired  {_time(one.first)}  {count(one.hours, 'hour')}: {one.what}"]
    if quality.repairs:
        yield []
    heading: Line = [bold("column"), bold("mean/h"), bold("missing"), bold("zero"), bold("outages")]
    yield from columns([heading, *(_row(one, hours) for one in quality.columns)])


def _row(one: ColumnQuality, hours: int) -> Line:
    return [
        one.name,
        f"{one.mean:,.1f}",
        f"{one.missing / hours:.1%}",
        f"{one.zeros / hours:.1%}",
        yellow(_outages(one.outages)),
    ]


def _outages(outages: tuple[Outage, ...]) -> str:
    shown = [f"{one.hours:,} h from {_time(one.first)}" for one in outages[:_OUTAGES_SHOWN]]
    more = len(outages) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _time(hour: object) -> str:
    return f"{hour}:00".replace("T", " ")
