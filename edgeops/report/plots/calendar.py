"""The error of each day as a calendar, so that events stand out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from edgeops.report.plots.days import DayError, worst_days
from edgeops.report.plots.drawing import INK, SOFT, axes, cut, headings, png, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PatchCollection
    from matplotlib.figure import Figure

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NUMBERED = 32  # with more weeks the cells are too small for numbers
_NAMED = 60  # with more weeks there is no room for the name of every month
_COLOURS_END = 95  # percentile
_FRAME = "#ffc400"  # is seen on the darkest red and blue


def error_calendar(model: str, part: str, series: str, errors: Sequence[DayError]) -> bytes:
    """How far each day was from its forecasts by a model (its name), as PNG.

    A column is a week, a row a weekday. Red days had more than was forecast,
    blue ones less (`day_errors`); the five worst are framed and listed.
    """
    return png(lambda figure: _draw(figure, model, part, series, errors))


def _draw(figure: Figure, model: str, part: str, series: str, errors: Sequence[DayError]) -> None:
    from matplotlib.ticker import FuncFormatter

    first, last = errors[0].day, errors[-1].day
    headings(
        figure,
        "Error by day: actual less forecast, in % of actual",
        f"{cut(model, 28)}, {part} part: {first} to {last}, {cut(series, 40)}",
    )
    start = first - timedelta(first.weekday())
    table = np.full((7, (last - start).days // 7 + 1), np.nan)
    for error in errors:
        table[_cell(error.day, start)] = 100 * error.share
    size = np.nanpercentile(np.abs(table), _COLOURS_END)
    limit = max(5.0, 5 * np.ceil(size / 5))

    plot = axes(figure, 65, 105, 800, 370)
    mesh = plot.pcolormesh(
        table, cmap="RdBu_r", vmin=-limit, vmax=limit, edgecolors="white", linewidth=0.6
    )
    _grid(plot, start, first, last)
    worst = worst_days(errors)
    for error in errors if table.shape[1] <= _NUMBERED else worst:
        row, week = _cell(error.day, start)
        light = abs(100 * error.share) > 0.6 * limit
        plot.text(
            week + 0.5,
            row + 0.52,
            str(error.day.day),
            ha="center",
            va="center",
            fontsize=8.5 if table.shape[1] <= _NUMBERED else 7,
            color="white" if light else INK,
        )
    plot.add_collection(_frames([_cell(error.day, start) for error in worst]), autolim=False)
    percent = FuncFormatter(lambda x, _: f"{x:+.0f}%" if x else "0%")
    place = axes(figure, 890, 110, 18, 360)
    bar = figure.colorbar(mesh, cax=place, extend="both", format=percent)
    bar.outline.set_visible(False)
    text(figure, 868, 90, "more than forecast", fontsize=9, color=SOFT)
    text(figure, 868, 489, "less than forecast", fontsize=9, color=SOFT)
    text(figure, 20, 510, "Framed, the worst days:", fontsize=10, color=SOFT)
    text(figure, 20, 533, worst_in_words(errors), fontsize=10)


def _cell(day: date, start: date) -> tuple[int, int]:
    """Row and column of a day."""
    return day.weekday(), (day - start).days // 7


def _grid(plot: Axes, start: date, first: date, last: date) -> None:
    """Names of weekdays and months, and lines between the months."""
    weeks = (last - start).days // 7 + 1
    plot.set_xlim(0, weeks)
    plot.set_ylim(7, 0)
    plot.set_yticks(np.arange(7) + 0.5, _WEEKDAYS)
    plot.xaxis.tick_top()
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    months = [day for day in days if day.day == 1 or (day == first and day.day <= 15)]
    named = months[:: 1 + weeks // _NAMED]
    names = [f"{day:%b}" if weeks < _NAMED else f"{day:%b %Y}" for day in named]
    plot.set_xticks([_cell(day, start)[1] + 0.1 for day in named], names, ha="left")
    plot.tick_params(length=0)
    for side in plot.spines.values():
        side.set_visible(False)
    for day in days:
        row, week = _cell(day, start)
        after, below = day + timedelta(7), day + timedelta(1)
        if after.month != day.month and after <= last:
            plot.plot([week + 1, week + 1], [row, row + 1], color=SOFT, linewidth=1.2)
        if below.month != day.month and row < 6 and below <= last:
            plot.plot([week, week + 1], [row + 1, row + 1], color=SOFT, linewidth=1.2)


def _frames(cells: Sequence[tuple[int, int]]) -> PatchCollection:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    frames = [Rectangle((week, row), 1, 1) for row, week in cells]
    return PatchCollection(frames, facecolor="none", edgecolor=_FRAME, linewidth=2.6)


def worst_in_words(errors: Sequence[DayError]) -> str:
    """The five worst days, as `Sun 24 Nov 2024 +32%, ...`."""
    return ", ".join(
        f"{error.day:%a} {error.day.day} {error.day:%b %Y} {error.share:+.0%}"
        for error in worst_days(errors)
    )
