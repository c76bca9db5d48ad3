"""The live quality of a device: it keeps its forecasts, and scores them against what arrives."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.wall_clock import phase, time_zone, wall_hours
from edgeops.files import DISK, Disk
from edgeops.jsonvalue import JsonObject
from edgeops.modules.forecaster.forecast_memory import (
    ForecastKey,
    ForecastMemory,
    MadeForecast,
    forecast_file,
    made_forecast,
)
from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.hours import NotReady
from edgeops.modules.forecaster.live_state import (
    LiveState,
    QualityReport,
    UsedModel,
    state_from_json,
    state_to_json,
)
from edgeops.modules.forecaster.margins_of_day import Issued, MarginsOfDay, key_of
from edgeops.modules.forecaster.metadata import ModelError
from edgeops.modules.forecaster.model import LoadedModel
from edgeops.modules.forecaster.observations import HOUR
from edgeops.modules.forecaster.quality_report import (
    LiveScores,
    ModelForecasts,
    quality_table,
    reported_quality,
)
from edgeops.modules.forecaster.shadow import SHADOW_SECONDS, ShadowModel
from edgeops.modules.forecaster.status import iso
from edgeops.modules.forecaster.windows import AheadSource, Window
from edgeops.modules.runtime.kept_value import KeptValue
from edgeops.modules.runtime.ledger import Ledger
from edgeops.modules.runtime.slots import read_pointer
from edgeops.quality.kept import KeptForecasts

_DAY = 86400
_SPARE = 500  # superseded forecasts that the file may hold before it is rewritten
_POINTER = ("file", "files", "name", "version", "sha256", "md5", "size", "format", "since")
NO_MEDIAN = "the model has no median"


class LiveQuality:
    """What a device knows of its own forecasts; nothing raises for the storage.

    The figures are a pure function of the forecasts that are kept and of the history as it is
    now: corrections and late values need no state. `device` says at which time of
    the day they are reported, so that the devices of a fleet do not report all at once.
    """

    def __init__(
        self,
        storage: Path,
        shadow: ShadowModel | None = None,
        device: str = "",
        disk: Disk = DISK,
    ) -> None:
        self._storage = storage
        self._shadow = shadow
        self._offset = offset_of(device)
        self._state = LiveState()
        self._state_file = KeptValue(storage / "history/quality.json", "the quality", disk)
        self._margins = MarginsOfDay()
        self._running: LoadedModel | None = None  # the model whose forecast was kept last
        file = forecast_file(storage / "history/forecasts.jsonl", disk)
        self._ledger: Ledger[ForecastMemory, MadeForecast] = Ledger(
            file, ForecastMemory, "the forecasts", _SPARE
        )

    @property
    def storage_fault(self) -> str | None:
        """Why not all is on disk; None if it is."""
        return self._ledger.fault or self._state_file.fault

    def open(self) -> None:
        """Read what is on disk."""
        self._state = state_from_json(self._state_file.read())
        self._ledger.save()

    def save(self) -> None:
        """Write what could not be written yet, or is gone."""
        self._ledger.save()
        self._state_file.save()

    def issued(
        self, model: LoadedModel, window: Window, history: History, series: str | None, now: float
    ) -> Issued:
        """The forecast of a model, with its margins. Raises `ModelError` as the model does."""
        memory = self._ledger.memory
        return self._margins.issued(model, window, memory, history, series, now)

    def remember(self, key: ForecastKey, kept: KeptForecasts) -> None:
        """Let a model have made these forecasts, and no others; they are not written."""
        self._margins.forget()
        self._ledger.memory.forget(key)
        self._ledger.memory.add(
            made_forecast(key, origin, values, margins)
            for origin, values, margins in zip(kept.origins, kept.values, kept.margins, strict=True)
        )

    def keep(
        self,
        model: LoadedModel,
        window: Window,
        issued: Issued,
        history: History,
        series: str | None,
        now: float,
        ahead: AheadSource,
    ) -> None:
        """Keep a forecast, and that of the model before for the same hours, if there is one."""
        key = _key(model, history, series)
        self._use(model, key, now)
        made = [_made(key, model, window, issued)] if key.target else []
        before = self._state.before
        fresh = now - self._state.since < SHADOW_SECONDS
        shadow = self._shadow.get(before if fresh else None) if self._shadow else None
        if before and shadow and made:
            try:
                window = shadow.window_maker.make(history, series, now, ahead)
                issued = self.issued(shadow, window, history, series, now)
                made.insert(0, _made(before.key, shadow, window, issued))
            except (NotReady, ModelError, EdgeOpsError):
                pass  # it is only for comparison
        origins = model.metadata.judging.origins
        judged = [each for each in made if not origins or each.origin % 24 in origins]
        self._ledger.unsaved.add(self._ledger.memory.add(judged))
        self._ledger.save()

    def follow(self, model: LoadedModel, history: History, series: str | None, now: float) -> None:
        """Score anew if a report is due, which is once a day, once the model has forecast."""
        at = int((now - self._offset) // _DAY * _DAY + self._offset)
        report = self._state.report
        if model is not self._running or (report is not None and report.at == at):
            return
        value: JsonObject = {}
        try:
            value = reported_quality(self.scores(model, history, series, float(at)))
        except NotReady as why:
            value = {"reason": str(why)}
        except EdgeOpsError as error:
            value = {"reason": error.message}
        self._now(replace(self._state, report=QualityReport(at, value)))

    def reported(self, slot: str | None) -> JsonObject | None:
        """What is reported of the quality in a slot; None where there is nothing to say."""
        used, report = self._state.used, self._state.report
        if used is None or used.slot != slot or report is None:
            return None
        return report.value or None

    def table(
        self, model: LoadedModel, history: History, series: str | None, now: float
    ) -> tuple[JsonObject, JsonObject]:
        """The report and the whole table as of now. Raises `NotReady`, or `EdgeOpsError`."""
        scores = self.scores(model, history, series, now)
        return reported_quality(scores), quality_table(scores)

    def scores(
        self, model: LoadedModel, history: History, series: str | None, until: float
    ) -> LiveScores:
        """What there is to judge until a moment. Raises `NotReady`, or `EdgeOpsError`."""
        maker = model.window_maker
        if model.metadata.median is None:
            raise NotReady(NO_MEDIAN)
        target = maker.target(history, series)
        zone = time_zone(target.time_zone)
        hour = int((until - phase(zone)) // HOUR)
        wall = wall_hours(np.array([hour]), zone)[0]
        observed = maker.observed(history, series, until)
        state = self._state
        models = [
            ModelForecasts(
                used.key.model,
                used.name,
                used.version,
                self._ledger.memory.kept(used.key, maker.interval),
            )
            for used in (state.used, state.before)
            if used is not None
        ]
        moment = iso(hour * HOUR + phase(zone))
        judging = model.metadata.judging
        return LiveScores(models, observed, judging, maker.unit, wall, moment)

    def _use(self, model: LoadedModel, key: ForecastKey, now: float) -> None:
        """Note which model is in use; another one of the slot before it becomes the shadow."""
        if model is not self._running:
            if self._running is not None and self._shadow is not None:
                self._shadow.put(self._running)
            self._running = model
        used = self._state.used
        if used is None or (used.slot, used.key) != (model.slot, key):
            pointer = read_pointer(self._storage, model.slot)
            files = None
            if pointer is not None and pointer.get("sha256") == model.sha256:
                files = {name: pointer[name] for name in _POINTER if name in pointer}
            new = UsedModel(model.slot, key, model.name, model.version, files)
            self._now(self._state.now_uses(new, now))

    def _now(self, state: LiveState) -> None:
        self._state = state
        self._state_file.keep(state_to_json(state))


def offset_of(device: str) -> int:
    """At which second of the day (UTC) a device reports its quality."""
    return int(hashlib.sha256(device.encode()).hexdigest()[:8], 16) % _DAY


def _key(model: LoadedModel, history: History, series: str | None) -> ForecastKey:
    """Whose forecasts those of a model are; without a target where they cannot be scored."""
    try:
        key = key_of(model, history, series)
    except NotReady:
        return ForecastKey(model.sha256, "")
    return key if model.metadata.median is not None else ForecastKey(model.sha256, "")


def _made(key: ForecastKey, model: LoadedModel, window: Window, issued: Issued) -> MadeForecast:
    median = model.metadata.median
    assert median is not None
    given = issued.given
    low, high = given[:, 0], given[:, -1]
    if not model.metadata.has_interval:
        low = high = np.full(len(given), np.nan)
    return made_forecast(
        key, window.origin, np.stack([low, given[:, median], high], axis=1), issued.margins
    )
