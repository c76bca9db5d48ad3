"""Figures of a scorecard in words: the same in text, Markdown, HTML and plots."""

from __future__ import annotations

import math

from edgeops.report.words import count
from edgeops.training.evaluate.scorecard import Comparison, JudgedPart, Scorecard

NOTHING = "–"  # where there is no figure
BETTER, WORSE = "the model is better", "the model is worse"

_SPELLED = {"lightgbm": "LightGBM", "lstm": "LSTM"}


def baseline_name(name: str) -> str:
    """A baseline as it is spoken of: `seasonal-naive-168h` is `seasonal naive 168h`."""
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
    """What a comparison shows: its interval is on one side of 0, or it is not."""
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
    """An ISO 8601 hour on the clock, without seconds."""
    day, _, time = text.partition("T")
    return f"{day} {time[:2]}:00" if time else day
