"""Before a model is trained: a first model.yaml for a table, and what features there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.extras import extra
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError, Refused, UsageError
from edgeops.jsonvalue import JsonObject

if TYPE_CHECKING:
    from edgeops.features.explain import ExplainedFeature
    from edgeops.training.data.dataset import Dataset


@dataclass(frozen=True, slots=True)
class NewModel:
    """A new model file, relative to the repository, and the days of the data that it is for.

    `told` is what was recognised in the table, and what is probably not meant.
    """

    name: str
    file: Path
    days: int
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFeatures:
    """Every feature, and the names of those that a model uses (None: no model was named)."""

    features: tuple[ExplainedFeature, ...]
    used: tuple[str, ...] | None = None


def init_model(
    workspace: Workspace,
    name: str,
    table: Path,
    *,
    time_zone: str,
    columns: Sequence[str] = (),
    timestamp: str | None = None,
    combine: str | None = None,
    unit: str = "",
    capacity: float | None = None,
    events: Path | None = None,
    weather: Path | None = None,
    settings: Sequence[str] = (),
) -> NewModel:
    """Write models/NAME/model.yaml, which trains well at once on a CSV or Parquet file.

    `timestamp` is the column with the time; by default it is found. `settings` are
    `KEY=VALUE` of `data` in the file. Raises `Refused` if the model file exists, and
    `EdgeOpsError` for a table that is too short, outside the repository, or cannot be
    read; its hint names what to give.
    """
    with extra("train"):
        from edgeops.files import write_blocks
        from edgeops.training.model_file import load_model_file, name_fault
        from edgeops.training.starter import Wish, starter
        from edgeops.training.table_settings import as_options
        from edgeops.training.train import check_model
        from edgeops.translate import doing

        if fault := name_fault(name):
            raise UsageError(f"`{name}` cannot be the name of a model", fault)
        file = workspace.root / "models" / name / "model.yaml"
        if file.exists() or file.is_symlink():
            raise _exists(workspace, file)
        root, given = workspace.root, {"timestamp": timestamp, "combine": combine}
        data: JsonObject = {
            "source": "table",
            "table": {
                "path": _in_repository(root, table, "--csv"),
                **{key: value for key, value in given.items() if value is not None},
                **({"columns": [*columns]} if columns else {}),
            },
            "site": {"timeZone": time_zone},
        }
        if events is not None:
            data["events"] = _in_repository(root, events, "--events")
        if weather is not None:
            data["weather"] = {"path": _in_repository(root, weather, "--weather")}
        found, known = _read(root, data, settings)
        text = starter(Wish(name, data, known, unit, capacity), found.series)
        with doing(f"write {file}"):
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                write_blocks(file, [text.encode()], first_wins=True)
            except FileExistsError:
                raise _exists(workspace, file) from None
        try:
            check_model(load_model_file(root, name))
        except EdgeOpsError:  # such as for a capacity of 0
            file.unlink()
            raise
        told = (*found.notes, *(f"warning: {as_options(text)}" for text in found.warnings))
        return NewModel(name, file.relative_to(root), len(found.series) // 24, told)


def _read(root: Path, data: JsonObject, settings: Sequence[str]) -> tuple[Dataset, tuple[str, ...]]:
    """The observations of a new model, and the columns that are known ahead.

    Completes `data` by the settings, and by the columns with the time.
    """
    from edgeops.training.data.data_file import DataFile
    from edgeops.training.data.known import read_events, read_weather
    from edgeops.training.data.table import read_table, time_column
    from edgeops.training.recipe import TableSection
    from edgeops.training.records import record
    from edgeops.training.table_settings import naming_options, with_settings
    from edgeops.translate import doing

    def opened(path: str) -> DataFile:
        with doing(f"read {path}"):
            return DataFile(path, (root / path).read_bytes())

    def section(part: str) -> tuple[DataFile, TableSection]:
        file, written = opened(data[part]["path"]), data[part]
        if "timestamp" not in written:
            written["timestamp"] = time_column(file, record(TableSection, written))
        return file, record(TableSection, written)

    with_settings(data, settings)
    zone = data["site"]["timeZone"]
    known: list[str] = []
    with naming_options():
        found = read_table(*section("table"), zone)
    if "events" in data:
        known += read_events(opened(data["events"])).columns
    if "weather" in data:
        with naming_options("weather"):
            known += read_weather(*section("weather"), zone).columns
    return found, tuple(known)


def model_features(
    workspace: Workspace, name: str | None = None, *, data_dirs: Sequence[Path] = ()
) -> ModelFeatures:
    """Every feature with what it is; with the name of a model, which of them it uses.

    Raises `InvalidModel`, and `EdgeOpsError` for a model that does not exist.
    """
    with extra("train"):
        from edgeops.features.explain import all_features, explain
        from edgeops.training.model_file import load_model_file

        if name is None:
            return ModelFeatures(all_features())
        used = load_model_file(workspace.root, name, data_dirs).recipe.features
        known = all_features()
        names = {feature.name for feature in known}
        more = tuple(explain(feature) for feature in used if feature not in names)
        return ModelFeatures((*known, *more), used)


def _exists(workspace: Workspace, file: Path) -> Refused:
    shown = file.relative_to(workspace.root)
    return Refused(f"{shown} exists", "nothing was written; edit it, or choose another name")


def _in_repository(root: Path, table: Path, option: str) -> str:
    """The path of a table from the root of the repository. Raises `EdgeOpsError`."""
    if not table.is_file():
        raise EdgeOpsError(f"{table} is not a file", f"name a CSV or Parquet file with {option}")
    try:
        return table.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise EdgeOpsError(
            f"{table} is not in the repository {root}",
            "copy it there, such as to data/: model.yaml names data by its path in the repository",
        ) from None
