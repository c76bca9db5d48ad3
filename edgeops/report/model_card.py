"""A model card: one HTML file with the purpose, origin and quality of a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from edgeops.api.models import Judgement
from edgeops.digest import Digest, digest_file
from edgeops.jsonvalue import JsonObject
from edgeops.report import business_words, html, score_tables
from edgeops.report.plots.model_plots import Plot, model_plots
from edgeops.report.score_tables import ScoreTable
from edgeops.report.words import count, hours_in_words
from edgeops.training.evaluate.scorecard import ALL, MODEL, OWN, Score, Scorecard

_PROVENANCE = {
    "modelFile": "model.yaml, sha256",
    "data": "data, sha256",
    "framework": "packages",
    "python": "Python",
    "workflowRun": "workflow run",
}
_KINDS = {
    score_tables.PASSED: "good",
    score_tables.FAILED: "bad",
    score_tables.BETTER: "good",
    score_tables.WORSE: "bad",
}
_WORDS = (
    (
        "planned too much, too little",
        "the errors of the last forecast before a day's first hour, as a planner would have it",
    ),
    (
        "busiest hour missed",
        "the share of days on which that forecast's busiest hour is more than an hour away",
    ),
    ("WAPE", "the sum of all errors over the sum of all values, so that busy hours weigh most"),
    ("MAE", "the mean error, in units of the target"),
    ("MASE", "the mean error over that of the naive forecast (a week ago) in training"),
    (
        "MAPE",
        "the mean of error over value; small values weigh most, the smallest are left out",
    ),
    ("sMAPE", "the same over the mean of value and forecast, so that it is at most 200%"),
    (
        "time of day",
        "their hours only: night is from 22 to 6, morning to 9, daytime to 18, evening to 22;"
        " day is from 7 to 22",
    ),
    ("coverage", "the share of values inside the interval of the forecast"),
    ("width", "the mean width of that interval over the mean value"),
    ("pinball", "the loss of the quantiles, in units of the target: lower is better"),
    (
        "95% interval",
        "the range of 95% of the differences when weeks are resampled (block bootstrap)",
    ),
)


@dataclass(frozen=True, slots=True)
class CardFacts:
    """The content of a model card.

    `artifacts` are the files of the model by name, `provenance` is as in a
    release file, `notes` is free text in which an empty line ends a paragraph.
    """

    card: Scorecard
    description: str
    artifacts: Mapping[str, Digest]
    data: str
    attribution: str
    provenance: JsonObject
    seeds: tuple[int, ...]
    plots: tuple[Plot, ...]
    notes: str = ""
    limits: tuple[str, ...] = ()
    unit: str = ""


def model_card(facts: CardFacts) -> str:
    """A whole page without scripts or external references; ends with a newline."""
    return html.page(f"{facts.card.model}: model card", _sections(facts))


def _sections(facts: CardFacts) -> Iterator[str]:
    card = facts.card
    yield from _head(facts)
    yield html.section("What it forecasts", [html.facts(_forecasts(card))])
    yield html.section("Verdict", [html.table(score_tables.gates(card), kinds=_KINDS)])
    for name in card.parts:
        yield html.section(f"How good it is: {name}", _part(card, name))
    both = html.table(score_tables.overall(card), kinds=_KINDS)
    yield html.section(f"How good it is: {' and '.join(card.parts)}", [both])
    series = (score_tables.per_series(card), business_words.by_series(card))
    yield html.section("Series, each on its own", map(html.table, series))
    pictures = (html.picture(plot.png, plot.title, plot.caption) for plot in facts.plots)
    yield html.section("Plots", pictures)
    yield html.section("Glossary", [html.facts(_WORDS)])
    yield html.section("Notes", [html.paragraphs(facts.notes)])
    yield html.section("Limits", [html.listed((*facts.limits, *_limits(facts)))])
    data = (("data", facts.data), ("unit", facts.unit), ("credit", facts.attribution))
    yield html.section("Data", [html.facts(data)])
    yield html.section("How it was made", [html.facts(_made(facts))])
    yield html.section("Files", [html.table(_files(facts.artifacts))])


def _head(facts: CardFacts) -> Iterator[str]:
    card = facts.card
    yield html.element("h1", card.model)
    first = next(iter(card.parts))
    if short := business_words.in_short(card, first):
        yield html.element("p", short, "short")
    yield html.element("p", facts.description, "lead")
    kind = "good" if card.passed else "bad"
    yield html.element("p", score_tables.verdict(card), f"verdict {kind}")
    hours = f", {hours_in_words(card.hours)}" if card.hours else ""
    tiles = []
    for name, part in card.parts.items():
        slices = part.models[MODEL].slices
        score = slices.get(OWN, slices[ALL])
        tiles += [
            (f"WAPE, {name}{hours}", score_tables.percent(score.wape)),
            (f"off by, {name}{hours}", business_words.off_by(card, name)),
            *_coverage(card, score, f"{name}{hours}"),
        ]
    yield html.facts(tiles, "tiles")


def _coverage(card: Scorecard, score: Score, of: str) -> Iterator[tuple[str, str]]:
    if score.coverage is not None:
        name = f"{score_tables.interval(card)} coverage, {of}"
        yield name, score_tables.percent(score.coverage, 1)


def _forecasts(card: Scorecard) -> Iterator[tuple[str, str]]:
    first = next(iter(card.parts.values()))
    steps = len(first.models[MODEL].by_horizon)
    hours = count(card.interval, "hour")
    yield "target", ", ".join(card.series)
    yield "horizon", f"{count(steps, 'step')} of {hours}"
    yield "quantiles", ", ".join(f"{quantile:g}" for quantile in card.quantiles)


def _part(card: Scorecard, name: str) -> Iterator[str]:
    yield html.element("p", f"{score_tables.period(card.parts[name])}.")
    yield html.table(business_words.table(card, name), card.model)
    yield html.table(score_tables.figures(card, name, every=True), card.model)
    comparisons = score_tables.comparisons(card.parts[name].comparisons, card.hours)
    yield html.table(comparisons, kinds=_KINDS)
    yield html.table(score_tables.day_parts(card, name))
    for table in (business_words.by_hour(card, name), business_words.by_horizon(card, name)):
        yield html.folded(f"By {table.headings[0]}", html.table(table))


def _limits(facts: CardFacts) -> Iterator[str]:
    yield (
        "The figures cover the periods above. When sensors, streets or habits change, evaluate the"
        " model again."
    )
    card = facts.card
    if len(card.quantiles) > 1:
        yield (
            f"The interval should contain {score_tables.interval(card)} of all values, not of the"
            " values of each event; how it holds through the day is in the tables above."
        )
    if facts.provenance.get("weather") == "measured":
        yield (
            "The weather it was judged with was measured. A device has forecasts of it only, so"
            " these figures are an upper bound."
        )


def _made(facts: CardFacts) -> Iterator[tuple[str, str]]:
    yield "seeds", ", ".join(map(str, facts.seeds))
    for name, value in facts.provenance.items():
        text = (
            ", ".join(f"{key} {version}" for key, version in value.items())
            if isinstance(value, dict)
            else str(value)
        )
        yield _PROVENANCE.get(name, name), text


def _files(artifacts: Mapping[str, Digest]) -> ScoreTable:
    rows = tuple(
        (name, f"{digest.size:,}", digest.sha256) for name, digest in sorted(artifacts.items())
    )
    return ScoreTable(("file", "bytes", "sha256"), rows, "lrl")


def card_files(judgement: Judgement) -> dict[str, bytes]:
    """The files of the model card by name: `card.html` and its plots as PNG."""
    model, data, evaluated = judgement.model, judgement.data, judgement.evaluated
    unit = model.recipe.target.unit
    forecasts = [replace(of, unit=unit) for of in evaluated.forecasts["test"][MODEL]]
    plots = model_plots(evaluated.scorecard, "test", forecasts)
    facts = CardFacts(
        evaluated.scorecard,
        model.description,
        {file.name: digest_file(file) for file in judgement.artifacts},
        data.dataset.name,
        data.dataset.attribution,
        judgement.provenance,
        model.recipe.seeds,
        plots,
        "\n\n".join(model.recipe.notes),
        unit=unit,
    )
    return {**{plot.file: plot.png for plot in plots}, "card.html": model_card(facts).encode()}
