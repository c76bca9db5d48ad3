"""The quality of the data of a model as a table and as JSON."""

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
    """The repairs, then one row per column with its outages; no newline at its end."""
    return render(_lines(quality), color)


def as_json(quality: Quality) -> str:
    """One object, with the times in ISO 8601 in the time zone of the site."""
    return dump_json(
        {
            "name": quality.name,
            "sha256": quality.sha256,
            "attribution": quality.attribution,
            "first": str(quality.first),
            "hours": quality.hours,
            "repairs": [
                {"what": repair.what, "first": str(repair.first), "hours": repair.hours}
                for repair in quality.repairs
            ],
            "notes": list(quality.notes),
            "warnings": list(quality.warnings),
            "columns": [
                {
                    "name": column.name,
                    "missing": column.missing,
                    "zeros": column.zeros,
                    "mean": round(column.mean, 3),
                    "outages": [
                        {"first": str(o.first), "hours": o.hours, "zeros": o.zeros}
                        for o in column.outages
                    ],
                }
                for column in quality.columns
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
    for repair in quality.repairs:
        yield [f"repaired  {_time(repair.first)}  {count(repair.hours, 'hour')}: {repair.what}"]
    for note in quality.notes:
        yield [f"note      {note}"]
    for warning in quality.warnings:
        yield [yellow("warning"), f"   {warning}"]
    if quality.repairs or quality.notes or quality.warnings:
        yield []
    heading: Line = [bold("column"), bold("mean/h"), bold("missing"), bold("zero"), bold("outages")]
    yield from columns([heading, *(_row(column, hours) for column in quality.columns)])


def _row(column: ColumnQuality, hours: int) -> Line:
    return [
        column.name,
        f"{column.mean:,.1f}",
        f"{column.missing / hours:.1%}",
        f"{column.zeros / hours:.1%}",
        yellow(_outages(column.outages)),
    ]


def _outages(outages: tuple[Outage, ...]) -> str:
    shown = [
        f"{outage.hours:,} h from {_time(outage.first)}" for outage in outages[:_OUTAGES_SHOWN]
    ]
    more = len(outages) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def _time(hour: object) -> str:
    return f"{hour}:00".replace("T", " ")
