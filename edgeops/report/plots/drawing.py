"""The look that all plots share: size, colours, headings, and the way to PNG bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edgeops.report.inert import one_line
from edgeops.training.evaluate.scorecard import Scorecard

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import LineStyleType

WIDTH, HEIGHT = 1000, 560  # pixels
_DPI = 100

INK, SOFT, RULE, UNKNOWN = "#1f2328", "#59636e", "#d8dee4", "#eceff2"
# Okabe and Ito's colours, which colour-blind readers tell apart, less the too light ones.
BLUE = "#0072b2"
OTHERS: tuple[tuple[str, LineStyleType], ...] = (  # a colour, and dashes for those who see none
    ("#d55e00", "--"),
    ("#009e73", "-."),
    ("#a9447a", (0, (6, 1.5))),
    ("#59636e", ":"),
    ("#8a6d00", (0, (4, 1, 1, 1, 1, 1))),
)

_LOOK: dict[Any, Any] = {
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "hatch.color": "#afb8c1",
    "hatch.linewidth": 0.8,
}


def png(draw: Callable[[Figure], None]) -> bytes:
    """What `draw` puts on an empty figure, as PNG: no date and no setting of the user is in it.

    Its 256 colours are enough for text, lines and a scale of colours, at less
    than half the size. (Pillow comes with matplotlib, which saves PNG with it.)
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_LOOK)
        figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI)
        draw(figure)
        drawn, small = io.BytesIO(), io.BytesIO()
        FigureCanvasAgg(figure)
        figure.savefig(drawn, format="png")
    image = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    image.save(small, "PNG", optimize=True)
    return small.getvalue()


def axes(figure: Figure, left: int, top: int, width: int, height: int) -> Axes:
    """Axes at a place given in pixels from the upper left corner."""
    return figure.add_axes(
        (left / WIDTH, (HEIGHT - top - height) / HEIGHT, width / WIDTH, height / HEIGHT)
    )


def headings(figure: Figure, title: str, subtitle: str) -> None:
    """What is shown, and of what, above the axes."""
    text(figure, 20, 30, title, fontsize=14, fontweight="bold")
    text(figure, 20, 55, subtitle, fontsize=10.5, color=SOFT)


def text(figure: Figure, left: int, top: int, words: str, **look: Any) -> None:
    """Text as it is (dollars are no formula), its middle at a height in pixels from the top."""
    figure.text(left / WIDTH, 1 - top / HEIGHT, words, va="center", parse_math=False, **look)


def cut(words: str, length: int) -> str:
    """The text, or as much of it as there is room for."""
    shown = one_line(words)
    return shown if len(shown) <= length else f"{shown[: length - 1]}…"


def period(card: Scorecard, part: str) -> str:
    """The model and the part of the data, as `m, test part: 2024-07-01 to 2024-12-31`."""
    period = card.parts[part]
    return f"{cut(card.model, 28)}, {part} part: {period.first[:10]} to {period.last[:10]}"
