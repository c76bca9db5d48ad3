"""What a device would forecast: by the code of the forecaster itself, from a file."""

from __future__ import annotations

import hashlib
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
    device would not take; `fault` is the last reason.
    """

    model: str
    telemetry: JsonObject
    observed: tuple[Observed, ...]
    refused: int = 0
    fault: str | None = None


def forecast(
    workspace: Workspace,
    model: str,
    history: Path,
    *,
    series: str | None = None,
    data_dirs: Sequence[Path] = (),
) -> ForecastMade:
    """The forecast that a device with this history would make now.

    `model` is a model (its build for the current model.yaml), NAME@VERSION, or a
    model file. `history` is a CSV file as a forecaster reads it: `timestamp` with an
    offset, then a column a series; "now" is the end of its newest hour. `series` is
    the one to forecast, for a model of any one. Raises `EdgeOpsError`.
    """
    with extra("device"):
        from edgeops.modules.forecaster.hours import NotReady
        from edgeops.modules.forecaster.metadata import ModelError
        from edgeops.modules.forecaster.observations import HOUR
        from edgeops.modules.forecaster.rehearsal import Rehearsal
        from edgeops.translate import doing

        name, version, path = _file(workspace, model, data_dirs)
        with doing(f"read {path}"), path.open("rb"):
            pass
        with doing(f"read {history}"), history.open("rb"):
            pass
        with TemporaryDirectory(prefix="edgeops-forecast-") as folder:
            try:
                device = Rehearsal(Path(folder), path, name=name, version=version, series=series)
                recorder = device.recorder
                recorder.open(history)
                newest = max((item.at for item in recorder.history.observations()), default=None)
                if newest is None:
                    raise EdgeOpsError(
                        f"{history} has no observations: {recorder.fault or 'it has no rows'}",
                        "a history is a CSV file with `timestamp` (ISO 8601 with an offset from"
                        " UTC, or Z) and a column a series",
                    )
                begins = device.model.window_maker.phase
                made = device.forecast(float((newest - begins) // HOUR * HOUR + HOUR + begins))
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
        return ForecastMade(model, made, observed, recorder.refused, recorder.fault)


def _file(workspace: Workspace, model: str, data_dirs: Sequence[Path]) -> tuple[str, str, Path]:
    """The name, version and path of the model file that is meant."""
    path = Path(model)
    if path.suffix == ".onnx":
        return path.stem, "", path
    name, at, version = model.partition("@")
    if at:
        return name, version, _released(workspace, model)
    with extra("train"):
        from edgeops.training.build import build_folder, facts_of, released_form
        from edgeops.training.data.find import data_files
        from edgeops.training.model_file import load_model_file

        file = load_model_file(workspace.root, name, data_dirs)
        folder = build_folder(file, data_files(file).sha256)
        facts_of(folder, name)
        return name, "", folder.file(released_form(file))


def _released(workspace: Workspace, reference: str) -> Path:
    """The file of a release: the copy in git, or in the store of the local hub."""
    from edgeops.source.releases import load_releases

    releases = load_releases(workspace.root)
    if reference not in releases.releases:
        known = ", ".join(sorted(releases.releases)) or "none"
        raise EdgeOpsError(f"there is no release {reference}", f"the releases are: {known}")
    for part, copy in releases.copies(reference):
        if not part.name.endswith(".onnx"):
            continue
        stored = workspace.state / "artifacts" / part.path if part.path else copy
        for place in (copy, stored):
            if place.is_file() and _digest(place) == part.sha256:
                return place
    raise EdgeOpsError(
        f"the file of {reference} is not on this machine",
        "give the model file itself, FILE.onnx",
    )


def _digest(path: Path) -> str:
    from edgeops.translate import doing

    with doing(f"read {path}"):
        return hashlib.sha256(path.read_bytes()).hexdigest()


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
