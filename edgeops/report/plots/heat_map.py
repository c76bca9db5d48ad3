"""MAPE by an hour of the day and how far ahead, as heat maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeops.features.series import FloatArray
from edgeops.report.plots.drawing import SOFT, UNKNOWN, axes, headings, period, png, text
from edgeops.training.evaluate.scorecard import MODEL, Scorecard

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS_END = 98  # percentile

Table = Sequence[Sequence[float | None]]


def mape_heat_map(card: Scorecard, part: str) -> bytes:
    """The model's mean absolute percentage error over a part of the data, as PNG.

    A row is an hour of the day that is forecast, a column a step ahead; cells
    in which nothing was judged are hatched. The colours end at the 98th
    percentile, so that one bad cell does not hide the others.
    """
    table = card.parts[part].models[MODEL].mape_by_hour_and_horizon
    return _png(card, part, table, "hour that is forecast")


def mape_heat_map_by_origin(card: Scorecard, part: str) -> bytes:
    """The same, but a row is the hour of the newest observation, when the forecast was made."""
    table = card.parts[part].models[MODEL].mape_by_origin_and_horizon
    return _png(card, part, table, "hour of the newest observation")


def _png(card: Scorecard, part: str, table: Table, rows: str) -> bytes:
    return png(lambda figure: _draw(figure, card, part, 100 * np.array(table, dtype=float), rows))


def _draw(figure: Figure, card: Scorecard, part: str, table: FloatArray, label: str) -> None:
    headings(
        figure,
        f"Mean absolute percentage error (MAPE) by {label} and horizon",
        period(card, part),
    )
    judged = np.flatnonzero(~np.isnan(table).all(axis=1))
    hours = np.arange(judged[0], judged[-1] + 1, card.interval)
    rows = table[hours]
    known = rows[~np.isnan(rows)]

    plot = axes(figure, 80, 80, 780, 410)
    plot.set_facecolor(UNKNOWN)
    plot.patch.set_hatch("////")
    mesh = plot.pcolormesh(
        rows,
        cmap="viridis_r",
        vmin=np.floor(known.min()),
        vmax=np.ceil(np.percentile(known, _COLOURS_END)),
        edgecolors="white",
        linewidth=0.4,
    )
    for side in plot.spines.values():
        side.set_visible(False)
    plot.tick_params(length=0)
    steps = np.arange(table.shape[1])[:: max(1, table.shape[1] // 24)]
    plot.set_xticks(steps + 0.5, [str(card.interval * (1 + step)) for step in steps])
    plot.set_xlabel("hours ahead")
    labelled = [row for row, hour in enumerate(hours) if len(hours) <= 8 or hour % 3 == 0]
    plot.set_yticks([row + 0.5 for row in labelled], [f"{hours[row]:02}:00" for row in labelled])
    plot.set_ylabel(label)
    beyond = "max" if known.max() > mesh.norm.vmax else "neither"
    bar = figure.colorbar(
        mesh, cax=axes(figure, 885, 80, 18, 410), extend=beyond, format="{x:.0f}%"
    )
    bar.outline.set_visible(False)
    text(figure, 882, 515, "MAPE")
    if len(known) < rows.size:
        text(figure, 80, 541, "Hatched: nothing to judge.", fontsize=10, color=SOFT)
