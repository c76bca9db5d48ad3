"""Evaluates a trained model: its exported file and the baselines at the same origins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from edgeops.features.known import known_columns
from edgeops.features.series import FloatArray
from edgeops.jsonvalue import JsonObject
from edgeops.source.state import STATE
from edgeops.training.build import BuildFolder, released_form
from edgeops.training.champion import Champion, champion_forecasts
from edgeops.training.context_dropout import context_of, hidden
from edgeops.training.evaluate.baselines import BASELINES, Forecaster
from edgeops.training.evaluate.bootstrap import compare
from edgeops.training.evaluate.business import business_figures
from edgeops.training.evaluate.gates import CHAMPION, LATER, RELEASE, TEST, metrics_of, verdicts
from edgeops.training.evaluate.judge import judge, slices_of
from edgeops.training.evaluate.metrics import SMALL, mase_scale, score
from edgeops.training.evaluate.scorecard import (
    ALL,
    MODEL,
    OWN,
    WITHOUT,
    BusinessFigures,
    Comparison,
    JudgedPart,
    Score,
    Scorecard,
)
from edgeops.training.forecasts import Forecasts, joined
from edgeops.training.judged_by import from_properties
from edgeops.training.learned import learned
from edgeops.training.onnx_run import OnnxModel
from edgeops.training.other_release import other_release
from edgeops.training.replay import as_issued
from edgeops.training.samples import Experiment, Samples

EXACT = "onnx"  # the form with 32-bit weights
_WEEK = 168
_SEED = 1

ByPart = Mapping[str, Mapping[str, Sequence[Forecasts]]]
Tick = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """The scorecard, and its forecasts: by part and model, one item per series."""

    scorecard: Scorecard
    forecasts: ByPart


def evaluate(
    data: Experiment,
    folder: BuildFolder,
    facts: JsonObject,
    champion: Champion | None,
    tick: Tick,
) -> Evaluated:
    """Evaluate the exported files on the parts `test` and `later`. Raises `EdgeOpsError`.

    `facts` are the result of `export`; `tick` gets the steps done and their total.
    """
    form = released_form(data.model)
    wanted = data.model.recipe.baselines
    total = len(data.series) * 2 + sum(name not in BASELINES for name in wanted)
    steps = iter(range(1, total + 1))
    forecasters = _exported(data, folder, facts, form)
    if known_columns(data.model.recipe.features):
        forecasters[WITHOUT] = partial(_without_context, forecasters[MODEL], data)
    for name in wanted:
        if name in BASELINES:
            forecasters[name] = BASELINES[name]
        elif name.startswith(RELEASE):
            reference, forecaster = other_release(data, data.model.root / STATE, name)
            forecasters[reference] = forecaster
            tick(next(steps), total)
        else:
            forecasters[name] = learned(name, data, folder)
            tick(next(steps), total)
    if champion is not None:
        forecasters[CHAMPION] = partial(champion_forecasts, champion, data)
    by_part: dict[str, dict[str, list[Forecasts]]] = {}
    for series in data.series:
        for part in (TEST, LATER):
            if len(data.rows(series, part)):
                samples = data.samples(series, part)
                by_model = by_part.setdefault(part, {})
                for name, forecast in forecasters.items():
                    by_model.setdefault(name, []).append(forecast(samples))
            tick(next(steps), total)
    scales = {series: _scale(data, series) for series in data.series}
    small = SMALL * data.builder(data.series[0]).spec.unit.size
    return _evaluated(data, facts, form, by_part, scales, small)


def _exported(
    data: Experiment, folder: BuildFolder, facts: JsonObject, form: str
) -> dict[str, Forecaster]:
    """The released file, and the one with 32-bit weights if that is a different one.

    The forecasts of the released file are as a device issues them.
    """
    quantiles = data.model.recipe.network.quantiles
    released = OnnxModel(folder.file(form))
    judging = from_properties(released.metadata)

    def issued(samples: Samples) -> Forecasts:
        spec = data.builder(samples.series).spec
        raw = released.forecasts(samples, quantiles)
        return as_issued(raw, judging, spec, data.dataset.series)

    forecasters: dict[str, Forecaster] = {MODEL: issued}
    if EXACT in facts["files"] and form != EXACT:
        exact = OnnxModel(folder.file(EXACT))
        forecasters[EXACT] = partial(exact.forecasts, quantiles=quantiles)
    return forecasters


def _without_context(model: Forecaster, data: Experiment, samples: Samples) -> Forecasts:
    """What a model forecasts on a device that is told nothing of what is known ahead."""
    every = np.zeros(len(samples), np.int64)
    context = context_of(data.builder(samples.series).spec)
    return model(replace(samples, windows=hidden(samples.windows, every, context)))


def _evaluated(
    data: Experiment,
    facts: JsonObject,
    form: str,
    by_part: Mapping[str, Mapping[str, list[Forecasts]]],
    scales: Mapping[str, float],
    small: float,
) -> Evaluated:
    model, quantiles = data.model, data.model.recipe.network.quantiles
    together = {
        part: {name: joined(by_series) for name, by_series in by_model.items()}
        for part, by_model in by_part.items()
    }
    cases, hours = slices_of(model.recipe), model.recipe.target.hours
    parts = {}
    for part, by_model in together.items():
        scale = [  # a series can have no samples in a part
            np.full((len(forecasts.actual), 1), scales[forecasts.series])
            for forecasts in by_part[part][MODEL]
        ]
        judged = _part(by_model, np.concatenate(scale), cases, small)
        business = {name: business_figures(by_part[part][name], hours) for name in judged.models}
        parts[part] = replace(judged, business=business)
    metrics = metrics_of(parts, quantiles, _figures(facts, form, parts, together))
    card = Scorecard(
        model.name,
        data.series,
        by_part[TEST][MODEL][0].interval,
        quantiles,
        parts,
        _per_series(by_part[TEST], scales, cases, small),
        metrics,
        verdicts(model.recipe.gates, metrics),
        hours,
        model.recipe.target.unit,
        _business_by_series(by_part[TEST][MODEL], hours),
        _overall(together, frozenset(hours)),
    )
    return Evaluated(card, by_part)


def _part(
    by_model: Mapping[str, Forecasts],
    scale: FloatArray,
    cases: Mapping[str, frozenset[int]],
    small: float,
) -> JudgedPart:
    model = by_model[MODEL]
    judged = {
        name: judge(forecasts, scale, cases, small)
        for name, forecasts in by_model.items()
        if name != EXACT
    }
    first, last = str(model.origins.min()), str(model.origins.max())
    comparisons = _compared(by_model, cases.get(OWN, frozenset()))
    return JudgedPart(first, last, len(model.origins), judged, comparisons)


def _overall(
    by_part: Mapping[str, Mapping[str, Forecasts]], hours: frozenset[int]
) -> tuple[Comparison, ...]:
    """The comparisons of both parts together; none if there is only one."""
    if len(by_part) == 1:
        return ()
    names = by_part[TEST]
    return _compared(
        {name: joined([part[name] for part in by_part.values()]) for name in names}, hours
    )


def _compared(by_model: Mapping[str, Forecasts], hours: frozenset[int]) -> tuple[Comparison, ...]:
    """The model beside each other one, at these hours of the day only; none: at all."""
    model = _at(by_model[MODEL], hours)
    return tuple(
        compare(model, _at(other, hours), name, seed=_SEED)
        for name, other in by_model.items()
        if name not in (MODEL, EXACT)
    )


def _at(forecasts: Forecasts, hours: frozenset[int]) -> Forecasts:
    """The forecasts with what was observed at these hours of the day only; none: at all."""
    if not hours:
        return forecasts
    inside = np.isin(forecasts.hour_of_day, list(hours))
    return replace(forecasts, actual=np.where(inside, forecasts.actual, np.nan))


def _figures(
    facts: JsonObject,
    form: str,
    parts: Mapping[str, JudgedPart],
    together: Mapping[str, Mapping[str, Forecasts]],
) -> dict[str, float]:
    """The metrics of the artifact itself, by the names that gates use."""
    figures = {
        "size_bytes": float(facts["files"][form]["size"]),
        "parity": float(facts["parity"]),
        "latency_ms": float(facts["milliseconds"]["file"]),
    }
    if EXACT in together[TEST]:
        exact = together[TEST][EXACT]
        wape = score(exact.actual, exact.values, exact.quantiles, 1.0).wape
        figures["int8_wape_points"] = 100 * (parts[TEST].models[MODEL].slices[ALL].wape - wape)
    return figures


def _per_series(
    by_model: Mapping[str, list[Forecasts]],
    scales: Mapping[str, float],
    cases: Mapping[str, frozenset[int]],
    small: float,
) -> dict[str, dict[str, Score]]:
    """The scores of each series, by model; empty for a single series."""
    if len(scales) == 1:
        return {}
    result: dict[str, dict[str, Score]] = {}
    for name, by_series in by_model.items():
        if name != EXACT:
            for forecasts in by_series:
                judged = judge(forecasts, scales[forecasts.series], cases, small)
                result.setdefault(forecasts.series, {})[name] = judged.slices[ALL]
    return result


def _business_by_series(
    by_series: Sequence[Forecasts], hours: tuple[int, ...]
) -> dict[str, BusinessFigures]:
    """The figures of each series; empty for a single series."""
    if len(by_series) == 1:
        return {}
    return {each.series: business_figures([each], hours) for each in by_series}


def _scale(data: Experiment, series: str) -> float:
    steps = _WEEK // data.model.recipe.transforms.interval_hours
    return mase_scale(data.history(series), data.rows(series, "train"), steps)
