"""A forecast as a table, as JSON, and as a plot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from edgeops.report.documents import dump_json
from edgeops.report.style import Line, bold, columns, dim, render, yellow

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgeops.api.model_forecast import ForecastMade

_MEDIAN = "0.5"


def text(made: ForecastMade, *, color: bool = False) -> str:
    """A row a step: when it begins, the median, and the ends of the interval."""
    return render(_lines(made), color)


def as_json(made: ForecastMade) -> str:
    """What a device would send; ends with a newline."""
    return dump_json(made.telemetry)


def plot(made: ForecastMade) -> bytes:
    """The last hours and the forecast with its interval, as PNG."""
    from edgeops.report.plots.drawing import png

    return png(lambda figure: _draw(figure, made))


def _lines(made: ForecastMade) -> Iterator[Line]:
    sent = made.telemetry
    unit = f" in {sent['unit']}" if "unit" in sent else ""
    yield [bold(made.model), f": forecast{unit} from {_time(sent['firstHour'])} UTC"]
    yield [dim(f"sha256 {sent['sha256']}")]
    if made.refused:
        yield [yellow(f"{made.refused:,} values of the history were refused: {made.fault}")]
    if made.context:
        yield [yellow(made.context)]
    yield []
    shares = sorted(sent["quantiles"], key=float)
    heading: Line = [bold("from (UTC)"), *(bold(_name(share)) for share in shares)]
    values = zip(*(sent["quantiles"][share] for share in shares), strict=True)
    rows: list[Line] = [
        [_time(start), *(_number(value) for value in row)]
        for start, row in zip(sent["starts"], values, strict=True)
    ]
    yield from columns([heading, *rows])


def _name(share: str) -> str:
    return "median" if share == _MEDIAN else f"{float(share):.0%}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _time(text: str) -> str:
    return text[:16].replace("T", " ")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _draw(figure: Figure, made: ForecastMade) -> None:
    from edgeops.report.plots.drawing import BLUE, INK, RULE, axes, cut, headings

    sent = made.telemetry
    first, hours = _time(sent["firstHour"]), sent["horizonHours"]
    headings(figure, f"Forecast of the next {hours} hours, from {first} UTC", cut(made.model, 80))
    area = axes(figure, 80, 90, 890, 390)
    # matplotlib takes times, though its types do not say so
    starts: Any = [_moment(start) for start in sent["starts"]]
    shares = sorted(sent["quantiles"], key=float)
    if len(shares) > 1:
        low, high = sent["quantiles"][shares[0]], sent["quantiles"][shares[-1]]
        area.fill_between(starts, low, high, color=BLUE, alpha=0.2, linewidth=0)
    if sent["intervalHours"] == 1:
        seen: Any = [datetime.fromtimestamp(item.hour, UTC) for item in made.observed]
        area.plot(seen, [item.value for item in made.observed], color=INK, linewidth=1.4)
    area.plot(starts, sent["quantiles"].get(_MEDIAN, []) or [], color=BLUE, linewidth=2)
    area.grid(color=RULE, axis="y")
    area.set_ylabel(str(sent.get("unit", "")))
    figure.autofmt_xdate()
