"""The tables of a scorecard as cells of text, for whatever shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeops.report.score_words import baseline_name, figure, percent, points, reading
from edgeops.training.evaluate.scorecard import ALL, MODEL, Judged, JudgedPart, Score, Scorecard

PASSED, FAILED = "passed", "FAILED"

_DAY_AND_NIGHT = ("day", "night")


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """A heading a column and rows of cells; `align` has an `l` or `r` for each column."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    align: str


def figures(card: Scorecard, part: str, *, every: bool = False) -> ScoreTable:
    """The model, then the baselines from the best to the worst, with their errors.

    `every` adds the figures that a terminal has no room for.
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


def comparisons(part: JudgedPart) -> ScoreTable:
    """The difference in WAPE to each other model, the closest first, and what that shows."""
    rows = tuple(
        (
            baseline_name(comparison.other),
            points(comparison.difference),
            f"{points(comparison.low)} to {points(comparison.high)}",
            reading(comparison),
        )
        for comparison in sorted(part.comparisons, key=lambda comparison: -comparison.difference)
    )
    headings = ("WAPE less that of", "points", "95% interval", "it shows")
    return ScoreTable(headings, rows, "lrrl")


def use_cases(card: Scorecard, part: str) -> ScoreTable:
    """The WAPE of each use case but day and night, a column a model."""
    models = card.parts[part].models
    order = _order(models)
    rows = tuple(
        (name, *(_wape(models[other], name) for other in order))
        for name in models[MODEL].slices
        if name not in (ALL, *_DAY_AND_NIGHT)
    )
    headings = ("WAPE by use case", *(_name(card, other) for other in order))
    return ScoreTable(headings, rows, "l" + "r" * len(order))


def per_series(card: Scorecard) -> ScoreTable:
    """The series of a pooled model in the test part, from the best to the worst."""
    others = sorted({name for scores in card.per_series.values() for name in scores} - {MODEL})
    coverage = (f"{interval(card)} coverage",) if len(card.quantiles) > 1 else ()
    rows = []
    for name, scores in sorted(card.per_series.items(), key=lambda item: item[1][MODEL].wape):
        ours = scores[MODEL]
        wapes = [percent(scores[other].wape if other in scores else None) for other in others]
        cells = [name, percent(ours.wape), *wapes, figure(ours.mase), _mape(ours)]
        rows.append((*cells, *[percent(ours.coverage, 1)] * len(coverage)))
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
    """What each gate says, and why; those that failed first."""
    rows = tuple(
        (PASSED if verdict.passed else FAILED, verdict.gate, verdict.reason)
        for verdict in sorted(card.gates, key=lambda verdict: verdict.passed)
    )
    return ScoreTable(("verdict", "gate", "why"), rows, "lll")


def interval(card: Scorecard) -> str:
    """The share that the outer quantiles should hold: `80%`."""
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
