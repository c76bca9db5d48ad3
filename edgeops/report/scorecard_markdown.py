"""A scorecard as Markdown for a pull request, always short enough for GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeops.report import score_tables, score_words
from edgeops.report.markdown import code, first_fitting, plain
from edgeops.report.score_tables import ScoreTable
from edgeops.report.words import count
from edgeops.training.evaluate.scorecard import Scorecard


@dataclass(frozen=True, slots=True)
class _Room:
    """How much is told: rows of a table, characters of a cell."""

    rows: int
    cell: int


# Tried in this order until it fits.
_DETAILS = (_Room(200, 200), _Room(40, 100), _Room(10, 60), _Room(2, 20), _Room(0, 20))


def markdown(card: Scorecard) -> str:
    """The verdict, then tables a part of the data; always shorter than 65,536 characters.

    Long tables get shorter and say what is left out.
    """
    return first_fitting("\n\n".join(_blocks(card, detail)) for detail in _DETAILS)


def _blocks(card: Scorecard, detail: _Room) -> Iterator[str]:
    yield f"### Model {code(card.model)}: {score_words.verdict(card)}"
    yield from _table(score_tables.gates(card), detail)
    for name, part in card.parts.items():
        yield f"**On {code(name)}**, {plain(score_words.period(part), detail.cell)}:"
        yield from _table(score_tables.figures(card, name), detail)
        yield from _table(score_tables.comparisons(part), detail)
        yield from _table(score_tables.use_cases(card, name), detail)
    if card.per_series:
        # GitHub reads Markdown inside <details> only after an empty line.
        yield f"<details><summary>{len(card.per_series):,} series by themselves</summary>"
        yield from _table(score_tables.per_series(card), detail)
        yield "</details>"


def _table(table: ScoreTable, detail: _Room) -> Iterator[str]:
    if not table.rows:
        return
    rows = table.rows[: detail.rows]
    lines = [_row(table.headings, detail)]
    lines.append("|" + "|".join("---:" if align == "r" else "---" for align in table.align) + "|")
    lines += [_row(cells, detail) for cells in rows]
    yield "\n".join(lines)
    if len(rows) < len(table.rows):
        left = count(len(table.rows) - len(rows), "row")
        yield f"{left} left out, since a comment can be only so long; the model card has all."


def _row(cells: tuple[str, ...], detail: _Room) -> str:
    return "| " + " | ".join(plain(cell, detail.cell) for cell in cells) + " |"
