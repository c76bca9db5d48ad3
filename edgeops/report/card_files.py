"""The model card of an evaluation and its plots, as files."""

from __future__ import annotations

from edgeops.api.models import Judgement
from edgeops.digest import digest_file
from edgeops.report.model_card import CardFacts, model_card
from edgeops.report.plots.model_plots import model_plots
from edgeops.training.evaluate.scorecard import MODEL


def card_files(judgement: Judgement) -> dict[str, bytes]:
    """`card.html` and the plots in it as PNG, by name."""
    model, data, evaluated = judgement.model, judgement.data, judgement.evaluated
    plots = model_plots(evaluated.scorecard, "test", evaluated.forecasts["test"][MODEL])
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
    )
    return {**{plot.file: plot.png for plot in plots}, "card.html": model_card(facts).encode()}
