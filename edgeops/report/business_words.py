"""The figures of a model in the words of who plans by it, and by hour, street and horizon."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from edgeops.report.score_tables import (
    NOTHING,
    ScoreTable,
    baseline_name,
    figure,
    interval,
    percent,
)
from edgeops.report.words import count, hours_in_words
from edgeops.training.evaluate.scorecard import MODEL, BusinessFigures, Score, Scorecard

NAIVE = "seasonal-naive-168h"
_MOST_STEPS = 24  # rows of a table
_OFTEN = 1 / 3  # of the days; above, `4 days in 10` is easier to read than `1 in 2`


def in_short(card: Scorecard, part: str) -> str:
    """What a model means to who plans by it, as one sentence; empty without figures.

    `On average, the forecast for an hour is off by 370 of 5,100 people (what was a week ago, by
    570); one day in 13 is off by more than 10% as a whole, and on one day in 9 the busiest hour is
    missed by more than an hour.`
    """
    business = card.parts[part].business
    figures = business.get(MODEL)
    if figures is None or math.isnan(figures.error):
        return ""
    when = f"from {hours_in_words(card.hours)}, " if card.hours else ""
    where = f"for one of {count(len(card.series), 'series')[:-1]}, " * (len(card.series) > 1)
    steps = "an hour" if card.interval == 1 else count(card.interval, "hour")
    start = f"{where}{when}on average, the forecast for {steps} is off by"
    text = f"{start[0].upper()}{start[1:]} {_of(figures, card.unit)}"
    if NAIVE in business:
        text += f" (what was a week ago, by {about(business[NAIVE].error)})"
    days = []
    if not math.isnan(figures.days_off):
        often, verb = how_often(figures.days_off)
        days.append(f"{often} {verb} off by more than 10% as a whole")
    if not math.isnan(figures.peaks_missed):
        often, _ = how_often(figures.peaks_missed)
        what = "the busiest hour is" if figures.peaks_missed else "is the busiest hour"
        days.append(f"on {often} {what} missed by more than an hour")
    return f"{text}{'; ' if days else ''}{', and '.join(days)}."


def table(card: Scorecard, part: str) -> ScoreTable:
    """The figures of the model, then of the baselines, from the best to the worst."""
    business = card.parts[part].business
    order = sorted(business, key=lambda name: (name != MODEL, business[name].error))
    rows = tuple(
        (card.model if name == MODEL else baseline_name(name), *_cells(business[name]))
        for name in order
    )
    return ScoreTable(("model", *_headings(card)), rows, "l" + "r" * len(_headings(card)))


def by_series(card: Scorecard) -> ScoreTable:
    """The figures of each series of a pooled model, the largest first."""
    business = card.business_by_series
    order = sorted(business, key=lambda name: (-business[name].value, name))
    rows = tuple((name, *_cells(business[name])) for name in order)
    return ScoreTable(("series", *_headings(card)), rows, "l" + "r" * len(_headings(card)))


def by_hour(card: Scorecard, part: str) -> ScoreTable:
    """The errors and the coverage of each hour of the day that is forecast."""
    scores = card.parts[part].models[MODEL].by_hour
    rows = [(f"{hour:02}:00", score) for hour, score in enumerate(scores) if score is not None]
    return _by(card, "hour that is forecast", rows)


def by_horizon(card: Scorecard, part: str) -> ScoreTable:
    """The errors and the coverage by how far ahead; of many steps, some."""
    scores = card.parts[part].models[MODEL].by_horizon
    rows = [(f"{card.interval * (1 + at)}", score) for at, score in enumerate(scores)]
    business = card.parts[part].business.get(MODEL)
    ours = business.error_by_horizon if business and card.hours else ()
    every = -(-len(rows) // _MOST_STEPS)
    return _by(card, "hours ahead", rows[::every], ours[::every])


def off_by(card: Scorecard, part: str) -> str:
    """`370 of 5,100 people`, for a tile of a card; empty without figures."""
    figures = card.parts[part].business.get(MODEL)
    return "" if figures is None or math.isnan(figures.error) else _of(figures, card.unit)


def how_often(share: float) -> tuple[str, str]:
    """A share of days as `one day in 13`, with the verb that follows."""
    if share in (0, 1):
        return ("every day" if share else "no day"), "is"
    if share <= _OFTEN:
        return f"one day in {round(1 / share):,}", "is"
    return f"{min(round(10 * share), 9)} days in 10", "are"


def about(value: float) -> str:
    """A figure with two significant digits: `5,100`, `37`, `0.65`."""
    if not math.isfinite(value):
        return NOTHING
    digits = 1 - math.floor(math.log10(abs(value))) if value else 0
    return figure(round(value, digits), max(0, digits))


def _of(figures: BusinessFigures, unit: str) -> str:
    """The error, and the value where a share of it makes sense."""
    signed = math.isnan(figures.over) and figures.days > 0
    text = about(figures.error) if signed else f"{about(figures.error)} of {about(figures.value)}"
    return f"{text} {unit}".strip()


def _headings(card: Scorecard) -> tuple[str, ...]:
    each = "an hour" if card.interval == 1 else f"every {card.interval} hours"
    return (
        f"off by, {f'{card.unit} ' * bool(card.unit)}{each}",
        "days off by more than 10%",
        f"planned too much, {each}",
        f"planned too little, {each}",
        "busiest hour missed",
    )


def _cells(figures: BusinessFigures) -> tuple[str, ...]:
    def planned(share: float) -> str:
        return f"{about(share * figures.value)} ({percent(share, 1)})"

    shares = (figures.over, figures.under)
    return (
        _of(figures, ""),
        percent(figures.days_off, 0),
        *(NOTHING if math.isnan(share) else planned(share) for share in shares),
        percent(figures.peaks_missed, 0),
    )


def _by(
    card: Scorecard,
    what: str,
    rows: Sequence[tuple[str, Score]],
    own: Sequence[float] = (),
) -> ScoreTable:
    """WAPE, MAE and coverage by something; `own` are the mean errors on the model's own hours."""
    columns: list[tuple[str, Callable[[Score], str]]] = [
        ("WAPE", lambda score: percent(score.wape)),
        (f"MAE, {card.unit}".removesuffix(", "), lambda score: about(score.mae)),
    ]
    if len(card.quantiles) > 1:
        columns.append((f"{interval(card)} coverage", lambda score: percent(score.coverage, 1)))
    headings = [what, *(name for name, _ in columns)]
    cells = [(name, *(cell(score) for _, cell in columns)) for name, score in rows]
    if own:
        headings.append(f"MAE from {hours_in_words(card.hours)}")
        cells = [(*row, about(error)) for row, error in zip(cells, own, strict=True)]
    return ScoreTable(tuple(headings), tuple(cells), "r" * len(headings))
