"""One step of the forecaster: what to forecast, what to report, at a given time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from edgeops.jsonvalue import JsonObject
from edgeops.modules.forecaster.context import ColumnAhead
from edgeops.modules.forecaster.context_keeper import ContextKeeper
from edgeops.modules.forecaster.desired import ForecasterSettings
from edgeops.modules.forecaster.hours import NotReady, hours_of_utc
from edgeops.modules.forecaster.live import LiveQuality
from edgeops.modules.forecaster.margins_of_day import Issued
from edgeops.modules.forecaster.metadata import ModelError
from edgeops.modules.forecaster.model import Keeper, LoadedModel
from edgeops.modules.forecaster.observations import HOUR
from edgeops.modules.forecaster.recorder import Recorder
from edgeops.modules.forecaster.status import (
    ForecasterState,
    ForecasterStatus,
    context_reported,
    missing_context,
    reported,
    telemetry,
)
from edgeops.modules.forecaster.windows import Window

AGAIN_SECONDS = 60  # how soon new context leads to another forecast
_LATE = 24  # hours; one that is completed later is of use to the next interval's forecast


class Forecaster:
    """Forecasts once an interval, aligned to the clock, as soon as it is able to.

    Values that come later do not have to wait for the next interval: when an hour
    that was over by then has become complete, there is another forecast, at most
    one for each such hour and only if it can differ.

    `stopwatch` gives seconds of a steady clock; the time of day is an argument of
    `step`.
    """

    def __init__(
        self,
        recorder: Recorder,
        keeper: Keeper,
        stopwatch: Callable[[], float],
        context: ContextKeeper | None = None,
        live: LiveQuality | None = None,
    ) -> None:
        self.settings = ForecasterSettings()
        self.recorder = recorder
        self.live = live or LiveQuality(recorder.storage)
        self._context = context or ContextKeeper(recorder.storage)
        self._ahead: tuple[ColumnAhead, ...] = ()  # of the newest forecast
        self._forecast_at = 0.0
        self._seen_changes = 0
        self._keeper = keeper
        self._stopwatch = stopwatch
        self._status = ForecasterStatus(ForecasterState.NO_MODEL, None, None, 0.0)
        self._latency: float | None = None
        self._used: LoadedModel | None = None
        self._done: int | None = None  # the interval that has had its forecast
        self._failed: ModelError | None = None  # why it has not
        self._complete: frozenset[int] = frozenset()  # the hours that were when it had
        self._window: Window | None = None  # of the last forecast
        self._made: tuple[LoadedModel, Window, Issued] | None = None  # what is to be kept

    def step(self, now: float) -> JsonObject | None:
        """The forecast that is due, if one is; `now` is in seconds since 1970."""
        self._keeper.poll(self.settings.slot, self._stopwatch())
        model, error = self._keeper.model, self._keeper.error
        if model is None:
            self._set(None if error else self._why_none(), error, now)
            return None
        if model is not self._used:  # a new model shows at once what it can do
            self._used, self._done, self._failed, self._window = model, None, None, None
            self._ahead = ()
        self._look_at_context(model, now)
        begins = model.window_maker.phase
        interval = int((now - begins) // self.settings.interval)
        over = int((interval * self.settings.interval) // HOUR)  # hours before were over by then
        forecast, reason = None, None
        due = interval != self._done
        changed = self.recorder.history.changed_hours()
        if due or self._completed(model, changed, over):
            try:
                forecast = self._forecast(model, now, only_other=not due)
                self._done, self._failed = interval, None
                self._complete = self._complete_hours(model, range(over - _LATE, over))
            except NotReady as why:
                reason = str(why) if due else None
            except ModelError as failed:  # it would fail again with the same input
                self._done, self._failed = interval, failed
        self._set(reason, error or self._failed, now)
        return forecast

    def follow_up(self, now: float) -> None:
        """What `step` leads to, once its forecast was sent: keep it, and score what was kept."""
        history, series = self.recorder.history, self.settings.series
        if self._made is not None:
            (model, window, issued), self._made = self._made, None
            ahead = partial(self._context.ahead, now)
            self.live.keep(model, window, issued, history, series, now, ahead)
        if self._used is not None and self._keeper.model is self._used:
            self.live.follow(self._used, history, series, now)

    def quality(self, now: float) -> tuple[JsonObject, JsonObject]:
        """The live quality as of now: a summary, and the whole table.

        Raises `NotReady` where there is none, or `EdgeOpsError`.
        """
        model = self._keeper.model
        if model is None:
            raise NotReady(self._why_none())
        return self.live.table(model, self.recorder.history, self.settings.series, now)

    def reported(self) -> JsonObject:
        """The reported properties as they are now."""
        model = self._keeper.model
        context = context_reported(self._context, self._ahead, self._forecast_at)
        in_error = self._keeper.failed or (model.sha256 if model else None)
        return reported(
            self.settings,
            model,
            self._status,
            in_error,
            self.recorder,
            self._latency,
            self._window,
            context,
            self.live.reported(self.settings.slot),
        )

    def _completed(self, model: LoadedModel, changed: Iterable[int], over: int) -> bool:
        """Whether hours are complete by what has changed that were over but not complete."""
        hours = hours_of_utc(changed, model.window_maker.phase)
        late = [hour for hour in hours - self._complete if over - _LATE <= hour < over]
        new = self._complete_hours(model, late)
        self._complete |= new
        return bool(new)

    def _complete_hours(self, model: LoadedModel, hours: Iterable[int]) -> frozenset[int]:
        history = self.recorder.history
        return model.window_maker.complete(history, self.settings.series, hours)

    def _forecast(self, model: LoadedModel, now: float, *, only_other: bool) -> JsonObject | None:
        """A forecast; `only_other` gives None when nothing it is made of has changed."""
        started = self._stopwatch()
        window = self._make_window(model, now)
        if window.starts[-1] <= now:
            raise NotReady("the newest observations are too old: no hour ahead can be forecast")
        if only_other and window.is_as(self._window):
            return None
        history, series = self.recorder.history, self.settings.series
        issued = self.live.issued(model, window, history, series, now)
        self._latency = self._stopwatch() - started
        self._window, self._made = window, (model, window, issued)
        self._ahead, self._forecast_at = window.context, now
        return telemetry(model, window, issued, now)

    def _make_window(self, model: LoadedModel, now: float) -> Window:
        self._seen_changes = self._context.changes
        ahead = partial(self._context.ahead, now)
        history, series = self.recorder.history, self.settings.series
        return model.window_maker.make(history, series, now, ahead)

    def _look_at_context(self, model: LoadedModel, now: float) -> None:
        """Let new context lead to a forecast of its own, if the model uses any."""
        self._context.look(self.settings.context)
        if not model.window_maker.known_ahead or self._context.changes == self._seen_changes:
            return
        if self._done is None or now - self._forecast_at >= AGAIN_SECONDS:
            self._done = None

    def _why_none(self) -> str:
        if self.settings.slot is None:
            return "the desired properties name no slot"
        return "the slot is empty" if not self._keeper.loading else "the model is being loaded"

    def _set(self, reason: str | None, error: ModelError | None, now: float) -> None:
        state = ForecasterState.READY
        if error:
            state = ForecasterState.ERROR
        elif self._keeper.model is None:
            state = ForecasterState.NO_MODEL
        elif reason:
            state = ForecasterState.WARMING
        else:
            reason = missing_context(self._ahead, self._forecast_at)
        before = self._status
        if (before.state, before.reason, before.error) != (state, reason, error):
            since = before.since if before.state == state and before.since else now
            self._status = ForecasterStatus(state, reason, error, since)
