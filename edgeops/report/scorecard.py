"""A scorecard as text, Markdown and JSON."""

from __future__ import annotations

from edgeops.report.documents import dump_json
from edgeops.report.scorecard_markdown import markdown
from edgeops.report.scorecard_text import text
from edgeops.training.evaluate.scorecard import Scorecard
from edgeops.training.evaluate.scorecard_json import to_json

__all__ = ["as_json", "markdown", "text"]


def as_json(card: Scorecard) -> str:
    """The scorecard as one object; ends with a newline."""
    return dump_json(to_json(card))
