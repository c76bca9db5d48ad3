"""The columns of the data that a network learns from before it learns the target."""

from __future__ import annotations

from math import gcd

import numpy as np

from edgeops.features.repair import without_outages
from edgeops.training.samples import Experiment

_ENOUGH = 0.5  # of the hours for training
_MOST_WINDOWS = 250_000  # with 60 features of 24 hours, 1.4 GB
_DAY = 24


def pretrain_columns(data: Experiment) -> tuple[str, ...]:
    """Those of the target, and every other one that is fit to learn from.

    Not fit are those that `target.except` names, lack values in more than half of the hours for
    training, or have values below zero where the target is never there.
    """
    series, spec = data.dataset.series, data.builder(data.series[0]).spec
    learned = series.hours.astype("datetime64[D]") <= data.split.train_until

    def is_fit(column: str) -> bool:
        values = series.column(column)
        if not spec.unit.is_signed and (values < 0).any():
            return False
        known = ~np.isnan(without_outages(values, spec.outage_hours)[learned])
        return known.mean() >= _ENOUGH and data.has_samples_of_column(column, "train")

    left_out = {*data.columns, *data.model.recipe.target.except_}
    others = (name for name in series.columns if name not in left_out)
    return (*data.columns, *filter(is_fit, others))


def pretrain_stride(data: Experiment, columns: int) -> int:
    """The steps between the starts of windows of so many columns: as `pretrain.stride`, or more.

    One column keeps every window. Many are thinned until they fit into memory, by a stride
    that comes to every hour of the day.
    """
    first = data.model.recipe.training.pretrain
    if columns == 1 or first is None:
        return 1
    stride, steps = first.stride, len(data.rows(data.series[0], "train"))
    while columns * steps // stride > _MOST_WINDOWS:
        stride += 1
        while gcd(stride, _DAY) > 1:
            stride += 1
    return stride
