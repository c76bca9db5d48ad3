"""The tables and figures of a scorecard as text, for terminals, Markdown, HTML and plots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeops.report.words import count, hours_in_words
from edgeops.training.evaluate.scorecard import (
    ALL,
    MODEL,
    OWN,
    Comparison,
    Judged,
    JudgedPart,
    Score,
    Scorecard,
)

NOTHING = "–"  # stands for a missing figure
BETTER, WORSE = "the model is better", "the model is worse"
PASSED, FAILED = "passed", "FAILED"

_SPELLED = {"lightgbm": "LightGBM", "lstm": "LSTM"}
_DAY_AND_NIGHT = ("day", "night")
_ROW = 6  # hours


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """One heading per column and rows of cells; `align` has an `l` or `r` for each column."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str


def figures(card: Scorecard, part: str, *, every: bool = False) -> ScoreTable:
    """The model, then the baselines from the best to the worst, with their errors.

    `every` adds the figures that are too wide for a terminal.
    """
    models = card.parts[part].models
    slices = [name for name in _DAY_AND_NIGHT if name in models[MODEL].slices]
    headings = ["model", "WAPE", "MASE", "MAPE (left out)", *slices]
    quantiles = len(card.quantiles) > 1
    if quantiles:
        headings.append(f"{interval(card)} coverage")
    if every:
        headings += ["MAE", "sMAPE", *["pinball", "width"] * quantiles]
    rows = []
    for name in _order(models):
        score = models[name].slices[ALL]
        cells = [_name(card, name), percent(score.wape), figure(score.mase), _mape(score)]
        cells += [_wape(models[name], slice_) for slice_ in slices]
        if quantiles:
            cells.append(percent(score.coverage, 1))
        if every:
            cells += [figure(score.mae, 1), percent(score.smape)]
            cells += [figure(score.pinball, 1), percent(score.width, 1)] * quantiles
        rows.append(tuple(cells))
    return ScoreTable(tuple(headings), tuple(rows), "l" + "r" * (len(headings) - 1))


def comparisons(
    each: Sequence[Comparison], hours: Sequence[int] = (), parts: Sequence[str] = ()
) -> ScoreTable:
    """The difference in WAPE to each other model, the closest first, and how to read it.

    `hours` are those of the day that it is of (none: all), `parts` the parts of the data where
    the table must name them.
    """
    rows = tuple(
        (
            baseline_name(comparison.other),
            points(comparison.difference),
            f"{points(comparison.low)} to {points(comparison.high)}",
            reading(comparison),
        )
        for comparison in sorted(each, key=lambda comparison: -comparison.difference)
    )
    own = f" from {hours_in_words(hours)}" if hours else ""
    on = f" on {' and '.join(parts)}" if parts else ""
    headings = (f"WAPE{own}{on} minus that of", "points", "95% interval", "result")
    return ScoreTable(headings, rows, "lrrl")


def overall(card: Scorecard) -> ScoreTable:
    """As `comparisons`, of all parts of the data together."""
    return comparisons(card.overall, card.hours, tuple(card.parts))


def day_parts(card: Scorecard, part: str) -> ScoreTable:
    """The WAPE of each part of the day and use case by model, and the coverage of the model."""
    models = card.parts[part].models
    order, quantiles = _order(models), len(card.quantiles) > 1
    slices = models[MODEL].slices
    named = OWN in slices and [*slices.values()].count(slices[OWN]) > 1  # it is a use case, too
    rows = tuple(
        (
            name,
            *(_wape(models[other], name) for other in order),
            *[percent(score.coverage, 1)] * quantiles,
        )
        for name, score in slices.items()
        if name not in (ALL, "day") and not (name == OWN and named)
    )
    headings = ["WAPE by time of day", *(_name(card, other) for other in order)]
    headings += [f"{interval(card)} coverage"] * quantiles
    return ScoreTable(tuple(headings), rows, "l" + "r" * (len(headings) - 1))


def coverage_by_hour(card: Scorecard, part: str) -> ScoreTable:
    """The coverage of the model by the hour of the day that is forecast, six hours a row."""
    by_hour = card.parts[part].models[MODEL].by_hour
    shares = [percent(score.coverage if score else None, 0) for score in by_hour]
    rows = tuple(
        (f"{first}:00", *shares[first : first + _ROW]) for first in range(0, len(shares), _ROW)
    )
    headings = (f"{interval(card)} coverage from", *(f"+{hour} h" for hour in range(_ROW)))
    return ScoreTable(headings, rows if len(card.quantiles) > 1 else (), "l" + "r" * _ROW)


def per_series(card: Scorecard) -> ScoreTable:
    """The series of a pooled model in the test part, from the best to the worst."""
    others = sorted({name for scores in card.per_series.values() for name in scores} - {MODEL})
    coverage = (f"{interval(card)} coverage",) if len(card.quantiles) > 1 else ()
    rows = []
    for name, scores in sorted(card.per_series.items(), key=lambda item: item[1][MODEL].wape):
        score = scores[MODEL]
        wapes = [percent(scores[other].wape if other in scores else None) for other in others]
        cells = [name, percent(score.wape), *wapes, figure(score.mase), _mape(score)]
        rows.append((*cells, *[percent(score.coverage, 1)] * len(coverage)))
    headings = (
        "series",
        "WAPE",
        *(f"WAPE of {baseline_name(other)}" for other in others),
        "MASE",
        "MAPE (left out)",
        *coverage,
    )
    return ScoreTable(headings, tuple(rows), "l" + "r" * (len(headings) - 1))


def gates(card: Scorecard) -> ScoreTable:
    """The verdict and reason of each gate, the failed ones first."""
    rows = tuple(
        (PASSED if verdict.passed else FAILED, verdict.gate, verdict.reason)
        for verdict in sorted(card.gates, key=lambda verdict: verdict.passed)
    )
    return ScoreTable(("verdict", "gate", "why"), rows, "lll")


def interval(card: Scorecard) -> str:
    """The share of values expected between the outer quantiles: `80%`."""
    return percent(max(card.quantiles) - min(card.quantiles), 0)


def _order(models: Mapping[str, Judged]) -> list[str]:
    return sorted(models, key=lambda name: (name != MODEL, models[name].slices[ALL].wape))


def _name(card: Scorecard, name: str) -> str:
    return card.model if name == MODEL else baseline_name(name)


def _wape(judged: Judged, name: str) -> str:
    score = judged.slices.get(name)
    return percent(score.wape if score else None)


def _mape(score: Score) -> str:
    return f"{percent(score.mape)} ({score.mape_excluded:,})"


def baseline_name(name: str) -> str:
    """The readable name of a baseline: `seasonal naive 168h` for `seasonal-naive-168h`.

    A release, such as `crowdedness-24h@1.0.0`, is called by its reference.
    """
    if "@" in name:
        return name
    return " ".join(_SPELLED.get(word, word) for word in name.replace("_", "-").split("-"))


def percent(share: float | None, digits: int = 2) -> str:
    """`7.45%` for 0.0745."""
    return NOTHING if share is None or math.isnan(share) else f"{share:.{digits}%}"


def figure(value: float | None, digits: int = 3) -> str:
    """`0.510`, `1,234.500`."""
    return NOTHING if value is None or math.isnan(value) else f"{value:,.{digits}f}"


def points(difference: float) -> str:
    """A difference of shares in percentage points: `-3.71`, with its sign."""
    return NOTHING if math.isnan(difference) else f"{100 * difference:+.2f}"


def reading(comparison: Comparison) -> str:
    """What a comparison shows: a clear difference if its interval excludes 0."""
    if comparison.high < 0:
        return BETTER
    return WORSE if comparison.low > 0 else "no clear difference"


def verdict(card: Scorecard) -> str:
    """`6 gates passed`, `2 of 6 gates failed`, `no gates`."""
    failed = sum(not gate.passed for gate in card.gates)
    if failed:
        return f"{failed:,} of {count(len(card.gates), 'gate')} failed"
    return f"{count(len(card.gates), 'gate')} passed" if card.gates else "no gates"


def period(part: JudgedPart) -> str:
    """`2024-07-01 01:00 to 2024-12-31 23:00, 4,392 origins`."""
    return f"{_hour(part.first)} to {_hour(part.last)}, {count(part.origins, 'origin')}"


def _hour(text: str) -> str:
    """An ISO 8601 time as a date and an hour, without seconds."""
    day, _, time = text.partition("T")
    return f"{day} {time[:2]}:00" if time else day
