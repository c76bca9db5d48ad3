"""Forecast and actual values of one week, with the interval of the forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeops.report.plots.days import Week, typical_week
from edgeops.report.plots.drawing import BLUE, INK, RULE, axes, cut, headings, png, text
from edgeops.training.forecasts import Forecasts

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def forecast_week(model: str, part: str, forecasts: Forecasts) -> bytes:
    """The forecasts of a model (its name) in the typical week of a part of the data, as PNG.

    The week, and which forecasts are in it, is what `typical_week` chooses;
    the headings say it.
    """
    week = typical_week(forecasts)
    return png(lambda figure: _draw(figure, model, part, forecasts, week))


def _draw(figure: Figure, model: str, part: str, forecasts: Forecasts, week: Week) -> None:
    dates = [day.item() for day in np.unique(week.hours.astype("datetime64[D]"))]
    headings(
        figure,
        f"Forecast and actual values in a typical week, from {dates[0].day} {dates[0]:%B %Y}",
        f"{cut(model, 28)}, {part} part: {_made(week)};"
        f" WAPE {week.wape:.1%}, the median of {week.weeks:,} weeks",
    )
    interval = forecasts.interval
    x = interval * np.arange(len(week.hours))
    low, high = week.values.min(axis=1), week.values.max(axis=1)
    point = week.values[:, forecasts.quantiles.index(0.5)]

    unit = "per hour" if interval == 1 else f"per {interval} hours"
    what = f"{forecasts.series} in {forecasts.unit}" if forecasts.unit else forecasts.series
    text(figure, 20, 86, f"{cut(what, 40)}, {unit}")

    plot = axes(figure, 75, 110, 900, 400)
    if len(forecasts.quantiles) > 1:
        label = f"{max(forecasts.quantiles) - min(forecasts.quantiles):.0%} interval"
        plot.fill_between(x, low, high, color=BLUE, alpha=0.25, linewidth=0, label=label)
    plot.plot(x, point, color=BLUE, linewidth=2.2, label="forecast (median)")
    plot.plot(x, week.actual, color=INK, linewidth=1.3, label="actual")
    plot.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False, borderaxespad=0.3)
    plot.set_ylim(bottom=0)
    plot.yaxis.set_major_formatter("{x:,.0f}")
    midnights = [24 * day for day in range(len(dates))]
    names = [f"{day:%a} {day.day} {day:%b}" for day in dates]
    plot.set_xticks([hour + 12 for hour in midnights], names)
    plot.set_xticks(midnights, minor=True)
    plot.set_xlim(0, 24 * len(dates))
    plot.tick_params(axis="x", length=0)
    plot.grid(axis="x", which="minor", color=RULE, linewidth=0.8)
    plot.grid(axis="y", color=RULE, linewidth=0.8)
    plot.set_axisbelow(True)


def _made(week: Week) -> str:
    if week.every == 24:
        return f"forecasts made at {week.made:02}:00 for the next 24 hours"
    return f"forecasts made every {week.every} hours for the next {week.every}"
