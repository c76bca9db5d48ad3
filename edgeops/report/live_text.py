"""The live quality of models as a table, JSON, Markdown and a plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from edgeops.api.live import DAYS, DeviceScore, LiveModels, LiveRelease
from edgeops.health.quality import LiveModel
from edgeops.jsonvalue import JsonObject
from edgeops.report.documents import dump_json
from edgeops.report.markdown import cell, plain
from edgeops.report.quality_words import NOTHING, ratio, score_object, share
from edgeops.report.score_tables import ScoreTable
from edgeops.report.style import Line, bold, columns, dim, render
from edgeops.report.words import count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEADINGS = (
    "release",
    "slot",
    "ring",
    "devices",
    "scored",
    "WAPE",
    "naive",
    "ratio",
    "bias",
    "coverage",
    "published",
    "worst device",
)
_ALIGN = "lllrrrrrrrrl"
_REASONS = 5
WHEN = (
    "A forecaster reports it once it has forecast with a model, has seen the hours that it"
    " forecast, and has a week of values before them for the seasonal naive forecast."
)


def table(live: LiveModels) -> ScoreTable:
    """A row for each release in a slot and ring; figures of 28 days of devices with enough hours.

    `ratio` is the WAPE over that of the seasonal naive forecast, `published` the WAPE of the test
    part in the release file.
    """
    return ScoreTable(HEADINGS, tuple(map(_row, live.releases)), _ALIGN)


def text(live: LiveModels, *, color: bool = False) -> str:
    """The table, and why there is nothing in it; no newline at its end."""
    return render(_lines(live), color)


def markdown(live: LiveModels) -> str:
    """The table in Markdown, and why there is nothing in it."""
    if not live.is_reported:
        return f"{plain(_nothing(live))} {WHEN}\n"
    shown = table(live)
    marks = ["---:" if letter == "r" else "---" for letter in shown.align]
    lines = [shown.headings, marks, *(tuple(map(_cell, row)) for row in shown.rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_json(live: LiveModels) -> str:
    """An object with an object for each release in `releases`, and its devices in that."""
    return dump_json(
        {
            "fleet": live.fleet,
            "hub": live.hub,
            "revision": live.commit,
            "releases": [release_object(release) for release in live.releases],
        }
    )


def release_object(release: LiveRelease) -> JsonObject:
    """A release in a slot and ring as JSON."""
    worst, score = release.worst, release.score
    return {
        "release": release.release,
        "slot": release.slot,
        "ring": release.ring or None,
        "score": score_object(score),
        "versusNaive": score and score.versus_naive,
        "published": release.published,
        "worst": worst and {"device": worst[0], "wape": worst[1]},
        "scored": len(release.scored),
        "devices": [_device_object(device) for device in release.devices],
    }


def plot(live: LiveModels) -> bytes:
    """The WAPE of each day of four weeks, by release, with that of its release file, as PNG."""
    from edgeops.report.plots.drawing import png

    return png(lambda figure: _draw(figure, live))


def _row(release: LiveRelease) -> tuple[str, ...]:
    score, worst = release.score, release.worst
    figures = [NOTHING] * 5
    if score is not None:
        naive, versus = share(score.naive_wape), ratio(score.versus_naive)
        figures = [share(score.wape), naive, versus, share(score.bias), share(score.coverage, 1)]
    return (
        release.release,
        release.slot,
        release.ring or NOTHING,
        f"{len(release.devices):,}",
        f"{len(release.scored):,}",
        *figures,
        share(release.published),
        f"{worst[0]} {share(worst[1])}" if worst else NOTHING,
    )


def _lines(live: LiveModels) -> Iterator[Line]:
    if live.releases:
        shown = table(live)
        rows = [tuple(map(str.upper, shown.headings)), *shown.rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for at, row in enumerate(rows):
            cells = zip(row, shown.align, widths, strict=True)
            padded = [text.rjust(w) if a == "r" else text.ljust(w) for text, a, w in cells]
            line = "  ".join(padded).rstrip()
            yield [dim(line) if at == 0 else line]
        yield []
    if live.is_reported:
        devices = {device.device for release in live.releases for device in release.scored}
        said = f"{count(len(devices), 'device')} on hub {live.hub} with enough scored hours"
        yield [bold(f"{said}, of the last {DAYS} days")]
        return
    yield [bold(_nothing(live))]
    yield [WHEN]
    reasons = _reasons(live)
    yield from columns([[f"  {device}", reason] for device, reason in reasons[:_REASONS]])
    if len(reasons) > _REASONS:
        yield [f"  and {count(len(reasons) - _REASONS, 'more device')}"]


def _nothing(live: LiveModels) -> str:
    return f"No device on hub {live.hub} reports the quality of a model yet."


def _reasons(live: LiveModels) -> Sequence[tuple[str, str]]:
    devices = (device for release in live.releases for device in release.devices)
    return sorted({(device.device, device.reason) for device in devices if device.reason})


def _cell(shown: str) -> str:
    return shown if shown == NOTHING else cell(shown) if "@" in shown else plain(shown)


def _device_object(device: DeviceScore) -> JsonObject:
    model = device.model
    return {
        "device": device.device,
        "wanted": device.wanted,
        "until": device.until or None,
        "hours": model.hours if model else 0,
        "neededHours": device.needed,
        **model_object(model),
        **({"reason": device.reason} if device.reason else {}),
    }


def model_object(model: LiveModel | None) -> JsonObject:
    """The figures that a device reports of a model as JSON; null without any."""
    days = model.days if model else None
    return {
        "sha256": model and model.sha256,
        "last7": score_object(model.last7 if model else None),
        "last28": score_object(model.last28 if model else None),
        "days": days
        and {
            "until": days.until.isoformat(),
            "error": list(days.error),
            "value": list(days.value),
        },
    }


def _draw(figure: Figure, live: LiveModels) -> None:
    from edgeops.report.plots.drawing import BLUE, INK, OTHERS, RULE, axes, cut, headings

    days, published = live.days(), live.published()
    hub = cut(live.hub, 40)
    headings(
        figure,
        "Live WAPE by day",
        f"{cut(live.fleet, 40)} on hub {hub}; dotted: the test part, as published",
    )
    area = axes(figure, 80, 90, 890, 390)
    looks: list[tuple[str, Any]] = [(BLUE, "-"), *OTHERS]
    for at, (release, sums) in enumerate(sorted(days.items())):
        color, dashes = looks[at % len(looks)]
        first = sums.until - timedelta(days=len(sums.error))
        # matplotlib takes dates, though its types do not say so
        when: Any = [first + timedelta(days=day) for day in range(len(sums.error))]
        pairs = zip(sums.error, sums.value, strict=True)
        wape = [100 * error / value if value else float("nan") for error, value in pairs]
        area.plot(when, wape, color=color, linestyle=dashes, marker="o", label=cut(release, 60))
        if release in published:
            area.axhline(100 * published[release], color=color, linestyle=":", linewidth=1)
    area.set_ylabel("WAPE, %", color=INK)
    area.set_ylim(bottom=0)
    area.grid(color=RULE, axis="y")
    if days:
        area.legend(frameon=False, loc="lower left")
    figure.autofmt_xdate()
