"""From the data of a model to its lessons: the windows of all its series, in stages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeops.training.lessons import FloatTensor, Lessons, Set, Stage
from edgeops.training.model_file import ModelFile
from edgeops.training.samples import Experiment, Samples
from edgeops.twin import JsonObject

_OTHER_HOURS = 0.1


def lessons_of(data: Experiment) -> Lessons:
    """What a model file wants its networks to learn from.

    With `pretrain` they first learn from each column as a series of its own.
    Raises `EdgeOpsError` where there is too little data.
    """
    training = data.model.section("training")
    lessons = plain_lessons(data, training)
    first = training.get("pretrain")
    if first is None:
        return lessons
    columns = [
        data.samples_of_column(column, "train", first.get("stride", 1)) for column in data.columns
    ]
    stage = Stage(as_set(data.model, columns), first["epochs"], first["learningRate"])
    return Lessons((stage, *lessons.stages), lessons.validation)


def plain_lessons(data: Experiment, training: JsonObject) -> Lessons:
    """One stage, of the series themselves. Raises as `lessons_of`."""
    stride = data.model.section("window").get("stride", 1)
    thinned = stride if len(data.series) > 1 else 1
    train, validation = (
        as_set(data.model, [data.samples(series, part, every) for series in data.series])
        for part, every in (("train", stride), ("validation", thinned))
    )
    return Lessons((Stage(train, training["epochs"], training["learningRate"]),), validation)


def as_set(model: ModelFile, some: Sequence[Samples]) -> Set:
    """The samples of one or more series as one set."""
    return Set(
        np.concatenate([one.windows for one in some]) if len(some) > 1 else some[0].windows,
        np.concatenate([one.ratio for one in some]).astype(np.float32),
        np.concatenate([_weight(model, one) for one in some]),
    )


def _weight(model: ModelFile, samples: Samples) -> FloatTensor:
    """1 for the hours that the target names (all when it names none), less for the others."""
    target = model.section("target")
    wanted = target.get("hours")
    weight = np.ones(samples.actual.shape, np.float32)
    if wanted:
        other = np.float32(target.get("otherHours", _OTHER_HOURS))
        weight[~np.isin(samples.hour_of_day, wanted)] = other
    return weight
