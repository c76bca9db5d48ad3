"""Forecasts of a released model, on windows built from the specification in its metadata."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edgeops.artifacts.version import precedence
from edgeops.errors import EdgeOpsError
from edgeops.features.spec_json import from_json
from edgeops.features.window import WindowBuilder
from edgeops.source.released_file import released_file
from edgeops.source.releases import load_releases
from edgeops.training.forecasts import Forecasts
from edgeops.training.judged_by import from_properties
from edgeops.training.onnx_run import MAX_BYTES, OnnxModel, of_ratio
from edgeops.training.replay import as_issued
from edgeops.training.samples import Experiment, Samples

_MOST_STEPS = 168  # as `window.steps` in schemas/model.schema.json


@dataclass(frozen=True, slots=True)
class Champion:
    """The content of a released model file, which a new model is compared with."""

    version: str
    content: bytes


def last_release(
    root: Path, state: Path, name: str, note: Callable[[str], None]
) -> Champion | None:
    """The newest release of a model, if its file is in git or in the store of the local hub.

    Raises `EdgeOpsError` when the file is not the one that was published.
    """
    releases = load_releases(root)
    newest = max(releases.of(name), key=lambda release: precedence(release.version), default=None)
    if newest is None:
        return None
    if len(newest.files) != 1:
        note(f"{newest.reference} is not a single file: evaluating without a champion")
        return None
    ((file, copy),) = releases.copies(newest.reference)
    try:
        found = released_file(newest.reference, root, state, copy, file, MAX_BYTES)
    except EdgeOpsError as error:
        error.hint += ", or use `--no-champion`"
        raise
    if found is None:
        note(f"{newest.reference} is not on this machine: evaluating without a champion")
        return None
    return Champion(newest.version, found[1])


def champion_forecasts(champion: Champion, data: Experiment, samples: Samples) -> Forecasts:
    """The forecasts of a released model at the origins of the samples.

    They are as a device issues them. Its features and window can differ from those of the
    samples; its horizon and interval must be the same. Raises `EdgeOpsError`.
    """
    model = OnnxModel(champion.content, f"version {champion.version}")
    properties = model.metadata
    try:
        spec = from_json(json.loads(properties["window_spec"]))
        quantiles = tuple(json.loads(properties["quantiles"]))
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise _unfit(champion, "has no valid window specification") from error
    if spec.steps > _MOST_STEPS or spec.level_hours > len(data.dataset.series):
        raise _unfit(champion, "needs windows that are longer than the data")
    if (spec.horizon, spec.interval) != (samples.actual.shape[1], samples.interval):
        raise _unfit(champion, f"forecasts {spec.horizon} steps of {spec.interval} h")
    columns = data.columns_of(samples.series)
    if spec.is_pooled and len(columns) == 1:
        spec = spec.of_series(columns[0])
    if {*spec.columns} != {*columns}:
        raise _unfit(champion, "forecasts other columns of the data")
    windows = WindowBuilder(spec).windows(data.dataset.series, samples.rows, data.known)
    values = of_ratio(model.ratio(windows.values), windows.scale, spec.unit)
    raw = samples.forecasts(values, quantiles)
    return as_issued(raw, from_properties(properties), spec, data.dataset.series)


def _unfit(champion: Champion, why: str) -> EdgeOpsError:
    hint = "it cannot be the champion of this model: use `--no-champion`"
    return EdgeOpsError(f"version {champion.version} {why}", hint)
