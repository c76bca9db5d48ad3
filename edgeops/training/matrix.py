"""What a workflow has to train: the models that changed, spread over machines.

Needs no more than the model files: it decides before anything is installed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from edgeops.training.data_paths import data_paths, normal
from edgeops.training.model_file import ModelFile

# A change of these is a change of every model; only the repository of edgeops has them.
_CODE = ("edgeops/features/", "edgeops/training/")


@dataclass(frozen=True, slots=True)
class Shard:
    """The trainings of a model that one machine does: `shard` is number/count."""

    model: str
    shard: str

    @property
    def artifact(self) -> str:
        """A name for its results: that of no other model begins with `train@MODEL@`."""
        return f"train@{self.model}@{self.shard.partition('/')[0]}"


def model_names(root: Path) -> tuple[str, ...]:
    """The models of a repository, sorted."""
    return tuple(sorted(file.parent.name for file in root.glob("models/*/model.yaml")))


def changed(model: ModelFile, paths: Collection[str]) -> bool:
    """Whether one of the files that changed makes another model; releases do not."""
    data = {normal(path) for _, path in data_paths(model.spec)}
    return any(_makes(path, model.name, data) for path in paths)


def shards(model: ModelFile, machines: int) -> Iterator[Shard]:
    """The trainings of a model on at most so many machines."""
    count = min(machines, trainings(model))
    for number in range(1, count + 1):
        yield Shard(model.name, f"{number}/{count}")


def trainings(model: ModelFile) -> int:
    """How many networks a model file asks for; see `jobs_of`."""
    horizons = model.recipe.horizons
    return (horizons.steps if horizons.models == "each" else 1) * len(model.recipe.seeds)


def _makes(path: str, name: str, data: Collection[str]) -> bool:
    if path.startswith(_CODE):
        return True
    parents = PurePosixPath(path).parents
    folder = PurePosixPath("models", name)
    if folder in parents:
        return folder / "releases" not in parents
    return any(PurePosixPath(file) in (PurePosixPath(path), *parents) for file in data)
