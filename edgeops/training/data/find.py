"""Finds the files that model.yaml names, in the repository or in the data folders."""

from __future__ import annotations

import errno
import hashlib
import json
from dataclasses import dataclass

from edgeops.fleet.model import Problem
from edgeops.plain_file import is_absent, read_plain
from edgeops.training.data.akl import NAME as AKL
from edgeops.training.data.akl import packaged_file
from edgeops.training.data.data_file import LIMITS, DataFile
from edgeops.training.data_paths import HINT, normal
from edgeops.training.model_file import InvalidModel, ModelFile

_LINK = "replace the link by the file, or name the folder of the file with --data-dir DIR"
_HINTS = {
    errno.ELOOP: _LINK,
    errno.EINVAL: "name a CSV or Parquet file",
    errno.EFBIG: "use a part of it, or compress a CSV file with gzip",
}


@dataclass(frozen=True, slots=True)
class DataFiles:
    """All data files of a model."""

    observed: DataFile
    events: DataFile | None = None
    weather: DataFile | None = None

    @property
    def digests(self) -> dict[str, str]:
        """The digest of each file, by what it has."""
        files = {"observed": self.observed, "events": self.events, "weather": self.weather}
        return {name: file.sha256 for name, file in files.items() if file}

    @property
    def sha256(self) -> str:
        """The digest of all files; with observations only, the digest of that file."""
        others = [file.sha256 if file else None for file in (self.events, self.weather)]
        if others == [None, None]:
            return self.observed.sha256
        return hashlib.sha256(json.dumps([self.observed.sha256, *others]).encode()).hexdigest()


def data_files(model: ModelFile) -> DataFiles:
    """The data files of a model, read into memory. Raises `EdgeOpsError`."""
    data = model.recipe.data
    return DataFiles(
        observed_file(model),
        _read(model, "events", data.events) if data.events is not None else None,
        _read(model, "weather/path", data.weather.path) if data.weather else None,
    )


def observed_file(model: ModelFile) -> DataFile:
    """The file of the observations. Raises `EdgeOpsError`."""
    data = model.recipe.data
    if data.source == AKL:
        return _packaged(model) if data.path is None else _read(model, "path", data.path)
    if data.table is None:
        message = "does not name a file: the source `table` needs `data.table`"
        raise InvalidModel((Problem(model.place("/spec/data/source"), "/spec/data", message),))
    return _read(model, "table/path", data.table.path)


def _packaged(model: ModelFile) -> DataFile:
    """The file of the installed package, or one of its name with newer data."""
    file = packaged_file()
    newer = model.newer_data / file.name if model.newer_data else None
    return _read(model, "source", file.name) if newer and newer.exists() else file


def _read(model: ModelFile, where: str, path: str) -> DataFile:
    """The file of a path, which is at `where` in `data`, from the first folder that has it.

    They are that of newer data, the repository, the data folders. Raises `InvalidModel`.
    """
    name = normal(path)
    first = () if model.newer_data is None else (model.newer_data,)
    for folder in (*first, model.root, *model.data_dirs):
        try:
            data = read_plain(folder, name, LIMITS.bytes)
        except OSError as error:
            if is_absent(error):
                continue
            hint = _HINTS.get(error.errno or 0, "")
            raise _unreadable(model, where, path, error.strerror or str(error), hint) from error
        return DataFile(name if folder == model.root else str(folder / name), data)
    tried = " or ".join(["the repository", *map(str, model.data_dirs)])
    raise _unreadable(model, where, path, f"it does not exist in {tried}", HINT)


def _unreadable(model: ModelFile, where: str, path: str, why: str, hint: str) -> InvalidModel:
    pointer = f"/spec/data/{where}"
    message = f"names `{path}`; cannot read the data: {why}"
    return InvalidModel((Problem(model.place(pointer), pointer, message, hint),))
