"""A scorecard as text, Markdown and JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeops.report import business_words, score_tables
from edgeops.report.documents import dump_json
from edgeops.report.markdown import code, first_fitting, plain
from edgeops.report.score_tables import ScoreTable
from edgeops.report.style import Line, Span, Style, bold, columns, dim, render
from edgeops.report.words import count
from edgeops.training.evaluate.scorecard import Scorecard
from edgeops.training.evaluate.scorecard_json import to_json

_WIDTH, _SENTENCE = 96, 600  # characters: of a line, of the sentence for who plans by a model
_SERIES = 24  # rows; the model card has all
_STYLES = {
    score_tables.PASSED: Style.GREEN,
    score_tables.FAILED: Style.RED,
    score_tables.BETTER: Style.GREEN,
    score_tables.WORSE: Style.RED,
}


@dataclass(frozen=True, slots=True)
class _ScoreDetail:
    """How much to show: rows of a table, characters of a cell."""

    rows: int
    cell: int


# Tried in this order until the text fits.
_DETAILS = (
    _ScoreDetail(200, 200),
    _ScoreDetail(40, 100),
    _ScoreDetail(10, 60),
    _ScoreDetail(2, 20),
    _ScoreDetail(0, 20),
)


def text(card: Scorecard, *, color: bool = False) -> str:
    """The tables of each part of the data, then gates and verdict; no newline at its end."""
    return render(_lines(card), color)


def as_json(card: Scorecard) -> str:
    """The scorecard as one object; ends with a newline."""
    return dump_json(to_json(card))


def markdown(card: Scorecard) -> str:
    """The verdict, then the tables of each part of the data; always below 65,536 characters.

    Long tables are cut, with a count of the rows left out.
    """
    return first_fitting("\n\n".join(_blocks(card, detail)) for detail in _DETAILS)


def _lines(card: Scorecard) -> Iterator[Line]:
    for name, part in card.parts.items():
        yield [bold(f"{card.model} on {name}"), f": {score_tables.period(part)}"]
        yield []
        if short := business_words.in_short(card, name):
            yield from ([line] for line in textwrap.wrap(short, _WIDTH))
            yield []
        tables = (
            score_tables.figures(card, name),
            score_tables.day_parts(card, name),
            score_tables.coverage_by_hour(card, name),
            score_tables.comparisons(part.comparisons, card.hours),
        )
        for table in tables:
            if table.rows:
                yield from _table(table)
                yield []
    if card.overall:
        yield from _table(score_tables.overall(card))
        yield []
    if card.per_series:
        yield from _table(score_tables.per_series(card), _SERIES)
        yield []
    if card.gates:
        yield from columns([_row(row) for row in score_tables.gates(card).rows])
        yield []
    style = Style.GREEN if card.passed else Style.RED
    yield [bold(f"{card.model}: "), Span(score_tables.verdict(card), style)]


def _table(table: ScoreTable, most: int | None = None) -> Iterator[Line]:
    rows = table.rows[:most]
    widths = [max(map(len, cells)) for cells in zip(table.headings, *rows, strict=True)]

    def padded(cells: Sequence[str]) -> list[str]:
        return [
            cell.rjust(width) if align == "r" else cell
            for cell, width, align in zip(cells, widths, table.align, strict=True)
        ]

    yield from columns(
        [[dim(cell) for cell in padded(table.headings)], *(_row(padded(row)) for row in rows)]
    )
    if len(rows) < len(table.rows):
        yield [dim(f"and {count(len(table.rows) - len(rows), 'more row')} in the model card")]


def _row(cells: Sequence[str]) -> Line:
    return [Span(cell, _STYLES.get(cell, Style.PLAIN)) for cell in cells]


def _blocks(card: Scorecard, detail: _ScoreDetail) -> Iterator[str]:
    yield f"### Model {code(card.model)}: {score_tables.verdict(card)}"
    yield from _markdown_table(score_tables.gates(card), detail)
    for name, part in card.parts.items():
        yield f"**On {code(name)}**, {plain(score_tables.period(part), detail.cell)}:"
        if short := business_words.in_short(card, name):
            yield plain(short, _SENTENCE)
        yield from _markdown_table(score_tables.figures(card, name), detail)
        yield from _markdown_table(score_tables.comparisons(part.comparisons, card.hours), detail)
        yield from _markdown_table(score_tables.day_parts(card, name), detail)
        yield from _markdown_table(score_tables.coverage_by_hour(card, name), detail)
    if card.overall:
        yield from _markdown_table(score_tables.overall(card), detail)
    if card.per_series:
        # GitHub reads Markdown inside <details> only after an empty line.
        yield f"<details><summary>{len(card.per_series):,} series, each on its own</summary>"
        yield from _markdown_table(score_tables.per_series(card), detail)
        yield "</details>"


def _markdown_table(table: ScoreTable, detail: _ScoreDetail) -> Iterator[str]:
    def row(cells: Sequence[str]) -> str:
        return f"| {' | '.join(plain(cell, detail.cell) for cell in cells)} |"

    if not table.rows:
        return
    rows = table.rows[: detail.rows]
    rule = "|" + "|".join("---:" if align == "r" else "---" for align in table.align) + "|"
    yield "\n".join([row(table.headings), rule, *map(row, rows)])
    if len(rows) < len(table.rows):
        left = count(len(table.rows) - len(rows), "row")
        yield f"{left} left out to keep this short; the model card has all rows."
