"""The `spec` of model.yaml as dataclasses, the only place of its defaults.

The fields are named as the keys of `schemas/model.schema.json`, which explains and checks them.
No package of the extra `train` is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from edgeops.features.spec import BaseKind, Site, Smoothing
from edgeops.jsonvalue import JsonObject


@dataclass(frozen=True, slots=True)
class LongSection:
    """`data.table.long`: the columns of a table with a row for each value of each series."""

    series: str = "unique_id"
    value: str = "y"


@dataclass(frozen=True, slots=True)
class TableSection:
    """`data.table`, or `data.weather`, which ignores `combine` and alone has a `kind`.

    What is None is found: the format of the timestamps, the decimal mark and the
    cadence; without `long`, a table has a column for each series.
    """

    path: str
    timestamp: str = "timestamp"
    columns: tuple[str, ...] = ()
    combine: Literal["sum", "mean", "last"] = "sum"
    kind: Literal["measured", "forecast"] | None = None
    ignore: tuple[str, ...] = ()
    timestamp_format: str | None = None
    skipped_hour: Literal["refuse", "drop", "shift"] = "refuse"
    cadence_minutes: int | None = None
    decimal: Literal[".", ","] | None = None
    encoding: Literal["utf-8", "windows-1252"] = "utf-8"
    long: LongSection | None = None


@dataclass(frozen=True, slots=True)
class DataSection:
    """`data`."""

    source: str
    site: Site
    table: TableSection | None = None
    path: str | None = None
    events: str | None = None
    weather: TableSection | None = None


@dataclass(frozen=True, slots=True)
class RepairsSection:
    """`repairs`; without `outage_hours`, it is 12 unless zeros of 12 hours are usual."""

    outage_hours: int | None = None
    interpolate_hours: int = 1


@dataclass(frozen=True, slots=True)
class TargetSection:
    """`target`; without `hours`, all hours count fully. `capacity` bounds the forecasts."""

    name: str
    columns: Literal["all"] | tuple[str, ...]
    except_: tuple[str, ...] = ()
    combine: Literal["sum", "pool"] = "sum"
    hours: tuple[int, ...] = ()
    other_hours: float = 0.1
    unit: str = ""
    capacity: float | None = None

    @property
    def is_pooled(self) -> bool:
        """Whether each column is a separate series."""
        return self.combine == "pool"


@dataclass(frozen=True, slots=True)
class PeriodSection:
    """One of `exclusions.periods`."""

    from_: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExclusionsSection:
    """`exclusions`."""

    periods: tuple[PeriodSection, ...] = ()
    grace_days: int = 0


@dataclass(frozen=True, slots=True)
class SeasonalAdjustmentSection:
    """`transforms.seasonalAdjustment`."""

    kind: BaseKind = "median"
    weeks: int = 4


@dataclass(frozen=True, slots=True)
class TransformsSection:
    """`transforms`."""

    interval_hours: int = 1
    smoothing: Smoothing | None = None
    seasonal_adjustment: SeasonalAdjustmentSection = SeasonalAdjustmentSection()
    level_hours: int = 672


@dataclass(frozen=True, slots=True)
class WindowSection:
    """`window`; without `origins`, a forecast can start at any hour."""

    steps: int = 24
    stride: int = 1
    origins: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class HorizonsSection:
    """`horizons`."""

    steps: int = 24
    models: Literal["one", "each"] = "one"


@dataclass(frozen=True, slots=True)
class NetworkSection:
    """`network`; which sizes it needs depends on its kind."""

    kind: Literal["sequence-lstm", "article-lstm"]
    encoder: int | None = None
    decoder: int | None = None
    head: int | None = None
    activation: str = "silu"
    output: Literal["base-times-exp", "level"] = "base-times-exp"
    clip: tuple[float, ...] = (-4.0, 3.0)
    quantiles: tuple[float, ...] = (0.5,)
    dropout: float = 0
    input_dropout: float = 0
    noise: float = 0
    least_deviation: float = 0

    @property
    def is_based(self) -> bool:
        """Whether the network forecasts the deviation from the seasonal base."""
        return self.output == "base-times-exp"


@dataclass(frozen=True, slots=True)
class PretrainSection:
    """`training.pretrain`, as long as its `epochs` or else its `steps`."""

    learning_rate: float
    epochs: int | None = None
    steps: int | None = None
    stride: int = 1
    columns: Literal["target", "all"] = "all"


@dataclass(frozen=True, slots=True)
class TrainingSection:
    """`training`, as long as its `epochs` or else its `steps`.

    Without `context_dropout`, `context_dropout.share_of` says it.
    """

    batch: int
    learning_rate: float
    epochs: int | None = None
    steps: int | None = None
    backend: str = "tensorflow"
    threads: int = 1
    pretrain: PretrainSection | None = None
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup: float = 0
    weight_decay: float = 0.0
    clip_norm: float | None = None
    ema: float = 0
    loss: Literal["pinball", "mae", "mse"] = "pinball"
    relative: float = 0
    restore_best: Literal["validation-mae", "validation-loss", "none"] = "validation-mae"
    context_dropout: float | None = None


@dataclass(frozen=True, slots=True)
class SplitSection:
    """`split`."""

    train_until: str
    validate_until: str
    test_until: str


@dataclass(frozen=True, slots=True)
class CalibrationSection:
    """`calibration`."""

    kind: Literal["cqr", "none"] = "none"
    coverage: float = 0.8
    by: Literal["hour", "all"] = "hour"
    rolling_days: int = 60


@dataclass(frozen=True, slots=True)
class ExportSection:
    """`export`."""

    formats: tuple[str, ...] = ("onnx", "onnx-int8")
    parity: float = 1e-5


@dataclass(frozen=True, slots=True)
class RetrainingSection:
    """`retraining`: when a model counts as decayed on devices."""

    decay: float = 1.15
    min_hours: int = 336
    days: int = 28
    metric: Literal["wape", "later_wape"] = "wape"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The `spec` of a model file: how the model is trained and judged."""

    data: DataSection
    target: TargetSection
    features: tuple[str, ...]
    network: NetworkSection
    training: TrainingSection
    split: SplitSection
    repairs: RepairsSection = RepairsSection()
    exclusions: ExclusionsSection = ExclusionsSection()
    transforms: TransformsSection = TransformsSection()
    window: WindowSection = WindowSection()
    horizons: HorizonsSection = HorizonsSection()
    seeds: tuple[int, ...] = (1,)
    use_cases: Mapping[str, Sequence[int]] = field(default_factory=dict)
    baselines: tuple[str, ...] = ("seasonal-naive-168h", "seasonal-naive-24h", "median-4-weeks")
    calibration: CalibrationSection = CalibrationSection()
    export: ExportSection = ExportSection()
    gates: JsonObject = field(default_factory=dict)
    retraining: RetrainingSection | None = None
    notes: tuple[str, ...] = ()
