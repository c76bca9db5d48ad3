"""Whether models have decayed on devices, as sentences, JSON and Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from edgeops.api.retraining import ModelDecay
from edgeops.report.documents import dump_json
from edgeops.report.markdown import code
from edgeops.report.quality_words import share
from edgeops.report.style import Line, Span, Style, bold, render
from edgeops.report.words import count
from edgeops.training.decay import Decay, LiveStanding

_STYLES = {
    LiveStanding.DECAYED: Style.RED,
    LiveStanding.WELL: Style.GREEN,
    LiveStanding.TOO_EARLY: Style.YELLOW,
    LiveStanding.NOT_PUBLISHED: Style.YELLOW,
}


def text(models: Sequence[ModelDecay], *, color: bool = False) -> str:
    """A line for each model, and one more for each that is worse than the naive forecast."""
    return render(_lines(models), color)


def markdown(models: Sequence[ModelDecay]) -> str:
    """A list of the models."""
    lines = [f"* {code(_name(one))}: {code(f'{one.decay.standing}: {why(one)}')}" for one in models]
    return "\n".join(lines) + "\n"


def as_json(models: Sequence[ModelDecay]) -> str:
    """An object: `decayed` has the names of decayed models, `models` an object for each.

    Made for `edgeops github outputs`.
    """
    return dump_json(
        {
            "decayed": [one.model for one in models if one.has_decayed],
            "models": [
                {
                    "model": one.model,
                    "release": one.release or None,
                    **asdict(one.decay),
                    "worseThanNaive": one.decay.is_worse_than_naive,
                    "reason": why(one),
                }
                for one in models
            ],
        }
    )


def why(model: ModelDecay) -> str:
    """What is known of a model on devices, in one sentence."""
    decay = model.decay
    if not model.release:
        return "no device has a release of it"
    if decay.published is None or decay.bound is None:
        return "its release file has no WAPE to compare with"
    if decay.low is None or decay.high is None:
        scored = f"{decay.hours} h and {count(decay.days, 'day')} are scored"
        return f"{scored} on {count(decay.devices, 'device')}"
    return f"{_figures(decay)} {'is above' if model.has_decayed else 'is not surely above'}" + (
        f" {share(decay.bound)}, which its own {share(decay.published)} allows"
    )


def _figures(decay: Decay) -> str:
    return (
        f"live WAPE {share(decay.wape)} (95% interval {share(decay.low)} to {share(decay.high)},"
        f" {count(decay.devices, 'device')}, {count(decay.days, 'day')})"
    )


def _lines(models: Sequence[ModelDecay]) -> Iterator[Line]:
    if not models:
        yield ["no model.yaml has `retraining`: nothing says when a model has decayed"]
    for one in models:
        word = Span(one.decay.standing.value, _STYLES[one.decay.standing])
        yield [bold(_name(one)), ": ", word, f": {why(one)}"]
        if one.decay.is_worse_than_naive:
            yield [f"  it is worse than the seasonal naive forecast ({share(one.decay.naive)})"]


def _name(model: ModelDecay) -> str:
    return model.release or model.model
