"""The history on disk: power may fail at any byte."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial

from edgeops.features.spec import Hour
from edgeops.modules.forecaster import recorder as recorder_module
from edgeops.modules.forecaster.history import History
from edgeops.modules.forecaster.hours import HistoryHours
from edgeops.modules.forecaster.observations import HOUR, Observation
from edgeops.modules.forecaster.recorder import Recorder, history_file

ONES = [Observation(hour * HOUR, "east", hour + 0.5) for hour in range(5)]


def message(hour: int, value: float) -> str:
    day, hour = divmod(hour, 24)
    return json.dumps(
        {"timestamp": f"2024-01-{day + 1:02}T{hour:02}:00:00Z", "values": {"east": value}}
    )


def opened(root, first_fill=None) -> Recorder:
    recorder = Recorder(root)
    recorder.open(first_fill)
    return recorder


def test_what_was_taken_is_there_after_a_restart(tmp_path):
    before = opened(tmp_path)
    before.take(message(1, 10))
    before.take(message(2, 20))
    before.take(message(1, 11))  # a correction
    after = opened(tmp_path)
    assert list(after.history.records()) == list(before.history.records())
    assert [observation.value for observation in after.history.records()] == [11, 20]


def test_a_cut_at_any_byte_leaves_what_was_whole_and_takes_more(tmp_path):
    file = history_file(tmp_path / "whole")
    file.append(ONES)
    data = file.path.read_bytes()
    more = Observation(9 * HOUR, "east", 9.0)
    for cut in range(len(data) + 1):
        half = history_file(tmp_path / "cut")
        half.path.write_bytes(data[:cut])
        half.append([more])
        *read, last = half.read()
        assert last == more
        assert read == ONES[: len(read)]
        assert len(read) >= data[:cut].count(b"\n") - 1  # at most the record that was cut


def test_blocks_that_were_never_written_are_skipped(tmp_path):
    file = history_file(tmp_path / "history")
    file.path.write_bytes(b"\0" * 512 + b'\n[true,{},NaN]\n[1,"a",Infinity]')
    file.append(ONES)
    assert list(file.read()) == ONES


def test_bad_messages_are_counted_and_the_last_reason_kept(tmp_path):
    recorder = opened(tmp_path)
    recorder.take("no json")
    recorder.take(b'{"timestamp": "2024-01-01", "values": {"east": 1}}')
    assert (recorder.refused, recorder.fault) == (
        2,
        "timestamp has no offset from UTC, such as Z or +13:00",
    )
    assert recorder.refused_by == {"message": 1, "timestamp": 1}


def test_what_is_stamped_in_the_future_is_counted_and_pushes_nothing_out(tmp_path):
    fill = tmp_path / "fill.csv"
    days = "".join(f"2024-01-{day:02}T00:00Z,1\n2124-01-{day:02}T00:00Z,1\n" for day in range(1, 9))
    fill.write_text(f"timestamp,east\n{days}")
    now = datetime(2024, 1, 9, tzinfo=UTC).timestamp()
    recorder = Recorder(tmp_path / "s", clock=lambda: now)
    recorder.open(fill)
    values = {"east": 1, "west": 2}
    for year, minute in ((2024, 59), (2024, 0), (9999, 0)):
        stamp = f"{year}-01-09T{1 - minute // 59:02}:{minute:02}:01Z"
        recorder.take(json.dumps({"timestamp": stamp, "values": values}))
    assert (len(recorder.history), recorder.refused_by) == (9, {"future": 8 + 2 + 2})
    assert recorder.fault == "timestamp is more than an hour ahead of the clock"
    after = opened(tmp_path / "s")  # a clock that is wrong after a start loses nothing
    assert len(after.history) == 9


def test_what_there_is_no_room_for_is_counted_too(tmp_path):
    recorder = opened(tmp_path)
    values = {f"s{number}": 1 for number in range(258)}
    recorder.take(json.dumps({"timestamp": "2024-01-01T00:00Z", "values": values}))
    assert (recorder.refused_by, len(recorder.history.names)) == ({"series": 2}, 256)
    assert recorder.fault == "s257: there are 256 series already"
    assert len(opened(tmp_path).history.names) == 256


def test_the_history_of_an_older_forecaster_is_read(tmp_path):
    (tmp_path / "history").mkdir()
    path = tmp_path / "history/observations.jsonl"
    path.write_text('\n[3600,"east",1.0]\n[7200,"east",2.5]\n[3600,"east",4.0]')
    ones = list(opened(tmp_path).history.records())
    assert ones == [Observation(3600, "east", 4.0), Observation(7200, "east", 2.5)]


def test_what_was_folded_is_written_and_read_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder_module, "_SPARE", 10)
    monkeypatch.setattr(recorder_module, "History", partial(History, 4))
    recorder = opened(tmp_path)
    for minute in range(4 * 60):
        stamp = f"2024-01-01T{minute // 60:02}:{minute % 60:02}:00Z"
        recorder.take(json.dumps({"timestamp": stamp, "values": {"east": minute / 10}}))
    kept = list(recorder.history.records())
    assert sum(one.count for one in kept) == 240
    assert len(kept) <= 24
    first, hour = kept[0].at // HOUR, Hour("sum", 1)
    tables = [
        HistoryHours(part.history, hour).table(["east"], first, first + 3).tolist()
        for part in (recorder, opened(tmp_path))
    ]
    assert tables[0] == tables[1]
    assert tables[0][3] > tables[0][0] > [0]
    assert (tmp_path / "history/observations.jsonl").read_bytes().count(b"\n") <= 3 * 24 + 10


def test_a_csv_file_fills_an_empty_history_only(tmp_path):
    fill = tmp_path / "fill.csv"
    fill.write_text("timestamp,east\n2024-01-01T00:00:00Z,1\n2024-01-01T01:00:00Z,x\n")
    first = opened(tmp_path / "s", fill)
    assert (len(first.history), first.refused) == (1, 1)
    fill.write_text("timestamp,east\n2024-01-01T05:00:00Z,1\n")
    assert len(opened(tmp_path / "s", fill).history) == 1


def test_the_file_stays_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder_module, "_SPARE", 10)
    recorder = opened(tmp_path)
    for value in range(200):
        recorder.take(message(1, value))
    records = (tmp_path / "history/observations.jsonl").read_bytes().count(b"\n")
    assert records <= 12
    assert [observation.value for observation in opened(tmp_path).history.records()] == [199]


def test_unusable_storage_costs_the_history_not_the_forecast(tmp_path):
    (tmp_path / "history").write_text("a file")
    recorder = opened(tmp_path)
    recorder.take(message(1, 10))
    assert recorder.fault is not None
    assert recorder.fault.startswith("cannot write the history: ")
    assert len(recorder.history) == 1
