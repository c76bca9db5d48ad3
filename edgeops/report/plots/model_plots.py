"""The plots of a model, with captions that say how to read them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgeops.report.plots.by_horizon import mape_by_horizon
from edgeops.report.plots.calendar import error_calendar, worst_in_words
from edgeops.report.plots.days import day_errors
from edgeops.report.plots.heat_map import mape_heat_map, mape_heat_map_by_origin
from edgeops.report.plots.week import forecast_week
from edgeops.report.score_tables import percent
from edgeops.training.evaluate.scorecard import ALL, MODEL, Judged, Scorecard
from edgeops.training.forecasts import Forecasts


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture to be saved as `file` or shown in a model card; `caption` is a few sentences."""

    file: str
    title: str
    caption: str
    png: bytes


def model_plots(card: Scorecard, part: str, forecasts: Sequence[Forecasts]) -> tuple[Plot, ...]:
    """MAPE by horizon and as two heat maps, a typical week, the error by day, of one part.

    `forecasts` are the model's, one for each series; of several, the two plots
    over time show the series of middle WAPE. The plots of MAPE are left out
    where every value is too small for it.
    """
    shown = middle_series(forecasts)
    return (*_of_mape(card, part), *_over_time(card.model, part, shown, len(forecasts)))


def _of_mape(card: Scorecard, part: str) -> Iterator[Plot]:
    judged = card.parts[part].models[MODEL]
    overall = judged.slices[ALL]
    if math.isnan(overall.mape):
        return
    small = (
        f" {overall.mape_excluded:,} of {overall.count:,} values are too small to divide by,"
        " and left out."
        if overall.mape_excluded
        else ""
    )
    first, last = judged.by_horizon[0].mape, judged.by_horizon[-1].mape
    yield Plot(
        "mape-by-horizon.png",
        "MAPE by horizon",
        "The mean absolute error in percent of what happened, by how far ahead the forecast was"
        f" made, beside the baselines: lower is better. The model has {percent(first)} at the first"
        f" step and {percent(last)} at the last.{small}",
        mape_by_horizon(card, part),
    )
    if any(cell is not None for row in judged.mape_by_hour_and_horizon for cell in row):
        yield Plot(
            "mape-heat-map.png",
            "MAPE by hour of the day and horizon",
            "A row is an hour of the day that is forecast, a column how far ahead: dark is bad."
            " Stripes along the rows mean that the hour matters more than the horizon; darker to"
            f" the right means that far ahead is harder.{_best_and_worst(judged)}",
            mape_heat_map(card, part),
        )
        yield Plot(
            "mape-heat-map-by-origin.png",
            "MAPE by hour of the newest observation and horizon",
            "The same by when forecasts were made: a row is the hour of the newest observation, a"
            " column how far ahead. An hour of the day that is hard to forecast is a stripe from"
            " the lower right to the upper left, since a later forecast reaches it in fewer hours;"
            " a row that is dark as a whole is a bad time to forecast.",
            mape_heat_map_by_origin(card, part),
        )


def _best_and_worst(judged: Judged) -> str:
    hours = {
        hour: score.mape
        for hour, score in enumerate(judged.by_hour)
        if score is not None and not math.isnan(score.mape)
    }
    if len(hours) < 2:
        return ""
    best, worst = min(hours, key=hours.__getitem__), max(hours, key=hours.__getitem__)
    return (
        f" Over all horizons the best hour is {best:02}:00 with {percent(hours[best])},"
        f" the worst {worst:02}:00 with {percent(hours[worst])}."
    )


def _over_time(model: str, part: str, forecasts: Forecasts, series: int) -> Iterator[Plot]:
    of = f" Of {series:,} series, {forecasts.series} is shown, which has the middle WAPE." * (
        series > 1
    )
    share = max(forecasts.quantiles) - min(forecasts.quantiles)
    band = f" About {share:.0%} of the actual values should be inside the band." * (share > 0)
    yield Plot(
        "typical-week.png",
        "Forecast and actual values in a typical week",
        "The week whose WAPE is the median of all whole weeks: half of the weeks are better, half"
        f" are worse.{band}{of}",
        forecast_week(model, part, forecasts),
    )
    errors = day_errors(forecasts)
    if errors:
        yield Plot(
            "error-by-day.png",
            "Error by day",
            "Red days had more than was forecast, blue ones less; a day sums up all forecasts that"
            " were made for it. A single strong day is often a holiday or an event, a run of them"
            f" a change of level.{of} The worst: {worst_in_words(errors)}.",
            error_calendar(model, part, forecasts.series, errors),
        )


def middle_series(forecasts: Sequence[Forecasts]) -> Forecasts:
    """The one with the median WAPE (of an even number, the better of the middle two)."""
    return sorted(forecasts, key=_wape)[(len(forecasts) - 1) // 2]


def _wape(forecasts: Forecasts) -> float:
    total = np.nansum(np.abs(forecasts.actual))
    return float(np.nansum(np.abs(forecasts.actual - forecasts.point)) / total) if total else 0.0
