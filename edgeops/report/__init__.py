"""Values as text, JSON, Markdown, HTML and plots. Each module is imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeops.report import (
        card_files,
        data_text,
        documents,
        drift_issue,
        event_text,
        explain_text,
        failure,
        inert,
        markdown,
        outcomes,
        plan_markdown,
        planned,
        problems,
        promote_text,
        proposal,
        published_text,
        pull_request,
        release_text,
        scorecard,
        screen,
        status_text,
        trained_text,
        verify_text,
    )

__all__ = [
    "card_files",
    "data_text",
    "documents",
    "drift_issue",
    "event_text",
    "explain_text",
    "failure",
    "inert",
    "markdown",
    "outcomes",
    "plan_markdown",
    "planned",
    "problems",
    "promote_text",
    "proposal",
    "published_text",
    "pull_request",
    "release_text",
    "scorecard",
    "screen",
    "status_text",
    "trained_text",
    "verify_text",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
