"""Values as text, JSON, Markdown, HTML and plots. Each module is imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeops.report import (
        clone_text,
        data_text,
        decay_text,
        device_columns,
        device_list,
        device_show,
        device_summary,
        documents,
        event_text,
        explain_text,
        failure,
        forecast_text,
        forget_text,
        history_text,
        import_text,
        inert,
        key_text,
        live_text,
        markdown,
        model_card,
        model_features_text,
        model_promote_text,
        model_runs_text,
        outcomes,
        plan_markdown,
        planned,
        problems,
        progress,
        promote_text,
        proposal,
        pull_request,
        release_text,
        scorecard,
        signing_text,
        status_page,
        status_text,
        training_text,
        verify_text,
    )

__all__ = [
    "clone_text",
    "data_text",
    "decay_text",
    "device_columns",
    "device_list",
    "device_show",
    "device_summary",
    "documents",
    "event_text",
    "explain_text",
    "failure",
    "forecast_text",
    "forget_text",
    "history_text",
    "import_text",
    "inert",
    "key_text",
    "live_text",
    "markdown",
    "model_card",
    "model_features_text",
    "model_promote_text",
    "model_runs_text",
    "outcomes",
    "plan_markdown",
    "planned",
    "problems",
    "progress",
    "promote_text",
    "proposal",
    "pull_request",
    "release_text",
    "scorecard",
    "signing_text",
    "status_page",
    "status_text",
    "training_text",
    "verify_text",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
