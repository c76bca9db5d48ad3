"""What a device would forecast: by the code of the forecaster itself, from a file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from edgeops.api.extras import extra
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject

if TYPE_CHECKING:
    from edgeops.modules.forecaster.history import History
    from edgeops.modules.forecaster.model import LoadedModel
    from edgeops.training.recipe import TableSection

_SHOWN_HOURS = 72  # of the observations before the forecast, for a plot


@dataclass(frozen=True, slots=True)
class Observed:
    """The sum of what the model forecasts, an hour; `hour` is in seconds since 1970."""

    hour: int
    value: float


@dataclass(frozen=True, slots=True)
class ForecastMade:
    """A forecast: `telemetry` is what a device would send.

    `observed` are the hours before it, `refused` counts what the history has and a
    device would not take; `fault` is the last reason. `context` says what is missing of
    what must be known ahead.
    """

    model: str
    telemetry: JsonObject
    observed: tuple[Observed, ...]
    refused: int = 0
    fault: str | None = None
    context: str | None = None


def forecast(
    workspace: Workspace,
    model: str,
    history: Path,
    *,
    context: Sequence[Path] = (),
    series: str | None = None,
    data_dirs: Sequence[Path] = (),
) -> ForecastMade:
    """The forecast that a device with this history would make now.

    `model` is a model (its build for the current model.yaml), NAME@VERSION, or a
    model file. `history` is a CSV file as a forecaster reads it, `timestamp` with an
    offset and a column a series, or a table as training takes it; "now" is the end of
    its newest hour. `context` are files of what is known then of the hours ahead:
    context documents, events (CSV) or weather (tables). Where there is a model.yaml, it
    says how tables are written. `series` is the one to forecast, for a model of any
    one. Raises `EdgeOpsError`.
    """
    with extra("device"):
        from edgeops.api.forecast_input import tell_context, tell_history
        from edgeops.features.spec_json import from_json
        from edgeops.modules.forecaster.hours import NotReady
        from edgeops.modules.forecaster.metadata import ModelError
        from edgeops.modules.forecaster.observations import HOUR
        from edgeops.modules.forecaster.rehearsal import Rehearsal
        from edgeops.training.recipe import TableSection
        from edgeops.translate import doing

        found = _found(workspace, model, data_dirs)
        with doing(f"read {found.path}"), found.path.open("rb"):
            pass
        table, weather = (section or TableSection("") for section in (found.table, found.weather))
        with TemporaryDirectory(prefix="edgeops-forecast-") as folder:
            try:
                device = Rehearsal(
                    Path(folder),
                    found.path,
                    name=found.name,
                    version=found.version,
                    series=series,
                    clock=time.time,
                )
                said = device.model.metadata.window_spec
                spec = from_json(said) if said else None
                tell_history(device, spec, history, table)
                recorder = device.recorder
                columns = spec.columns if spec else device.model.metadata.inputs
                if spec and spec.is_pooled:
                    columns = (series,) if series is not None else ()
                _check_columns(history, recorder.history, columns)
                newest = max(item.at for item in recorder.history.records())
                begins = device.model.window_maker.phase
                now = (newest - begins) // HOUR * HOUR + HOUR + begins
                for path in context:
                    tell_context(device, spec, path, weather, now)
                made = device.forecast(now)
            except NotReady as error:
                hint = (
                    recorder.fault
                    or "give a longer history, or name one of its series with --series"
                )
                raise EdgeOpsError(f"a device could not forecast: {error}", hint) from error
            except ModelError as error:
                raise EdgeOpsError(f"a device would refuse {model}: {error.message}") from error
        first = int(datetime.fromisoformat(made["firstHour"]).timestamp() - begins) // HOUR
        observed = _observed(recorder.history, device.model, series, first)
        return ForecastMade(
            found.name, made, observed, recorder.refused, recorder.fault, device.of_context
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """The model file that is meant, and how the tables of its model are written."""

    name: str
    version: str
    path: Path
    table: TableSection | None = None
    weather: TableSection | None = None


def _found(workspace: Workspace, model: str, data_dirs: Sequence[Path]) -> _Found:
    path = Path(model)
    if path.suffix == ".onnx":
        return _Found(path.stem, "", path)
    name, at, version = model.partition("@")
    with extra("train"):
        from edgeops.training.build import build_folder, facts_of, released_form
        from edgeops.training.data.find import data_files
        from edgeops.training.model_file import load_model_file

        if at:
            path = _released(workspace, model)
            if not (workspace.root / "models" / name / "model.yaml").exists():
                return _Found(name, version, path)
        file = load_model_file(workspace.root, name, data_dirs)
        if not at:
            folder = build_folder(file, data_files(file).sha256)
            facts_of(folder, name)
            path = folder.file(released_form(file))
        data = file.recipe.data
        return _Found(name, version, path, data.table, data.weather)


def _released(workspace: Workspace, reference: str) -> Path:
    """The file of a release: the copy in git, or in the store of the local hub."""
    from edgeops.source.released_file import released_file
    from edgeops.source.releases import load_releases

    releases = load_releases(workspace.root)
    if reference not in releases.releases:
        known = ", ".join(sorted(releases.releases)) or "none"
        raise EdgeOpsError(f"there is no release {reference}", f"the releases are: {known}")
    for part, copy in releases.copies(reference):
        if part.name.endswith(".onnx"):
            root, state = workspace.root, workspace.state
            found = released_file(reference, root, state, copy, part, part.size)
            if found is not None:
                return found[0]
    raise EdgeOpsError(
        f"the file of {reference} is not on this machine",
        "give the model file itself, FILE.onnx",
    )


def _check_columns(path: Path, history: History, wanted: Sequence[str]) -> None:
    """Raises `EdgeOpsError` for a history with less than half of the series, which a device needs.

    One that has others may have been meant for another model.
    """
    lacks = [name for name in wanted if name not in history.names]
    if 2 * len(lacks) > len(wanted):
        raise EdgeOpsError(
            f"{path} has no column `{lacks[0]}`, which the model forecasts from",
            f"its columns are {', '.join(sorted(history.names))}",
        )


def _observed(
    history: History, loaded: LoadedModel, series: str | None, first: int
) -> tuple[Observed, ...]:
    """The newest hours before the forecast with a value of each column of the target."""
    from edgeops.features.spec import Hour
    from edgeops.features.spec_json import from_json
    from edgeops.modules.forecaster.hours import HistoryHours
    from edgeops.modules.forecaster.observations import HOUR

    metadata, begins = loaded.metadata, loaded.window_maker.phase
    spec = from_json(metadata.window_spec) if metadata.window_spec else None
    columns = list(spec.columns if spec else metadata.inputs)
    names = columns if set(columns) <= history.names else [series or next(iter(history.names))]
    table = HistoryHours(history, spec.hour if spec else Hour(), begins)
    hours = range(max(first - _SHOWN_HOURS, table.first), first)
    rows = table.table(names, hours.start, hours.stop - 1).tolist() if hours else []
    sums = zip(hours, map(sum, rows), strict=True)
    return tuple(Observed(hour * HOUR + begins, value) for hour, value in sums if value == value)
