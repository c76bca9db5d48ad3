"""A table that training reads and the same rows as messages to a device give the same windows.

To the bit, whatever the cadence, how an hour is combined, the zone, the day of the year, the gaps,
and the order in which messages arrive.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.features.spec import Base, Hour, Site, WindowSpec
from edgeops.features.spec_json import to_json
from edgeops.features.wall_clock import phase, time_zone, utc_hours, wall_hours
from edgeops.features.window import WindowBuilder
from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.hours import NotReady
from edgeops.modules.forecaster.metadata import ModelMetadata
from edgeops.modules.forecaster.observations import HOUR, parse_message
from edgeops.modules.forecaster.windows import FeatureWindowMaker, Window
from edgeops.training.data.data_file import DataFile
from edgeops.training.data.table import read_table
from edgeops.training.recipe import TableSection

H = np.timedelta64(1, "h")
COLUMNS = ("a", "b")
FEATURES = ("log_base", "log_y", "dev", "lag168_dev")
AUTUMN = {  # the hour that comes twice
    "Pacific/Auckland": "2024-04-07T02",
    "Europe/Berlin": "2024-10-27T02",
    "Australia/Adelaide": "2024-04-07T02",
    "America/St_Johns": "2024-11-03T01",
}
SPRING = {
    "Pacific/Auckland": "2024-09-29T02",
    "Europe/Berlin": "2024-03-31T02",
    "Australia/Adelaide": "2024-10-06T02",
    "America/St_Johns": "2024-03-10T02",
}
ZONES = [*AUTUMN, "Asia/Kolkata", "Asia/Kathmandu", "UTC"]


@dataclass(frozen=True)
class Rows:
    """Numbers of two series, `minutes` apart, until an hour on the clock of a zone is over."""

    zone: str
    hour: Hour
    moments: np.ndarray  # seconds since 1970
    values: np.ndarray  # NaN is a gap
    now: float

    def table(self) -> DataFile:
        lines = [f"timestamp,{','.join(COLUMNS)}"]
        for moment, row in zip(self.moments.tolist(), self.values.tolist(), strict=True):
            cells = ("" if value != value else repr(value) for value in row)
            lines.append(f"{stamp(moment)},{','.join(cells)}")
        return DataFile("rows.csv", "\n".join(lines).encode())

    def messages(self, order: np.ndarray) -> list[str]:
        items = [
            {
                "timestamp": stamp(int(self.moments[row])),
                "values": {
                    name: value
                    for name, value in zip(COLUMNS, self.values[row].tolist(), strict=True)
                    if value == value
                },
            }
            for row in order.tolist()
        ]
        return [json.dumps(items[first : first + 100]) for first in range(0, len(items), 100)]


def stamp(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def rows(
    zone: str, hour: Hour, last: np.datetime64, *, seed: int, hours: int = 420, gaps: float = 0.01
) -> Rows:
    """Rows of the hours up to `last`, the time of each anywhere in its slot."""
    random = np.random.default_rng(seed)
    where = time_zone(zone)
    end = int(utc_hours(np.array([last]), where)[0] + 1) * HOUR + phase(where)
    if seed % 2 and str(last) == AUTUMN.get(zone):
        end += HOUR  # it has come twice
    step = hour.minutes * 60
    moments = np.arange(end - hours * HOUR, end, step) + int(random.integers(step))
    moments = moments[moments < end]
    values = random.gamma(2.0, 9.0, (len(moments), 2))
    if seed % 3:
        values = np.floor(values)
    values[random.random(values.shape) < gaps] = np.nan
    return Rows(zone, hour, moments, values, end + 5.0)


def spec_of(of: Rows, hour: Hour) -> WindowSpec:
    return WindowSpec(
        FEATURES,
        COLUMNS,
        Site(of.zone),
        base=Base("median", 1),
        level_hours=168,
        hour=hour,
    )


def on_the_device(of: Rows, spec: WindowSpec, order: np.ndarray) -> Window | None:
    history = History()
    for message in of.messages(order):
        parsed = parse_message(message)
        assert parsed.faults == ()
        history.add(parsed.observations)
    metadata = ModelMetadata(
        spec.features, spec.steps, spec.horizon, window_spec=json.loads(json.dumps(to_json(spec)))
    )
    try:
        return FeatureWindowMaker(metadata).make(history, None, of.now)
    except NotReady:
        return None


def agrees(of: Rows, order: np.ndarray) -> None:
    """The device has the window of training at its origin; it is one of the newest hours."""
    events = 0 if of.hour.minutes == 0 else None
    section = TableSection("rows.csv", combine=of.hour.combine, cadence_minutes=events)
    dataset = read_table(of.table(), section, of.zone)
    assert dataset.hour.minutes == of.hour.minutes
    spec = spec_of(of, dataset.hour)
    builder = WindowBuilder(spec)
    window = on_the_device(of, spec, order)
    if window is None:
        newest = builder.windows(dataset.series, np.array([len(dataset.series) - 1]))
        assert not newest.usable.any()
        return
    zone = time_zone(of.zone)
    (origin,) = wall_hours(np.array([window.hours[0] - 1]), zone)
    batch = builder.windows(dataset.series, np.array([dataset.series.index(origin)]))
    assert window.values.tobytes() == batch.values[0].tobytes()
    assert window.scale == batch.scale[0]
    assert of.now - window.starts[0] < 12 * HOUR


@st.composite
def some_rows(draw) -> Rows:
    zone = draw(st.sampled_from(ZONES))
    combine = draw(st.sampled_from(["sum", "mean", "last"]))
    minutes = draw(st.sampled_from([5, 7, 10, 15, 20, 30, 60]))
    changes = [change[zone] for change in (AUTUMN, SPRING) if zone in change]
    last = np.datetime64(draw(st.sampled_from([*changes, "2024-07-01T12"])), "h")
    last += draw(st.integers(-30, 180)) * H
    gaps = draw(st.sampled_from([0.0, 0.01, 0.1]))
    return rows(zone, Hour(combine, minutes), last, seed=draw(st.integers(0, 10**6)), gaps=gaps)


@given(some_rows(), st.integers(0, 10**6))
def test_any_table_in_any_order(of, seed):
    agrees(of, np.random.default_rng(seed).permutation(len(of.moments)))


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "Europe/Berlin"])
@pytest.mark.parametrize("combine", ["sum", "mean", "last"])
@pytest.mark.parametrize("hours", [0, 1, 30])
@pytest.mark.parametrize("seed", [4, 5])
def test_the_hour_that_comes_twice(zone, combine, hours, seed):
    of = rows(zone, Hour(combine, 15), np.datetime64(AUTUMN[zone], "h") + hours * H, seed=seed)
    agrees(of, np.arange(len(of.moments)))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu"])
@pytest.mark.parametrize("combine", ["sum", "mean", "last"])
def test_a_value_a_minute_of_which_old_quarters_are_folded(zone, combine):
    last = np.datetime64("2024-11-01T12", "h")
    of = rows(zone, Hour(combine, 1), last, seed=5, gaps=0.0002, hours=900)
    agrees(of, np.arange(len(of.moments)))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu"])
@pytest.mark.parametrize("combine", ["sum", "mean", "last"])
@pytest.mark.parametrize("minutes", [15, 20, 60])
def test_loggers_whose_clock_jitters(zone, combine, minutes):
    """Some rows come before the hour that they are of."""
    of = rows(zone, Hour(combine, minutes), np.datetime64("2024-11-01T12", "h"), seed=4)
    random = np.random.default_rng(5)
    slots = of.moments // (minutes * 60) * minutes * 60 + random.integers(-15, 16, len(of.moments))
    slots[[0, -1]] += 20  # nothing is of an hour before or after
    agrees(replace(of, moments=slots), np.arange(len(slots)))


@pytest.mark.parametrize("combine", ["sum", "mean", "last"])
def test_events_at_any_time(combine):
    random = np.random.default_rng(3)
    last = int(utc_hours(np.array([np.datetime64("2024-11-01T12", "h")]), time_zone("UTC"))[0])
    end = (last + 1) * HOUR
    moments = np.unique(np.append(random.integers(end - 420 * HOUR, end, 1500), end - 60))
    values = random.integers(1, 4, (len(moments), 2)).astype(float)
    agrees(Rows("UTC", Hour(combine, 0), moments, values, end + 5.0), np.arange(len(moments)))
