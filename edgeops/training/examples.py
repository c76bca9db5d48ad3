"""Builds the training data of networks: the windows of all series of a model, in stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgeops.training.context_dropout import context_of
from edgeops.training.pretrain_columns import pretrain_columns, pretrain_stride
from edgeops.training.recipe import TargetSection, TrainingSection
from edgeops.training.samples import Experiment, Samples
from edgeops.training.training_data import Examples, FloatTensor, Length, Stage, TrainingData


def training_data_of(data: Experiment) -> TrainingData:
    """The training data of a model file.

    With `pretrain`, a first stage trains on each column as a separate series.
    Raises `EdgeOpsError` if there is too little data.
    """
    training = data.model.recipe.training
    training_data = plain_training_data(data, training)
    first = training.pretrain
    if first is None:
        return training_data
    columns = pretrain_columns(data) if first.columns == "all" else data.columns
    stride = pretrain_stride(data, len(columns))
    samples = [data.samples_of_column(column, "train", stride) for column in columns]
    examples = _examples(data.model.recipe.target, samples)
    stage = Stage(examples, Length(first.epochs, first.steps), first.learning_rate)
    return replace(training_data, stages=(stage, *training_data.stages))


def plain_training_data(data: Experiment, training: TrainingSection) -> TrainingData:
    """One stage, on the series of the model. Raises `EdgeOpsError` if there is too little data."""
    recipe = data.model.recipe
    stride = recipe.window.stride
    thinned = stride if len(data.series) > 1 else 1
    train, validation = (
        _examples(recipe.target, [data.samples(series, part, every) for series in data.series])
        for part, every in (("train", stride), ("validation", thinned))
    )
    stage = Stage(train, Length(training.epochs, training.steps), training.learning_rate)
    return TrainingData((stage,), validation, context_of(data.builder(data.series[0]).spec))


def _examples(target: TargetSection, series: Sequence[Samples]) -> Examples:
    """The samples of all series, concatenated."""
    return Examples(
        np.concatenate([samples.windows for samples in series])
        if len(series) > 1
        else series[0].windows,
        np.concatenate([samples.ratio for samples in series]).astype(np.float32),
        np.concatenate([_weight(target, samples) for samples in series]),
        np.concatenate([samples.scale for samples in series])[:, None],
        series[0].unit,
    )


def _weight(target: TargetSection, samples: Samples) -> FloatTensor:
    """The weights, n x horizon: 1 for `target.hours` (all, if empty), `otherHours` for the rest."""
    weight = np.ones(samples.actual.shape, np.float32)
    if target.hours:
        weight[~np.isin(samples.hour_of_day, target.hours)] = np.float32(target.other_hours)
    return weight
