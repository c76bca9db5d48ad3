"""What a device would refuse of a model, as far as it can be known before training."""

from __future__ import annotations

import json

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.device_limits import HOURS_KEPT, MAX_SERIES, MAX_VALUE, name_fault
from edgeops.features.series import HourlySeries
from edgeops.features.spec import WindowSpec
from edgeops.features.spec_json import from_json, to_json
from edgeops.features.wall_clock import phase, time_zone
from edgeops.training.samples import Experiment


def check_fits_device(data: Experiment) -> None:
    """Raises `EdgeOpsError` if a device could not take the series of a model, or keep enough."""
    builder = data.builder(data.series[0])  # those of a pooled target differ by name only
    columns = tuple(dict.fromkeys([*data.columns, *builder.columns]))
    _check_names(columns)
    _check_values(data.dataset.series, columns)
    if len(builder.columns) > MAX_SERIES:
        raise EdgeOpsError(
            f"the target has {len(builder.columns)} columns, a device takes {MAX_SERIES} series",
            "name fewer in `target.columns`, or add them up before",
        )
    if builder.hours_to_keep >= HOURS_KEPT:
        raise EdgeOpsError(
            f"the windows of {data.model.name} need {builder.hours_to_keep:,} hours of history,"
            f" a device keeps {HOURS_KEPT:,}",
            "in model.yaml, use fewer `weeks` of `seasonalAdjustment`, fewer `levelHours`, or"
            " features that look back less far",
        )
    _check_window(builder.spec)


def _check_window(spec: WindowSpec) -> None:
    """Raises `EdgeOpsError` for a window that a device would not read as it is here."""
    hint = "see `data.site`, `transforms` and `window` in model.yaml"
    try:
        phase(time_zone(spec.site.time_zone))
        read = from_json(json.loads(json.dumps(to_json(spec))))
    except (EdgeOpsError, ValueError) as error:
        why = error.message if isinstance(error, EdgeOpsError) else str(error)
        raise EdgeOpsError(f"a device would refuse the model: {why}", hint) from error
    if read != spec:
        raise EdgeOpsError("a device would read the window of the model as another one", hint)


def _check_names(columns: tuple[str, ...]) -> None:
    for name in columns:
        if fault := name_fault(name):
            raise EdgeOpsError(
                f"a device does not take the column `{name}`: {fault}",
                "rename the column in the data, or list others in `target.columns`",
            )


def _check_values(series: HourlySeries, columns: tuple[str, ...]) -> None:
    values = series.select(columns).values
    beyond = np.argwhere(np.abs(values) > MAX_VALUE)
    if len(beyond):
        row, column = beyond[0]
        raise EdgeOpsError(
            f"{columns[column]} is {values[row, column]:g} at {series.hours[row]}; a device takes"
            f" numbers up to {MAX_VALUE:g}",
            "check the value, or use a larger unit",
        )
