"""Forecasts of a released file, on windows that are made as the file itself says."""

from __future__ import annotations

import json
from dataclasses import dataclass

from edgeops.errors import EdgeOpsError
from edgeops.features.spec_json import from_json
from edgeops.features.window import WindowBuilder
from edgeops.training.forecasts import Forecasts
from edgeops.training.onnx_run import OnnxModel, counts
from edgeops.training.samples import Experiment, Samples

_MOST_STEPS = 168  # as `window.steps` in schemas/model.schema.json


@dataclass(frozen=True, slots=True)
class Champion:
    """The content of a released model file, which a new one is compared with."""

    version: str
    content: bytes


def champion_forecasts(champion: Champion, data: Experiment, samples: Samples) -> Forecasts:
    """What a released model says at the origins of some samples.

    Its features and window may differ from ours, its horizon and interval may
    not. Raises `EdgeOpsError`.
    """
    model = OnnxModel(champion.content, f"version {champion.version}")
    says = model.metadata
    try:
        spec = from_json(json.loads(says["window_spec"]))
        quantiles = tuple(json.loads(says["quantiles"]))
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise EdgeOpsError(
            f"version {champion.version} does not say what its window is",
            "it cannot be the champion: judge with `--no-champion`",
        ) from error
    if spec.steps > _MOST_STEPS or spec.level_hours > len(data.dataset.series):
        raise EdgeOpsError(
            f"version {champion.version} wants windows that are larger than the data",
            "it cannot be the champion: judge with `--no-champion`",
        )
    if (spec.horizon, spec.interval) != (samples.actual.shape[1], samples.interval):
        raise EdgeOpsError(
            f"version {champion.version} forecasts {spec.horizon} steps of {spec.interval} h",
            "it cannot be the champion of another horizon: judge with `--no-champion`",
        )
    if spec.is_pooled:
        spec = spec.of_series(samples.series)
    windows = WindowBuilder(spec).windows(data.dataset.series, samples.rows, data.known)
    return Forecasts(
        samples.series,
        samples.origins,
        samples.actual,
        counts(model.ratio(windows.values), windows.scale),
        quantiles,
        samples.interval,
    )
