"""Replays what a device issues: intervals with the margins of each day, from its own forecasts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeops.features.calendar import hour_of_day
from edgeops.features.series import HourlySeries
from edgeops.features.spec import WindowSpec
from edgeops.quality.judging import Judging
from edgeops.quality.kept import KeptForecasts, observed
from edgeops.quality.margins import margins_of_days, widened
from edgeops.training.forecasts import Forecasts
from edgeops.training.judged_by import has_interval


def as_issued(
    raw: Forecasts, judging: Judging, spec: WindowSpec, counts: HourlySeries
) -> Forecasts:
    """Raw forecasts of a model as a device issues them that has made all the earlier ones.

    The origins are ascending; the first forecasts have the margins of the release. What is
    observed is that of a device, `counts` without what is only known in hindsight.
    `kept` of the result is what the device keeps: the raw values, and their margins.
    """
    if judging.coverage is None or not has_interval(raw.quantiles):
        return raw
    places = [0, raw.quantiles.index(0.5), len(raw.quantiles) - 1]
    nothing = np.zeros(raw.actual.shape)
    kept = KeptForecasts(raw.origins, raw.values[:, :, places], nothing, raw.interval)
    first_ahead = raw.targets[:, 0].astype("datetime64[D]")
    days, row = np.unique(first_ahead, return_inverse=True)
    by_day = margins_of_days(kept, observed(counts, spec), days, judging, spec.unit)
    margins = by_day[row[:, None], hour_of_day(kept.targets)]
    values = widened(raw.values, margins, spec.unit)
    return replace(raw, values=values, kept=replace(kept, margins=margins))
