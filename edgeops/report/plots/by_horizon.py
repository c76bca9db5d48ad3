"""MAPE by how far ahead, the model beside the baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from edgeops.features.series import FloatArray, IntArray
from edgeops.report.plots.drawing import (
    BLUE,
    OTHERS,
    RULE,
    SOFT,
    axes,
    cut,
    headings,
    period,
    png,
    text,
)
from edgeops.report.score_tables import baseline_name
from edgeops.training.evaluate.scorecard import MODEL, Scorecard

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TALLEST = 2.4  # times the model's worst: what lies higher would flatten the model's curve
_LABEL_GAP = 0.058  # between labels, of the height of the axes
_LABEL_LENGTH = 20  # characters; there is room for no more

Curves = Mapping[str, FloatArray]


def mape_by_horizon(card: Scorecard, part: str) -> bytes:
    """The mean absolute percentage error by step ahead over a part of the data, as PNG.

    The axis begins at 0. Baselines that are beyond it at every step are named
    with their range instead.
    """
    curves = {
        name: 100 * np.array([score.mape for score in judged.by_horizon])
        for name, judged in card.parts[part].models.items()
    }
    return png(lambda figure: _draw(figure, card, part, curves))


def _draw(figure: Figure, card: Scorecard, part: str, curves: Curves) -> None:
    headings(figure, "Mean absolute percentage error (MAPE) by horizon", period(card, part))
    limit = _TALLEST * np.nanmax(curves[MODEL])
    inside = {name: curve for name, curve in curves.items() if np.nanmin(curve) <= limit}
    top = min(limit, 1.1 * max(np.nanmax(curve) for curve in inside.values())) or 1.0
    hours = np.arange(card.interval, 1 + card.interval * len(curves[MODEL]), card.interval)

    plot = axes(figure, 75, 85, 715, 390)
    plot.set_ylim(0, top)
    plot.set_xlim(hours[0] - 0.4 * card.interval, hours[-1] + 0.4 * card.interval)
    plot.set_xticks(hours[:: max(1, len(hours) // 24)])
    plot.set_xlabel("hours ahead")
    plot.yaxis.set_major_formatter("{x:g}%")
    plot.grid(axis="y", color=RULE, linewidth=0.8)
    plot.set_axisbelow(True)
    _lines(plot, card.model, inside, hours, top)
    beyond = [_beyond(name, curve, top) for name, curve in curves.items() if np.nanmax(curve) > top]
    if beyond:
        words = cut(f"Beyond this axis: {', '.join(beyond)}", 125)
        text(figure, 75, 541, words, fontsize=10, color=SOFT)


def _beyond(name: str, curve: FloatArray, top: float) -> str:
    lowest, highest = np.nanmin(curve), np.nanmax(curve)
    reach = "up to" if lowest <= top else f"{lowest:.0f} to"
    return f"{baseline_name(name)} ({reach} {highest:.0f}%)"


def _lines(plot: Axes, model: str, curves: Curves, hours: IntArray, top: float) -> None:
    looks = dict(zip((name for name in curves if name != MODEL), cycle(OTHERS)))
    ends = [min(curve[~np.isnan(curve)][-1], top) for curve in curves.values()]
    places = spread(ends, _LABEL_GAP * top, top)
    for (name, curve), end, place in zip(curves.items(), ends, places, strict=True):
        ours = name == MODEL
        color, dashes = looks.get(name, (BLUE, "-"))
        plot.plot(
            hours,
            curve,
            color=color,
            linestyle=dashes,
            linewidth=2.8 if ours else 1.6,
            marker="o" if ours else "",
            markersize=5,
            zorder=4 if ours else 3,
        )
        plot.annotate(
            cut(model if ours else baseline_name(name), _LABEL_LENGTH),
            (hours[-1], end),
            (1.035, place / top),
            textcoords="axes fraction",
            color=color,
            va="center",
            fontweight="bold" if ours else "normal",
            parse_math=False,
            arrowprops={
                "arrowstyle": "-",
                "color": color,
                "linewidth": 0.8,
                "shrinkA": 1,
                "shrinkB": 4,
                "relpos": (0, 0.5),
            },
        )


def spread(places: Sequence[float], gap: float, top: float) -> list[float]:
    """Places for labels, as close to the wanted ones as can be with `gap` between them.

    They are in [0, top] as long as there is room. A crowd of labels keeps its
    mean: isotonic regression by pooling adjacent violators of the places less
    what the gaps below need.
    """
    order = sorted(range(len(places)), key=lambda index: places[index])
    pools: list[list[float]] = []
    for rank, index in enumerate(order):
        pools.append([places[index] - rank * gap])
        while len(pools) > 1 and fmean(pools[-2]) > fmean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    level = [fmean(pool) for pool in pools for _ in pool]
    highest = top - gap * (len(order) - 1)
    positions = [0.0] * len(order)
    for rank, index in enumerate(order):
        positions[index] = max(0.0, min(level[rank], highest)) + rank * gap
    return positions
