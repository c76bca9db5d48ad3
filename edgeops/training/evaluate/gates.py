"""Gates: the metrics that they name, and the verdict of each gate."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.fleet.suggest import did_you_mean
from edgeops.jsonvalue import JsonObject
from edgeops.training.evaluate.baselines import BASELINES
from edgeops.training.evaluate.judge import DAY_SLICES
from edgeops.training.evaluate.scorecard import ALL, MODEL, WITHOUT, Judged, JudgedPart, Verdict
from edgeops.training.evaluate.shown import shown

CHAMPION = "champion"  # the last release of the model, if there is one
DEVICE = "device_difference"  # from what devices forecast; every model has this gate
RELEASE = "release:"  # a baseline that is the newest release of the model of this name
LIMIT = 1e-4
FACTS = ("int8_wape_points", "size_bytes", "parity", "latency_ms", DEVICE)
TEST, LATER = "test", "later"

_NAMES = {"seasonal-naive-168h": "seasonal_naive"}  # the usual reference
KNOWN = (*BASELINES, "lightgbm", "article-lstm", CHAMPION)
_WITHOUT = "wape_without_context"
_PLAIN = ("wape", "mae", "mase", "smape", "mape")
_SOME = (
    "metrics are wape, mae, mase, smape, mape, wape_<use case>, wape_vs_<baseline>,"
    " difference_vs_<baseline>, difference_high_vs_<baseline>,"
    f" with events or weather {_WITHOUT} and {_WITHOUT}_vs_<baseline>"
    " and, with outer quantiles, coverage_<percent> and coverage_<percent>_<use case>;"
    f" for the artifact, {', '.join(FACTS)}"
)


def metrics_of(
    parts: Mapping[str, JudgedPart], quantiles: tuple[float, ...], facts: Mapping[str, float]
) -> dict[str, float]:
    """The metrics of a scorecard by the names that gates use, without those that have no value.

    For the part `test`: `wape`, `mae`, `mase`, `smape`, `mape`; `pinball` and
    `coverage_80` (the nominal percentage of the outer quantiles); `coverage_80_<slice>`
    and `wape_<slice>`;
    `wape_vs_<other>` and `wape_<slice>_vs_<other>`, the WAPE divided by that of
    another model; `wape_without_context` and `wape_without_context_vs_<other>` of a
    model that uses what is known ahead, with nothing of it; `difference_vs_<other>` and
    `difference_high_vs_<other>`, the WAPE less that of another model on the hours that the
    model is for, and the upper end of its 95 % interval. For the part `later`, the
    same with the prefix `later_`.
    Hyphens become underscores; `seasonal_naive` is `seasonal-naive-168h`. `facts`
    are the metrics of the artifact (`FACTS`).
    """
    metrics = dict(facts)
    for part, prefix in ((TEST, ""), (LATER, "later_")):
        if part in parts:
            figures = _of_part(parts[part].models, quantiles)
            metrics |= {prefix + name: value for name, value in figures}
            for each in parts[part].comparisons:
                metrics[f"{prefix}difference_vs_{_flat(each.other)}"] = each.difference
                metrics[f"{prefix}difference_high_vs_{_flat(each.other)}"] = each.high
    return {name: value for name, value in metrics.items() if math.isfinite(value)}


def check_gates(
    gates: JsonObject,
    baselines: Collection[str],
    quantiles: tuple[float, ...],
    use_cases: Iterable[str],
    facts: Collection[str] = FACTS,
    *,
    context: bool = False,
) -> None:
    """Check before training that every gate will have its metric. Raises `EdgeOpsError`.

    `baselines` are those that will be run, `facts` the metrics that the artifact
    will have, `context` whether the model uses what is known ahead.
    `wape_vs_champion` is always allowed: a first release has no champion.
    """
    for name, gate in gates.items():
        low, high = bounds(gate)
        if not low <= high:
            raise EdgeOpsError(
                f"no model can pass the gate `{name}`: its minimum is {low:g}, its maximum {high:g}"
            )
        if name == DEVICE and LIMIT < high < math.inf:
            raise EdgeOpsError(
                f"the gate `{name}` allows {high:g}: of every model, it is at most {LIMIT:g}",
                "set a smaller `max`, or remove the gate: every model has it",
            )
    slices = [_flat(name) for name in sorted({*DAY_SLICES, *use_cases})]
    starts = ["wape", *(f"wape_{name}" for name in slices)]
    told = [*starts, _WITHOUT]
    intervals = _intervals(quantiles, slices)
    names = _possible({*baselines, CHAMPION}, intervals, told if context else starts, facts)
    every = _possible({*KNOWN, *baselines}, intervals, told, FACTS)
    for name in gates:
        if name not in every:
            hint = did_you_mean(name, every) or _SOME
            raise EdgeOpsError(f"the gate `{name}` does not name a metric", hint)
        if name not in names:
            raise _missing(name, every[name] if context or _WITHOUT not in name else WITHOUT)


def verdicts(gates: JsonObject, metrics: Mapping[str, float]) -> tuple[Verdict, ...]:
    """The verdict of each gate; a metric without a value fails, except without a champion."""
    return tuple(_verdict(name, bounds(gate), metrics.get(name)) for name, gate in gates.items())


def coverage_name(quantiles: tuple[float, ...]) -> str:
    """The name of the coverage of the interval between the outer quantiles: `coverage_80`."""
    return f"coverage_{round(100 * (quantiles[-1] - quantiles[0]))}"


def _of_part(
    models: Mapping[str, Judged], quantiles: tuple[float, ...]
) -> Iterator[tuple[str, float]]:
    model = models[MODEL].slices
    others = {name: judged for name, judged in models.items() if name not in (MODEL, WITHOUT)}
    overall = model[ALL]
    yield from ((name, getattr(overall, name)) for name in _PLAIN)
    if overall.coverage is not None and overall.pinball is not None:
        yield "pinball", overall.pinball
        yield coverage_name(quantiles), overall.coverage
        for name, score in model.items():
            if name != ALL and score.coverage is not None:
                yield f"{coverage_name(quantiles)}_{_flat(name)}", score.coverage
    scores = [("wape" if name == ALL else f"wape_{_flat(name)}", name, model) for name in model]
    if WITHOUT in models:
        scores.append((_WITHOUT, ALL, models[WITHOUT].slices))
    for start, name, slices in scores:
        score = slices[name]
        yield start, score.wape
        for other, judged in others.items():
            if name in judged.slices:
                wape = judged.slices[name].wape
                yield f"{start}_vs_{_flat(other)}", score.wape / wape if wape else math.nan


def _intervals(quantiles: tuple[float, ...], slices: Iterable[str]) -> list[str]:
    """The names of the metrics of an interval; none for a model without one."""
    if len(quantiles) == 1:
        return []
    name = coverage_name(quantiles)
    return ["pinball", name, *(f"{name}_{each}" for each in slices)]


def _possible(
    others: Iterable[str], intervals: Iterable[str], starts: Iterable[str], facts: Iterable[str]
) -> dict[str, str]:
    """The names of metrics, each with the baseline or fact that it needs (`""`: none).

    `starts` are those of WAPEs, which are also compared with each of the `others`.
    """
    names = dict.fromkeys([*_PLAIN, *intervals], "")
    for start in ("difference", "difference_high"):
        names |= {f"{start}_vs_{_flat(other)}": other for other in sorted(others)}
    for start in starts:
        names[start] = ""
        names |= {f"{start}_vs_{_flat(other)}": other for other in sorted(others)}
    return {**names, **{f"later_{name}": needs for name, needs in names.items()}} | {
        fact: fact for fact in facts
    }


def _missing(gate: str, needs: str) -> EdgeOpsError:
    if needs == WITHOUT:
        return EdgeOpsError(
            f"the gate `{gate}` is for models that are told what is known ahead",
            "add `event:` or `weather:` features, or remove the gate",
        )
    if needs in FACTS:
        return EdgeOpsError(
            f"the gate `{gate}` needs a format that is not exported",
            "add the format to `export.formats`, or remove the gate",
        )
    return EdgeOpsError(
        f"the gate `{gate}` compares with {needs}, which is not in `baselines`",
        f"add {needs} to `baselines`, or remove the gate",
    )


def _verdict(name: str, limits: tuple[float, float], value: float | None) -> Verdict:
    low, high = limits
    if value is None:
        if name.endswith(f"_vs_{CHAMPION}"):
            return Verdict(name, None, True, f"{name} has no value: no release to compare with")
        return Verdict(name, None, False, f"{name} has no value")
    if not low <= value <= high:
        side, bound = ("below the minimum", low) if value < low else ("above the maximum", high)
        said = f"{name} is {shown(name, value, bound)}, {side} {shown(name, bound, bound)}"
        return Verdict(name, value, False, said)
    met = [f"at least {shown(name, low, low)}"] * (low > -math.inf)
    met += [f"at most {shown(name, high, high)}"] * (high < math.inf)
    said = f"{name} is {shown(name, value, low, high)}, {' and '.join(met)}"
    return Verdict(name, value, True, said)


def bounds(gate: Any) -> tuple[float, float]:
    """The minimum and the maximum of a gate: `{min, max}`, or both in a list."""
    if isinstance(gate, list):
        return float(gate[0]), float(gate[1])
    return float(gate.get("min", -math.inf)), float(gate.get("max", math.inf))


def _flat(name: str) -> str:
    """The name of a slice or another model in that of a metric; a release has no version in it."""
    short = name.removeprefix(RELEASE).partition("@")[0]
    return _NAMES.get(short, short).replace("-", "_")
