"""The builds of a model as a table, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgeops.report.documents import dump_json
from edgeops.report.style import Line, bold, columns, dim, render
from edgeops.report.words import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeops.api.model_builds import ModelRun

_NOTHING = "–"


def text(runs: Sequence[ModelRun], *, color: bool = False) -> str:
    """A row a build, then what of model.yaml differs between them."""
    return render(_lines(runs), color)


def as_json(runs: Sequence[ModelRun]) -> str:
    """An array with an object a build, the newest last."""
    return dump_json(
        [
            {
                "key": run.key,
                "trained": run.trained,
                "validationWape": run.validation_wape,
                "metrics": dict(run.metrics),
                "passed": run.passed,
                "fault": run.fault or None,
                "size": run.size,
                "published": list(run.published),
                "files": dict(run.files),
                "settings": dict(run.settings),
            }
            for run in runs
        ]
    )


def _lines(runs: Sequence[ModelRun]) -> Iterator[Line]:
    names = ("build", "trained", "validation", "test WAPE", "vs naive", "vs LightGBM", "gates")
    heading: Line = [bold(name) for name in (*names, "size", "published")]
    yield from columns([heading, *map(_row, runs)])
    differ = list(runs[0].settings)
    if not differ:
        return
    yield []
    keys: Line = [bold("what differs"), *(bold(run.key) for run in runs)]
    yield from columns(
        [keys, *([path, *(_setting(run.settings[path]) for run in runs)] for path in differ)],
        widest=40,
    )


def _row(run: ModelRun) -> Line:
    verdict = {True: "passed", False: "FAILED", None: "not evaluated"}[run.passed]
    return [
        run.key,
        run.trained or _NOTHING,
        _percent(run.validation_wape),
        _percent(run.metrics.get("wape")),
        _ratio(run.metrics.get("wape_vs_seasonal_naive")),
        _ratio(run.metrics.get("wape_vs_lightgbm")),
        run.fault or verdict,
        _NOTHING if run.size is None else size(run.size),
        ", ".join(run.published) or dim(_NOTHING),
    ]


def _percent(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.2%}"


def _ratio(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.3f}"


def _setting(value: object) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, list):
        shown = ", ".join(map(str, value))
        return shown if len(shown) <= 40 else f"{len(value)} items"
    return str(value)
