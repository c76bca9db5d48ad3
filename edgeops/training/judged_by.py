"""What a model file says of how its model is judged: see `quality.judging`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.quality.judging import Judging, from_json, to_json
from edgeops.quality.margins import distance, margins_by_hour
from edgeops.training.onnx_run import OnnxModel, of_ratio
from edgeops.training.samples import Experiment

PROPERTY = "judging"
_BATCH = 512
_DIGITS = 6


def judging_of(data: Experiment, model: OnnxModel) -> Judging:
    """How a model is judged, with the margins that hold its interval on the validation part.

    `model` is the calibrated one: these margins are on top of what it gives.
    """
    recipe = data.model.recipe
    hours, origins = recipe.target.hours, recipe.window.origins
    calibration, quantiles = recipe.calibration, recipe.network.quantiles
    if calibration.kind == "none" or not has_interval(quantiles):
        return Judging(hours=hours, origins=origins)
    by_hour = calibration.by == "hour"
    margins = _margins(data, model, calibration.coverage) if by_hour else ()
    return Judging(calibration.coverage, margins, calibration.rolling_days, hours, origins)


def has_interval(quantiles: Sequence[float]) -> bool:
    """Whether there are quantiles on both sides of the median."""
    return quantiles[0] < 0.5 < quantiles[-1]


def to_properties(judging: Judging) -> dict[str, str]:
    """The metadata of a model that is judged so; none for what is so without it."""
    value = to_json(judging)
    return {PROPERTY: json.dumps(value, separators=(",", ":"))} if value else {}


def from_properties(properties: Mapping[str, str]) -> Judging:
    """How a model with this metadata is judged. Raises `EdgeOpsError`."""
    try:
        value = json.loads(properties.get(PROPERTY, "{}"))
    except (ValueError, RecursionError) as error:
        raise EdgeOpsError(f"the metadata `{PROPERTY}` of the model is not JSON") from error
    return from_json(value)


def _margins(data: Experiment, model: OnnxModel, coverage: float) -> tuple[float, ...]:
    """A margin for each hour of the day; 0 for one without values."""
    outside, targets = [], []
    for series in data.series:
        samples = data.samples(series, "validation")
        values = of_ratio(model.ratio(samples.windows, _BATCH), samples.scale, samples.unit)
        low, high = values[:, :, 0], values[:, :, -1]
        outside.append(distance(samples.actual, low, high, samples.unit))
        targets.append(samples.targets)
    margins = margins_by_hour(np.concatenate(outside), np.concatenate(targets), coverage)
    return tuple(round(margin, _DIGITS) for margin in np.nan_to_num(margins).tolist())
