"""The history on disk: power may fail at any byte."""

from __future__ import annotations

import json

from edgeops.modules.forecaster import recorder as recorder_module
from edgeops.modules.forecaster.observations import HOUR, Observation
from edgeops.modules.forecaster.recorder import HistoryFile, Recorder

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
    assert list(after.history.observations()) == list(before.history.observations())
    assert [observation.value for observation in after.history.observations()] == [11, 20]


def test_a_cut_at_any_byte_leaves_what_was_whole_and_takes_more(tmp_path):
    file = HistoryFile(tmp_path / "whole")
    file.append(ONES)
    data = file.path.read_bytes()
    more = Observation(9 * HOUR, "east", 9.0)
    for cut in range(len(data) + 1):
        half = HistoryFile(tmp_path / "cut")
        half.path.write_bytes(data[:cut])
        half.append([more])
        *read, last = half.read()
        assert last == more
        assert read == ONES[: len(read)]
        assert len(read) >= data[:cut].count(b"\n") - 1  # at most the record that was cut


def test_blocks_that_were_never_written_are_skipped(tmp_path):
    file = HistoryFile(tmp_path / "history")
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
    assert [observation.value for observation in opened(tmp_path).history.observations()] == [199]


def test_unusable_storage_costs_the_history_not_the_forecast(tmp_path):
    (tmp_path / "history").write_text("a file")
    recorder = opened(tmp_path)
    recorder.take(message(1, 10))
    assert recorder.fault is not None
    assert recorder.fault.startswith("cannot write the history: ")
    assert len(recorder.history) == 1
