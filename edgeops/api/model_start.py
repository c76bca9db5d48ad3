"""Before a model is trained: a first model.yaml for a table, and what features there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.extras import extra
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError, Refused, UsageError

if TYPE_CHECKING:
    from edgeops.features.explain import ExplainedFeature
    from edgeops.training.data.data_file import DataFile

_TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True)
class NewModel:
    """A new model file, relative to the repository, and the days of the data that it is for."""

    name: str
    file: Path
    days: int


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
) -> NewModel:
    """Write models/NAME/model.yaml, which trains well at once on a CSV or Parquet file.

    `timestamp` is the column with the time: by default `timestamp`, else the first.
    Raises `Refused` if the model file exists, and `EdgeOpsError` for a table that is
    too short, outside the repository, or cannot be read.
    """
    with extra("train"):
        from edgeops.files import write_blocks
        from edgeops.training.data.data_file import DataFile
        from edgeops.training.data.table import read_table
        from edgeops.training.model_file import load_model_file, name_fault
        from edgeops.training.recipe import TableSection
        from edgeops.training.starter import Wish, starter
        from edgeops.translate import doing

        if fault := name_fault(name):
            raise UsageError(f"`{name}` cannot be the name of a model", fault)
        file = workspace.root / "models" / name / "model.yaml"
        if file.exists() or file.is_symlink():
            raise _exists(workspace, file)
        path = _in_repository(workspace.root, table)
        with doing(f"read {table}"):
            observed = DataFile(path, (workspace.root / path).read_bytes())
        column = timestamp or _first_column(observed)
        section = TableSection(path, column, tuple(columns), combine or "sum")  # type: ignore[arg-type]
        series = read_table(observed, section, time_zone).series
        wish = Wish(name, path, column, time_zone, tuple(columns), combine, unit, capacity)
        text = starter(wish, series)
        with doing(f"write {file}"):
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                write_blocks(file, [text.encode()], first_wins=True)
            except FileExistsError:
                raise _exists(workspace, file) from None
        try:
            load_model_file(workspace.root, name)
        except EdgeOpsError:  # such as for a capacity of 0
            file.unlink()
            raise
        return NewModel(name, file.relative_to(workspace.root), len(series) // 24)


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


def _in_repository(root: Path, table: Path) -> str:
    """The path of the table from the root of the repository. Raises `EdgeOpsError`."""
    if not table.is_file():
        raise EdgeOpsError(f"{table} is not a file", "name a CSV or Parquet file with --csv")
    try:
        return table.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise EdgeOpsError(
            f"{table} is not in the repository {root}",
            "copy it there, such as to data/: model.yaml names data by its path in the repository",
        ) from None


def _first_column(file: DataFile) -> str:
    """The column with the time of a CSV file without a say: `timestamp`, else the first."""
    from edgeops.training.data.csv_file import csv_rows
    from edgeops.training.data.data_file import fault
    from edgeops.training.data.parquet_file import ParquetFile

    if file.suffix == ".parquet":
        names = ParquetFile(file).header
    else:
        names = [cell.strip() for cell in next(csv_rows(file), (1, []))[1]]
    if not names or not names[0]:
        raise fault(file, 1, "the first column has no name", "name the time with --timestamp")
    return _TIMESTAMP if _TIMESTAMP in names else names[0]
