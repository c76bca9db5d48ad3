"""The live quality of models as JSON: a short report for the twin, and the whole table. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgeops.features.spec import Unit
from edgeops.jsonvalue import JsonObject
from edgeops.quality.judging import Judging
from edgeops.quality.kept import KeptForecasts, Observed
from edgeops.quality.score import BANDS, DAY_PARTS, Cells, KeptScore, cells, compared

MOST_BYTES = 2048  # of a report, as compact JSON: a twin has little room
_MOST_TEXT = 64  # characters of a name or a version
_WINDOWS = {"last7": 7, "last28": 28}
_DAYS = 28
_DAY = np.timedelta64(1, "D")
_LARGEST = 1e15  # from here on, an exponent is shorter


@dataclass(frozen=True, slots=True, eq=False)
class ModelForecasts:
    """A model and what it forecast."""

    sha256: str
    name: str
    version: str
    kept: KeptForecasts


@dataclass(frozen=True, slots=True, eq=False)
class LiveScores:
    """What there is to judge, newest model first, by hours before `until` (of the wall clock).

    `moment` is `until` in UTC, ISO 8601. All models are judged as the one in use says.
    """

    models: Sequence[ModelForecasts]
    observed: Observed
    judging: Judging
    unit: Unit
    until: np.datetime64
    moment: str

    def seen(self, days: int | None = None) -> Observed:
        """What was observed before `until`; with `days`, only in so many days before it."""
        observed = self.observed
        end = max(0, _steps(observed, self.until))
        values = observed.values[:end]
        if days is not None:
            values = values.copy()
            values[: max(0, _steps(observed, self.until - days * _DAY))] = np.nan
        return Observed(observed.start, values, observed.interval)

    def cells(self, model: ModelForecasts, since: np.datetime64) -> Cells:
        """The sums of a model's forecasts of the hours from `since` on."""
        return cells(model.kept, self.seen(), self.judging, self.unit, since)


def reported_quality(live: LiveScores) -> JsonObject:
    """The reported property `quality`, of at most `MOST_BYTES`; empty while nothing is scored.

    Of too large numbers and names, what is told of the model before goes first, then the days
    and the cells of the model in use.
    """
    models: list[JsonObject] = []
    for model in live.models:
        month = live.cells(model, live.until - 28 * _DAY)
        if month.score().hours:
            models.append(_model(live, model, month, whole=not models))
    if not models:
        return {}
    value: JsonObject = {"until": live.moment, "models": models, **_before(live)}
    for drop in _LESS:
        if len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()) <= MOST_BYTES:
            break
        drop(value)
    return value


def quality_table(live: LiveScores) -> JsonObject:
    """Every score: of each model, 7 and 28 days, each band of hours ahead and each day part."""
    rows = [
        {
            "sha256": model.sha256,
            "name": model.name[:_MOST_TEXT],
            "version": model.version[:_MOST_TEXT],
            "days": days,
            "hoursAhead": band or "all",
            "part": part or "all",
            **scored,
        }
        for model in live.models
        for days in _WINDOWS.values()
        for band, part, scored in _rows(live.cells(model, live.until - days * _DAY))
    ]
    return {"until": live.moment, "scores": rows, **_before(live)}


def _rows(sums: Cells) -> Iterator[tuple[str | None, str | None, JsonObject]]:
    for band in (None, *BANDS):
        for part in (None, *DAY_PARTS):
            score = sums.score(band, part)
            if score.hours:
                yield band, part, {**_score(score), "forecasts": score.forecasts}


def _model(live: LiveScores, model: ModelForecasts, month: Cells, *, whole: bool) -> JsonObject:
    value: JsonObject = {
        "sha256": model.sha256,
        "name": model.name[:_MOST_TEXT],
        "version": model.version[:_MOST_TEXT],
    }
    week = live.cells(model, live.until - 7 * _DAY).score()
    if week.hours:
        value["last7"] = _score(week)
    value["last28"] = _score(month.score())
    if whole:
        value["parts"] = _scores(DAY_PARTS, lambda part: month.score(part=part))
        value["bands"] = _scores(BANDS, lambda band: month.score(band=band))
    if days := _by_day(live, model):
        value["days"] = days
    return value


def _by_day(live: LiveScores, model: ModelForecasts) -> JsonObject:
    """The sums of the errors and of the values of each whole day; empty without any."""
    today = live.until.astype("datetime64[D]")
    sums = live.cells(model, (today - _DAYS * _DAY).astype("datetime64[h]"))
    known = sums.days[: max(0, int((today - sums.first_day) / _DAY))]
    if not len(known):
        return {}
    lacking = max(0, int((today - sums.first_day) / _DAY) - len(known))
    days = np.concatenate([known, np.zeros((lacking, known.shape[1]))])  # the newest have nothing
    return {
        "until": str(today),
        "error": [_number(value) for value in days[:, 0].tolist()],
        "value": [_number(value) for value in days[:, 1].tolist()],
    }


def _before(live: LiveScores) -> JsonObject:
    if len(live.models) < 2:
        return {}
    model, before = live.models[:2]
    result = compared(model.kept, before.kept, live.seen(days=28), live.judging)
    if result is None:
        return {}
    figures = {
        "wape": result.wape,
        "beforeWape": result.before_wape,
        "difference": result.difference,
        "low": result.low,
        "high": result.high,
    }
    return {"before": {"sha256": before.sha256, "hours": result.hours, **_figures(figures)}}


def _scores(names: Iterable[str], score: Callable[[str], KeptScore]) -> JsonObject:
    scores = {name: score(name) for name in names}
    return {name: _score(each) for name, each in scores.items() if each.hours}


def _score(score: KeptScore) -> JsonObject:
    figures = {
        "wape": score.wape,
        "bias": score.bias,
        "naiveWape": score.naive_wape,
        "coverage": math.nan if score.coverage is None else score.coverage,
    }
    return {"hours": score.hours, **_figures(figures)}


def _figures(figures: dict[str, float]) -> JsonObject:
    return {name: _number(value) for name, value in figures.items() if math.isfinite(value)}


def _number(value: float) -> float:
    """To four digits; a whole number without a point."""
    rounded = float(f"{value:.4g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < _LARGEST else rounded


def _steps(observed: Observed, hour: np.datetime64) -> int:
    """How many steps are over at an hour."""
    return int((hour - observed.start) // np.timedelta64(observed.interval, "h"))


# What a report that is too large does without, in this order.
_LESS: Sequence[Callable[[JsonObject], object]] = (
    lambda value: [model.pop("days", None) for model in value["models"][1:]],
    lambda value: value["models"][0].pop("bands", None),
    lambda value: value["models"][0].pop("parts", None),
    lambda value: value["models"][0].pop("days", None),
    lambda value: value["models"].pop() if len(value["models"]) > 1 else None,
)
