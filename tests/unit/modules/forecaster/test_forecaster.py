"""When there is a forecast, with which model, and what is reported."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from edgeops.modules.forecaster.desired import ForecasterSettings
from edgeops.modules.forecaster.forecaster import Forecaster
from edgeops.modules.forecaster.model import RETRY_SECONDS, Keeper, load_model
from edgeops.modules.forecaster.observations import HOUR, Observation
from edgeops.modules.forecaster.recorder import Recorder

SCHEMA = Path(__file__).parents[4] / "schemas/modules/forecaster.reported.schema.json"
NOON = 1_767_268_800.0  # 2026-01-01T12:00:00Z


class Clock:
    """A steady clock that the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def forecaster(storage, later, clock) -> Forecaster:
    recorder = Recorder(storage.root)
    made = Forecaster(recorder, Keeper(storage.root, load_model, later), clock)
    made.settings = ForecasterSettings("crowdedness", 600)
    observe(made, [1, 2, 3], [5, 6, 7])
    return made


def observe(forecaster: Forecaster, *series: list[float], until: float = NOON) -> None:
    """The last full hours before a time, of east and west."""
    for name, values in zip(("east", "west"), series, strict=False):
        first = int(until // HOUR) - len(values)
        forecaster.recorder.history.add(
            Observation((first + at) * HOUR, name, value) for at, value in enumerate(values)
        )


def test_a_forecast_names_its_model_and_its_hours(forecaster, storage, model, later):
    current = storage.put(model())
    assert forecaster.step(NOON) is None  # the model is being loaded
    later.run()
    assert forecaster.step(NOON + 1) == {
        "slot": "crowdedness",
        "model": "mean",
        "version": "1.0.0",
        "sha256": current.sha256,
        "issuedAt": "2026-01-01T12:00:01Z",
        "observedFrom": "2026-01-01T09:00:00Z",
        "observedUntil": "2026-01-01T12:00:00Z",
        "missingHours": 0,
        "firstHour": "2026-01-01T12:00:00Z",
        "intervalHours": 1,
        "horizonHours": 2,
        "starts": ["2026-01-01T12:00:00Z", "2026-01-01T13:00:00Z"],
        "quantiles": {"0.1": [4, 4], "0.5": [4, 4]},
    }
    assert state_of(forecaster) == ("Ready", None, None)


def test_forecasts_come_once_an_interval_aligned_to_the_clock(forecaster, storage, model, later):
    start(forecaster, storage.put(model()), later)
    times = range(1, 1799, 7)
    given = [at for at in times if forecaster.step(NOON + at)]
    assert [at // 600 for at in given] == [1, 2]
    assert [at % 600 < 7 for at in given] == [True, True]


class TestLateValues:
    """What comes after the hour leads to a new forecast, and not to a stream of them."""

    @pytest.fixture(autouse=True)
    def _running(self, forecaster, storage, model, later) -> None:
        forecaster.settings = ForecasterSettings("crowdedness", HOUR)
        start(forecaster, storage.put(model()), later)
        self.forecaster = forecaster

    def tell(self, name: str, hour: int, value: float) -> None:
        """A value of an hour, counted from the one that begins at noon."""
        at = int(NOON) + hour * HOUR
        self.forecaster.recorder.history.add([Observation(at, name, value)])

    def until_at(self, second: float) -> str | None:
        """Up to when the hours were observed that the forecast of this second rests on."""
        forecast = self.forecaster.step(NOON + second)
        return forecast["observedUntil"][11:16] if forecast else None

    def test_an_hour_that_is_complete_after_the_tick_is_forecast_at_once(self):
        assert self.until_at(HOUR) == "12:00"
        self.tell("east", 0, 4)
        assert self.until_at(HOUR + 5) is None  # west is not there yet
        self.tell("west", 0, 4)
        assert self.until_at(HOUR + 6) == "13:00"
        assert self.forecaster.reported()["history"]["observedUntil"] == "2026-01-01T13:00:00Z"
        assert self.until_at(HOUR + 7) is None

    def test_corrections_wait_for_the_next_interval(self):
        for name in ("east", "west"):
            self.tell(name, 0, 4)
        assert self.until_at(HOUR) == "13:00"
        for second in range(100):
            self.tell("east", 0, second)
            assert self.until_at(HOUR + 1 + second) is None
        assert self.until_at(2 * HOUR) == "13:00"

    def test_a_gap_that_is_closed_late_changes_the_forecast_once(self):
        self.tell("east", 0, 4)
        self.tell("east", 1, 4)
        self.tell("west", 1, 4)
        first = self.forecaster.step(NOON + 2 * HOUR)
        assert first is not None
        assert (first["missingHours"], first["observedUntil"][11:16]) == (1, "14:00")
        self.tell("west", 0, 40)
        second = self.forecaster.step(NOON + 2 * HOUR + 9)
        assert second is not None
        assert second["missingHours"] == 0
        assert second["quantiles"] != first["quantiles"]
        assert self.until_at(2 * HOUR + 10) is None

    def test_hours_that_end_after_the_tick_wait_for_the_next_one(self):
        self.forecaster.settings = ForecasterSettings("crowdedness", 86400)
        assert self.until_at(HOUR) == "12:00"  # of this day
        for hour in range(3):
            for name in ("east", "west"):
                self.tell(name, hour, 4)
            assert self.until_at((hour + 1) * HOUR + 5) is None

    def test_old_hours_that_come_one_by_one_are_not_forecast_one_by_one(self):
        for hour in range(-200, -30):
            for name in ("east", "west"):
                self.tell(name, hour, 4)
            assert self.until_at(1) is None


def test_a_clock_that_is_set_back_does_not_stop_forecasts(forecaster, storage, model, later):
    start(forecaster, storage.put(model()), later)
    observe(forecaster, [1] * 3, [1] * 3, until=NOON - 86400)
    assert forecaster.step(NOON - 86400)
    assert forecaster.step(NOON)


def test_the_old_model_forecasts_until_the_new_one_has_proven_itself(
    forecaster, storage, model, later
):
    start(forecaster, storage.put(model()), later)
    storage.put(model(factor=10), "2.0.0")
    between = forecaster.step(NOON + 600)
    assert between is not None
    assert between["version"] == "1.0.0"
    later.run()
    after = forecaster.step(NOON + 601)  # a new model forecasts at once
    assert after is not None
    assert (after["version"], after["quantiles"]["0.5"]) == ("2.0.0", [40, 40])


@pytest.mark.parametrize("bad", ["shape", "no model"])
def test_the_old_model_stays_when_the_new_one_is_bad(forecaster, storage, model, later, bad):
    old = storage.put(model())
    start(forecaster, old, later)
    new = storage.put(model(columns=7) if bad == "shape" else b"junk", "2.0.0")
    forecaster.step(NOON + 10)
    later.run()
    forecast = forecaster.step(NOON + 600)
    assert forecast is not None
    assert forecast["version"] == "1.0.0"
    reported = forecaster.reported()["model"]
    assert (reported["state"], reported["sha256"]) == ("Error", old.sha256)
    assert reported["error"]["code"] == ("InputShape" if bad == "shape" else "LoadFailed")
    assert reported["error"]["sha256"] == new.sha256  # of the one that is not in use

    storage.put(model(factor=2), "3.0.0")
    start(forecaster, None, later, NOON + 601)
    assert state_of(forecaster) == ("Ready", None, None)


def test_a_load_that_failed_is_tried_again_after_a_while(forecaster, storage, model, later, clock):
    current = storage.put(model())
    good = current.path.read_bytes()
    current.path.write_bytes(b"half")
    start(forecaster, current, later)
    assert state_of(forecaster)[0] == "Error"
    current.path.write_bytes(good)
    forecaster.step(NOON + 1)
    assert later.waiting == []
    clock.now += RETRY_SECONDS
    start(forecaster, current, later, NOON + 2)
    assert state_of(forecaster) == ("Ready", None, None)


def test_without_a_model_it_says_what_it_waits_for(forecaster, storage, model):
    forecaster.step(NOON)
    assert state_of(forecaster) == ("NoModel", "the slot is empty", None)
    forecaster.settings = ForecasterSettings(None)
    forecaster.step(NOON)
    assert state_of(forecaster) == ("NoModel", "the desired properties name no slot", None)


def test_it_warms_up_until_the_window_is_full(forecaster, storage, model, later):
    start(forecaster, storage.put(model(steps=5)), later)
    assert state_of(forecaster)[:2] == (
        "Warming",
        "east has 3 of the 5 hours that the model needs",
    )
    observe(forecaster, [1] * 5, [1] * 5)
    assert forecaster.step(NOON + 5)  # at once, not an interval later
    assert state_of(forecaster) == ("Ready", None, None)


def test_old_observations_give_no_forecast_of_the_past(forecaster, storage, model, later):
    start(forecaster, storage.put(model()), later, NOON + 2 * HOUR)
    assert state_of(forecaster)[:2] == (
        "Warming",
        "the newest observations are too old: no hour ahead can be forecast",
    )


def test_a_forecast_that_fails_is_reported_and_tried_in_the_next_interval(
    forecaster, storage, model, later
):
    start(forecaster, storage.put(model(factor=float("inf"))), later)
    assert forecaster.step(NOON + 5) is None
    assert state_of(forecaster)[2] == "NotFinite"
    storage.put(model(), "2.0.0")
    start(forecaster, None, later, NOON + 10)
    assert state_of(forecaster) == ("Ready", None, None)


def test_another_slot_means_another_model(forecaster, storage, model, later):
    start(forecaster, storage.put(model()), later)
    forecaster.settings = ForecasterSettings("elsewhere", 600)
    assert forecaster.step(NOON + 600) is None
    assert forecaster.reported()["model"]["state"] == "NoModel"
    assert "sha256" not in forecaster.reported()["model"]


def test_a_slot_that_is_emptied_keeps_its_model_running(forecaster, storage, model, later):
    current = storage.put(model())
    start(forecaster, current, later)
    (current.path.parent / "current.json").unlink()
    assert forecaster.step(NOON + 600)


def test_an_error_names_the_model_that_has_it(forecaster, storage, model, later):
    first = storage.put(model())
    start(forecaster, first, later)
    bad = storage.put(b"junk", "2.0.0")
    start(forecaster, bad, later, NOON + 1)
    document = {**forecaster.reported(), "forecaster": {"version": "1"}}
    jsonschema.validate(document, json.loads(SCHEMA.read_bytes()))
    storage.put(model(factor=2), "3.0.0")
    forecaster.step(NOON + 2)  # it is being loaded: the error is still that of the second
    assert forecaster.reported()["model"]["error"]["sha256"] == bad.sha256
    later.run()
    forecaster.step(NOON + 3)
    assert "error" not in forecaster.reported()["model"]


@pytest.mark.parametrize("prepared", [True, False])
def test_what_is_reported_follows_its_schema(forecaster, storage, model, later, prepared):
    if prepared:
        start(forecaster, storage.put(model()), later)
    forecaster.recorder.take("bad")
    forecaster.recorder.take('{"timestamp": "2026-01-01T00:00Z", "values": {"east": "bad"}}')
    assert forecaster.reported()["history"]["refusedBy"] == {"message": 1, "value": 1}
    document = {**forecaster.reported(), "forecaster": {"version": "1"}}
    jsonschema.validate(document, json.loads(SCHEMA.read_bytes()))
    assert ("latencyMs" in document["model"]) is prepared


def start(forecaster, current, later, now: float = NOON) -> None:
    """Let the forecaster see the slot, load its model and run it."""
    forecaster.step(now)
    later.run()
    forecaster.step(now)


def state_of(forecaster) -> tuple[str, str | None, str | None]:
    model = forecaster.reported()["model"]
    return model["state"], model.get("reason"), model.get("error", {}).get("code")
