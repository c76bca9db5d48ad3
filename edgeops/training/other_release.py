"""Releases of other models as baselines: `release:crowdedness-24h` in `baselines`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.training.champion import Champion, champion_forecasts, last_release
from edgeops.training.evaluate.baselines import Forecaster
from edgeops.training.evaluate.gates import KNOWN, RELEASE
from edgeops.training.evaluate.scorecard import ALL, MODEL, WITHOUT
from edgeops.training.forecasts import Forecasts
from edgeops.training.samples import Experiment, Samples


def check_releases(model: str, baselines: Iterable[str]) -> None:
    """Raises `EdgeOpsError` for a release that cannot be told from the model or a baseline."""
    for baseline in baselines:
        name = baseline.removeprefix(RELEASE)
        if name == baseline:
            continue
        if name == model:
            raise EdgeOpsError(
                f"`{baseline}` in `baselines` is the model itself",
                "remove it: its last release is the `champion` of each evaluation",
            )
        if name in (*KNOWN, MODEL, ALL, WITHOUT):
            raise EdgeOpsError(
                f"`{baseline}` in `baselines` has the name of a baseline", "remove it"
            )


def other_release(data: Experiment, state: Path, baseline: str) -> tuple[str, Forecaster]:
    """The newest release that a baseline names, as `NAME@VERSION`, and how it forecasts.

    Raises `EdgeOpsError` if its file is not on this machine.
    """
    name, notes = baseline.removeprefix(RELEASE), list[str]()
    with _as_baseline(baseline):
        release = last_release(data.model.root, state, name, notes.append)
    if release is None:
        why = notes[0].partition(": ")[0] if notes else f"{name} has no release"
        raise EdgeOpsError(f"`{baseline}` in `baselines`: {why}", _hint(baseline))
    return f"{name}@{release.version}", partial(_forecasts, baseline, release, data)


def _forecasts(baseline: str, release: Champion, data: Experiment, samples: Samples) -> Forecasts:
    with _as_baseline(baseline):
        return champion_forecasts(release, data, samples)


@contextmanager
def _as_baseline(baseline: str) -> Iterator[None]:
    """For `with`: errors name the baseline, and what to do about it."""
    try:
        yield
    except EdgeOpsError as error:
        message = f"`{baseline}` in `baselines`: {error.message}"
        raise EdgeOpsError(message, _hint(baseline)) from error


def _hint(baseline: str) -> str:
    return f"publish the release here first, or remove `{baseline}` from `baselines` and `gates`"
