"""How good the forecasts of a device's models are, as its modules report it.

Any module can report a property `quality` (docs/own-module.md); the forecaster does so for its
models. A figure counts only for the release whose sha256 it has. Devices write reported properties,
so any of them can have an unexpected type or size; what is not plausible counts as not reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from edgeops.fleet.health import FORECASTER_IMAGE
from edgeops.fleet.image import last_part
from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.health.reported import as_text, moment, number, value_at
from edgeops.twin import LiveDevice

PROPERTY = "quality"
ENOUGH_HOURS = 48  # before a figure says much
DAY_PARTS = ("night", "morning", "daytime", "evening")
BANDS = ("1", "2-6", "7-24", "25-")  # hours ahead

_MOST_MODELS = 2
_MOST_DAYS = 28
_MOST_HOURS = 28 * 24 + 2  # a day of 25 hours
_LARGEST = 1e6  # of a share
_LARGEST_SUM = 1e15
_YEARS = range(2000, 3000)
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class LiveScore:
    """How good forecasts were on so many distinct `hours`.

    `wape` is the sum of all errors over the sum of all values, `naive_wape` that of the seasonal
    naive forecast on the same hours, `bias` the mean error over the mean value (above 0: too many
    were forecast), `coverage` the share of values inside the interval. None: not reported.
    """

    hours: int
    wape: float
    bias: float | None = None
    naive_wape: float | None = None
    coverage: float | None = None

    @property
    def versus_naive(self) -> float | None:
        """The error relative to that of the seasonal naive forecast; None without one."""
        return self.wape / self.naive_wape if self.naive_wape else None


@dataclass(frozen=True, slots=True)
class DailySums:
    """Sums of the absolute errors and values of local days, the oldest first.

    `until` is the day after the newest one.
    """

    until: date
    error: tuple[float, ...]
    value: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LiveModel:
    """The figures of one model: of its last 7 and 28 days.

    `parts` are by part of the day, `bands` by hours ahead, both of 28 days. `name` and `version`
    are what the device calls it; only `sha256` says which model it is.
    """

    sha256: str
    name: str = ""
    version: str = ""
    last7: LiveScore | None = None
    last28: LiveScore | None = None
    parts: Mapping[str, LiveScore] | None = None
    bands: Mapping[str, LiveScore] | None = None
    days: DailySums | None = None

    @property
    def hours(self) -> int:
        """How many hours of the last 28 days were scored."""
        return self.last28.hours if self.last28 else 0


@dataclass(frozen=True, slots=True)
class LiveBefore:
    """The model in use and the one before it, whose digest this has, on the same hours.

    `difference` is the WAPE of the model in use less that of the one before; `low` and `high` are
    the ends of its 95 % interval, None below two weeks of days.
    """

    sha256: str
    hours: int
    wape: float
    before_wape: float
    difference: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class LiveQuality:
    """What one module reports: the model in use, then the one before it.

    `until` is the time up to which hours were scored (ISO 8601, UTC); `reason` is why nothing is.
    """

    module: str
    models: tuple[LiveModel, ...] = ()
    before: LiveBefore | None = None
    until: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SlotQuality:
    """What is reported for a slot of a device.

    `wanted` are the figures of the release that git wants there, None while there are none;
    `others` those of other models; `before` compares the wanted release with the one before.
    """

    report: LiveQuality
    wanted: LiveModel | None = None
    others: tuple[LiveModel, ...] = ()
    before: LiveBefore | None = None

    @property
    def hours(self) -> int:
        """How many hours of the last 28 days were scored with the wanted release."""
        return self.wanted.hours if self.wanted else 0


def slot_qualities(device: DesiredDevice, live: LiveDevice | None) -> dict[str, SlotQuality]:
    """What is reported for each slot of a device; of several modules, who scored most hours."""
    found: dict[str, SlotQuality] = {}
    for name, module in sorted(device.modules.items()):
        twin = live.modules.get(name) if live else None
        report = read_quality(name, twin.reported.get(PROPERTY)) if twin else None
        if report is None:
            continue
        for slot in _slots_of(device, module, report):
            said = _of_slot(device.models[slot].sha256, report)
            if slot not in found or said.hours > found[slot].hours:
                found[slot] = said
    return found


def is_scored(device: DesiredDevice, slot: str, reported: Mapping[str, SlotQuality]) -> bool:
    """Whether a module of the device reports how good the model of a slot is, or surely will."""
    return slot in reported or any(
        last_part(module.spec.get("image") or "") == FORECASTER_IMAGE
        and module.desired.get("model") == slot
        for module in device.modules.values()
    )


def read_quality(module: str, value: Any) -> LiveQuality | None:
    """The property `quality` of a module, as far as it is plausible; None if it says nothing."""
    if not isinstance(value, dict):
        return None
    listed = value.get("models")
    models = listed[:_MOST_MODELS] if isinstance(listed, list) else []
    until = moment(value.get("until"))
    report = LiveQuality(
        module,
        tuple(filter(None, map(_model, models))),
        _before(value.get("before")),
        until.strftime("%Y-%m-%dT%H:%M:%SZ") if until and until.year in _YEARS else "",
        as_text(value.get("reason")),
    )
    return report if report.models or report.reason else None


def _slots_of(device: DesiredDevice, module: DesiredModule, report: LiveQuality) -> Iterator[str]:
    """The slots whose wanted release the report is about; else the slot that the module uses."""
    digests = {model.sha256 for model in report.models}
    slots = [slot for slot, release in device.models.items() if release.sha256 in digests]
    if slots:
        yield from slots
        return
    named = module.health.slot if module.health else None
    if named is not None and named in device.models:
        yield named
    elif not named and len(device.models) == 1:
        yield next(iter(device.models))


def _of_slot(sha256: str, report: LiveQuality) -> SlotQuality:
    wanted = next((model for model in report.models if model.sha256 == sha256), None)
    others = tuple(model for model in report.models if model.sha256 != sha256)
    in_use = bool(report.models) and report.models[0] is wanted
    return SlotQuality(report, wanted, others, report.before if in_use else None)


def _model(value: Any) -> LiveModel | None:
    sha256 = _digest(value_at(value, "sha256"))
    if sha256 is None:
        return None
    return LiveModel(
        sha256,
        _name(value.get("name")),
        _name(value.get("version")),
        _score(value.get("last7")),
        _score(value.get("last28")),
        _scores(value.get("parts"), DAY_PARTS),
        _scores(value.get("bands"), BANDS),
        _days(value.get("days")),
    )


def _scores(value: Any, names: tuple[str, ...]) -> dict[str, LiveScore]:
    found = ((name, _score(value_at(value, name))) for name in names)
    return {name: score for name, score in found if score}


def _score(value: Any) -> LiveScore | None:
    hours, wape = _hours(value), number(value_at(value, "wape"), 0, _LARGEST)
    if hours is None or wape is None:
        return None
    return LiveScore(
        hours,
        wape,
        number(value.get("bias"), -_LARGEST, _LARGEST),
        number(value.get("naiveWape"), 0, _LARGEST),
        number(value.get("coverage"), 0, 1),
    )


def _before(value: Any) -> LiveBefore | None:
    sha256, hours = _digest(value_at(value, "sha256")), _hours(value)
    wape = number(value_at(value, "wape"), 0, _LARGEST)
    before = number(value_at(value, "beforeWape"), 0, _LARGEST)
    difference = number(value_at(value, "difference"), -_LARGEST, _LARGEST)
    if sha256 is None or hours is None or wape is None or before is None or difference is None:
        return None
    low, high = (number(value.get(key), -_LARGEST, _LARGEST) for key in ("low", "high"))
    if low is None or high is None or not low <= difference <= high:
        low = high = None
    return LiveBefore(sha256, hours, wape, before, difference, low, high)


def _days(value: Any) -> DailySums | None:
    until = value_at(value, "until")
    error, values = _sums(value_at(value, "error")), _sums(value_at(value, "value"))
    if not isinstance(until, str) or not error or len(error) != len(values):
        return None
    try:
        day = date.fromisoformat(until)
    except ValueError:
        return None
    return DailySums(day, error, values) if day.year in _YEARS else None


def _sums(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or len(value) > _MOST_DAYS:
        return ()
    sums = [number(item, 0, _LARGEST_SUM) for item in value]
    known = tuple(item for item in sums if item is not None)
    return known if len(known) == len(sums) else ()


def _hours(value: Any) -> int | None:
    hours = number(value_at(value, "hours"), 0, _MOST_HOURS)
    return None if hours is None else int(hours)


def _digest(value: Any) -> str | None:
    return value if isinstance(value, str) and _DIGEST.match(value) else None


def _name(value: Any) -> str:
    return as_text(value) if isinstance(value, str) else ""
