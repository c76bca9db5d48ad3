"""The training matrix of a workflow: the changed models, spread over machines.

It needs only the model files, so it runs before training packages are installed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeops.training.data_paths import data_paths, normal
from edgeops.training.model_file import ModelFile

# A change here changes every model. These folders exist only in the repository of edgeops.
_CODE = ("edgeops/features/", "edgeops/training/")


@dataclass(frozen=True, slots=True)
class Shard:
    """The jobs of a model for one machine: `shard` is number/count."""

    model: str
    shard: str

    @property
    def artifact(self) -> str:
        """The name of the results; only this model's start with `train@MODEL@`."""
        return f"train@{self.model}@{self.shard.partition('/')[0]}"


def model_names(root: Path) -> tuple[str, ...]:
    """The models of a repository, sorted."""
    return tuple(sorted(file.parent.name for file in root.glob("models/*/model.yaml")))


def changed(model: ModelFile, paths: Collection[str]) -> bool:
    """Whether one of the changed paths affects a model; its releases do not."""
    data = {normal(path) for _, path in data_paths(model.spec)}
    return any(_affects(path, model.name, data) for path in paths)


def shards(model: ModelFile, machines: int) -> Iterator[Shard]:
    """The shards of a model for at most `machines` machines."""
    count = min(machines, trainings(model))
    for number in range(1, count + 1):
        yield Shard(model.name, f"{number}/{count}")


def trainings(model: ModelFile) -> int:
    """The number of jobs of a model; see `jobs_of`."""
    horizons = model.recipe.horizons
    return (horizons.steps if horizons.models == "each" else 1) * len(model.recipe.seeds)


def _affects(path: str, name: str, data: Collection[str]) -> bool:
    if path.startswith(_CODE):
        return True
    parents = PurePosixPath(path).parents
    folder = PurePosixPath("models", name)
    if folder in parents:
        return folder / "releases" not in parents
    return any(PurePosixPath(file) in (PurePosixPath(path), *parents) for file in data)
