"""The device check: the modules' own code loads the file of a build and forecasts as devices do."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeops.features.device_limits import quantile_name
from edgeops.features.known import known_columns
from edgeops.jsonvalue import JsonObject
from edgeops.modules.forecaster.hours import NotReady
from edgeops.modules.forecaster.metadata import ModelError
from edgeops.modules.forecaster.rehearsal import Rehearsal
from edgeops.modules.forecaster.status import iso
from edgeops.modules.model_loader.faults import LoadFailed
from edgeops.modules.model_loader.load_test import onnx_load_test
from edgeops.training.context_document import context_document
from edgeops.training.data.rows import Told
from edgeops.training.device_trial import Trial, trials
from edgeops.training.evaluate.gates import LIMIT
from edgeops.training.evaluate.on_device import OnDevice
from edgeops.training.evaluation import ByPart
from edgeops.training.judged_by import from_properties
from edgeops.training.onnx_run import OnnxModel
from edgeops.training.samples import Experiment

_MINUTE = 60

Tick = Callable[[int, int], None]


def device_check(data: Experiment, model: Path, forecasts: ByPart, tick: Tick) -> OnDevice:
    """Compare the `forecasts` of an evaluation with those of devices that have the model file.

    The loader tries to load it; each device is told the rows of the data, first by a file, then
    by messages. `tick` gets the forecasts done and their total.
    """
    try:
        onnx_load_test(model, "onnx")
    except LoadFailed as fault:
        return OnDevice(0, None, f"a device refuses the model: {fault}")
    every = trials(data, forecasts, from_properties(OnnxModel(model).metadata))
    total = sum(len(trial.forecasts.origins) for trial in every)
    if not total:
        return OnDevice(0, None, "at no hour of the test part is half of the target observed")
    results: list[OnDevice] = []
    for trial in every:
        name = trial.forecasts.series if data.model.recipe.target.is_pooled else None
        with TemporaryDirectory(prefix="edgeops-device-") as folder:
            try:
                device = Rehearsal(Path(folder), model, series=name)
            except ModelError as error:
                return OnDevice(0, None, f"a device refuses the model: {error.message}")
            for result in tried(trial, device, Path(folder, "first-fill.csv")):
                results.append(result)
                tick(len(results), total)
                if result.difference is None:
                    return result
    worst = max(results, key=lambda result: result.difference or 0.0)
    return OnDevice(total, worst.difference, worst.reason)


def tried(trial: Trial, device: Rehearsal, first_fill: Path) -> Iterable[OnDevice]:
    """What a device makes of each of the forecasts of a trial, in order.

    It has an empty history, which `first_fill`, written here, is the beginning of.
    """
    for index, (end, rows) in enumerate(zip(trial.ends, trial.told(), strict=True)):
        if index == 0:
            write_first_fill(first_fill, trial.columns, rows)
            device.recorder.open(first_fill)
        else:
            device.tell(rows)
        if trial.earlier:
            device.remember(trial.earlier[index])
        now = end + _MINUTE
        _tell_context(trial, device, now)
        yield _compared(trial, index, device, now)


def write_first_fill(path: Path, columns: Sequence[str], rows: Iterable[Told]) -> None:
    """Write rows as the file that fills an empty history."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["timestamp", *columns])
        for moment, values in rows:
            cells = (values.get(name) for name in columns)
            known = ("" if cell is None or cell != cell else repr(cell) for cell in cells)
            writer.writerow([iso(moment), *known])


def _tell_context(trial: Trial, device: Rehearsal, now: int) -> None:
    spec, known = trial.spec, trial.data.known
    columns = known_columns(spec.features)
    if columns and known is not None:
        hours = spec.steps * spec.interval
        document = context_document(known, columns, spec.site.time_zone, now, hours)
        device.context.take(json.dumps(document), now)


def _compared(trial: Trial, index: int, device: Rehearsal, now: int) -> OnDevice:
    at = f"`{trial.forecasts.series}` from {trial.forecasts.origins[index]} on"
    try:
        telemetry = device.forecast(now)
    except (NotReady, ModelError) as why:
        return OnDevice(0, None, f"no forecast of {at}: {why}{_refused(device)}")
    steps, starts = trial.starts(index)
    made = [int(datetime.fromisoformat(text).timestamp()) for text in telemetry["starts"]]
    if made != starts:
        seen = datetime.fromtimestamp(made[0], UTC) if made else "no hour"
        return OnDevice(0, None, f"the forecast of {at} is of {seen} on{_refused(device)}")
    size, worst, where = trial.spec.unit.size, 0.0, ""
    for column, share in enumerate(trial.forecasts.quantiles):
        expected = trial.forecasts.values[index, steps, column].tolist()
        for step, want, got in zip(steps, expected, _quantile(telemetry, share), strict=True):
            difference = abs(got - want) / max(abs(want), size)
            if not difference <= worst:
                worst = difference
                where = f"step {step + 1} of {at} is {got:g}, evaluated {want:g}"
    return OnDevice(1, worst, where + (_refused(device) if worst > LIMIT else ""))


def _quantile(telemetry: JsonObject, share: float) -> list[float]:
    values: list[float] = telemetry["quantiles"][quantile_name(share)]
    return values


def _refused(device: Rehearsal) -> str:
    """What else the device says of its input."""
    recorder, context = device.recorder, device.context
    faults = [recorder.fault if recorder.refused else None, context.fault]
    said = "; ".join(filter(None, faults))
    return f" (the device says: {said})" if said else ""
