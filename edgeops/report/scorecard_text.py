"""A scorecard for a terminal: the figures, the differences, and what the gates say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeops.report import score_tables, score_words
from edgeops.report.score_tables import ScoreTable
from edgeops.report.style import Line, Span, Style, bold, columns, dim, render
from edgeops.report.words import count
from edgeops.training.evaluate.scorecard import Scorecard

_SERIES = 24  # the model card has all
_STYLES = {
    score_tables.PASSED: Style.GREEN,
    score_tables.FAILED: Style.RED,
    score_words.BETTER: Style.GREEN,
    score_words.WORSE: Style.RED,
}


def text(card: Scorecard, *, color: bool = False) -> str:
    """Tables a part of the data, then the verdict with its reasons; no newline at its end."""
    return render(_lines(card), color)


def _lines(card: Scorecard) -> Iterator[Line]:
    for name, part in card.parts.items():
        yield [bold(f"{card.model} on {name}"), f": {score_words.period(part)}"]
        yield []
        tables = (
            score_tables.figures(card, name),
            score_tables.use_cases(card, name),
            score_tables.comparisons(part),
        )
        for table in tables:
            if table.rows:
                yield from _table(table)
                yield []
    if card.per_series:
        yield from _table(score_tables.per_series(card), _SERIES)
        yield []
    if card.gates:
        yield from columns([_row(row) for row in score_tables.gates(card).rows])
        yield []
    failed = Style.GREEN if card.passed else Style.RED
    yield [bold(f"{card.model}: "), Span(score_words.verdict(card), failed)]


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
