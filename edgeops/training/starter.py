"""A first model.yaml for a table: settings that its length and its values ask for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.explain import DEFAULT, SHORT, default_features
from edgeops.features.known import KNOWN
from edgeops.features.series import HourlySeries
from edgeops.features.spec import Site, WindowSpec
from edgeops.features.window import WindowBuilder
from edgeops.fleet.yaml_dump import dump_block, dump_flow
from edgeops.jsonvalue import JsonObject
from edgeops.training.records import record

_DAY = 24
_YEAR = 365 * _DAY
_FEWEST_DAYS = {"training": 28, "validation": 14, "test": 14}
_SHARE = 0.15  # of all days, for validation and for test each


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user says of a new model: `data` is that section of its file.

    `known` are the columns of its events and weather.
    """

    name: str
    data: JsonObject
    known: tuple[str, ...] = ()
    unit: str = ""
    capacity: float | None = None


@dataclass(frozen=True, slots=True)
class _Size:
    encoder: int
    decoder: int
    head: int
    batch: int
    steps: int  # of the optimiser
    first: str  # YAML: how it learns from each of several columns, before their sum


_SIZES = (  # for up to so many windows
    (5_000, _Size(16, 12, 16, 64, 800, "steps: 800, learningRate: 0.008")),
    (20_000, _Size(24, 16, 24, 128, 800, "steps: 1000, learningRate: 0.008")),
    (10**9, _Size(32, 24, 32, 256, 2000, "steps: 2000, learningRate: 0.008, stride: 3")),
)


def starter(wish: Wish, series: HourlySeries) -> str:
    """The text of a model.yaml for these observations. Raises `EdgeOpsError` for too few."""
    _check_columns(series)
    site = record(Site, wish.data["site"])
    spec = WindowSpec(default_features(site), series.columns, site)
    before = WindowBuilder(spec).hours
    train, validate, test = _split(series, before)
    windows = int((train - series.start) / np.timedelta64(1, "h")) + _DAY - before
    size = next(size for most, size in _SIZES if windows <= most)
    return _TEMPLATE.format(
        name=wish.name,
        quoted=_scalar(wish.name),
        features=_features(DEFAULT if windows >= _YEAR else SHORT, wish.known),
        hidden=_HIDDEN if wish.known else "",
        what=_what(wish, series.columns),
        data=_indented(wish.data, 4),
        more=_more(wish),
        size=size,
        long=(_TWO_STAGES if len(series.columns) > 1 else _ONE_STAGE).format(size=size),
        windows=f"{windows:,}",
        train=train.astype("datetime64[D]"),
        validate=validate.astype("datetime64[D]"),
        test=test.astype("datetime64[D]"),
        days=f"{len(series) // _DAY:,}",
    )


def _check_columns(series: HourlySeries) -> None:
    for name in series.columns:
        if np.isnan(series.column(name)).all():
            raise EdgeOpsError(
                f"the column `{name}` has no values", "name the columns to forecast with --column"
            )


def _split(series: HourlySeries, before: int) -> tuple[np.datetime64, np.datetime64, np.datetime64]:
    """The last days of training, validation and test."""
    days = len(series) // _DAY
    fewest = -(-before // _DAY) + sum(_FEWEST_DAYS.values())
    if days < fewest:
        raise EdgeOpsError(
            f"the table has {days:,} days of hourly values, a model needs {fewest:,} or more",
            f"a window looks back {-(-before // _DAY)} days; besides,"
            f" {', '.join(f'{count} days are for {part}' for part, count in _FEWEST_DAYS.items())}",
        )
    held = [max(_FEWEST_DAYS[part], round(_SHARE * days)) for part in ("validation", "test")]
    most = (days - -(-before // _DAY) - _FEWEST_DAYS["training"]) // 2
    held = [min(most, count) for count in held]
    last = (series.start + np.timedelta64(len(series) - 1, "h")).astype("datetime64[D]")
    train, validate = last - sum(held), last - held[1]
    return train, validate, last


def _what(wish: Wish, columns: Sequence[str]) -> str:
    listed = ", ".join(columns[:3]) + (f" and {len(columns) - 3} more" if len(columns) > 3 else "")
    unit = f" in {wish.unit}" if wish.unit else ""
    return _scalar(f"{listed}{unit}, the next 24 hours")


def _more(wish: Wish) -> str:
    lines = ""
    if wish.unit:
        lines += f"    unit: {_scalar(wish.unit)}\n"
    if wish.capacity is not None:
        lines += f"    capacity: {wish.capacity!r}     # no forecast is larger\n"
    return lines


def _scalar(value: str) -> str:
    """A text as YAML."""
    return dump_block({"a": value}).partition(": ")[2].strip()


def _features(named: str, known: Sequence[str]) -> str:
    """The features as YAML: a named set, and those of columns that are known ahead."""
    if not known:
        return named
    return dump_flow([named, *known, *(f"{KNOWN}{column}" for column in known)])


def _indented(value: dict[str, object], spaces: int) -> str:
    return "".join(" " * spaces + line + "\n" for line in dump_block(value).splitlines())


_ONE_STAGE = """\
    steps: {size.steps}                   # of the optimiser, whatever the number of windows
    learningRate: 0.004
"""
_TWO_STAGES = """\
    # Each column is a series of its own at first: more to learn from, less to learn by heart.
    pretrain: {{columns: all, {size.first}}}
    steps: 250
    learningRate: 0.0007
"""
_HIDDEN = "    contextDropout: 0.2   # so that it forecasts well without events and weather, too\n"
_TEMPLATE = """\
# yaml-language-server: $schema=../../schemas/model.schema.json
# How this model is trained and judged: settings of `edgeops model init` for {days} days of data.
# Next: `edgeops model train {name}`, then `evaluate`, then `publish`.
apiVersion: edgeops/v1
kind: Model
metadata:
  name: {quoted}
  description: {what}
spec:
  # Where the numbers come from, and the clock that people there live by. With `country` (holidays),
  # `latitude` and `longitude` (daylight), the site gives more features.
  data:
{data}  # What is forecast: the sum of the columns; with `combine: pool`, any one of them.
  target:
    name: total
    columns: all
{more}  # What the network sees of past hours and of those ahead: `edgeops model features {name}`.
  features: {features}
  window: {{steps: 24, stride: 1}}       # it looks at 24 hours, and forecasts as many
  # As large as {windows} windows to learn from allow; the outer quantiles make the interval.
  network:
    kind: sequence-lstm
    encoder: {size.encoder}
    decoder: {size.decoder}
    head: {size.head}
    quantiles: [0.1, 0.5, 0.9]
    dropout: 0.2
    inputDropout: 0.1
    noise: 0.05
    leastDeviation: 0.4     # a rare 1, such as a holiday, is not huge beside the other inputs
  training:
{long}    batch: {size.batch}
    warmup: 0.05
    weightDecay: 0.01
    clipNorm: 1
    ema: 0.99
    relative: 0.5           # errors count partly as a share of the forecast: quiet hours teach, too
{hidden}  seeds: [1, 2]           # two networks, trained side by side and averaged inside one graph
  # The last day of each part: learn from the first, choose the best epoch on the second,
  # judge on the third. Never choose a setting by the test: the figures would promise too much.
  split: {{trainUntil: {train}, validateUntil: {validate}, testUntil: {test}}}
  baselines: [seasonal-naive-168h, seasonal-naive-24h, median-4-weeks, lightgbm]
  calibration: {{kind: cqr, coverage: 0.8}}   # the interval contains 80 % of the values
  export: {{formats: [onnx, onnx-int8], parity: 1.0e-5}}
  # `publish` refuses a model that does not pass these. Tighten them once you know what is possible.
  gates:
    wape_vs_seasonal_naive: {{max: 1.0}}   # better than the same hour a week ago
    wape_vs_lightgbm: {{max: 1.1}}         # not far behind trees on the same features
    wape_vs_champion: {{max: 1.02}}        # not worse than the last release
    coverage_80: {{min: 0.6, max: 0.95}}
    coverage_80_daytime: {{min: 0.6, max: 0.95}}   # also from 9 to 18 h
    int8_wape_points: {{max: 0.5}}         # what 8-bit weights may cost
"""
