"""Hours that arrive while the disk is full are kept, and written once there is room."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.features.device_limits import HOURS_KEPT
from edgeops.files import DISK, Disk
from edgeops.modules.forecaster import recorder as recorder_module
from edgeops.modules.forecaster.desired import desired_file
from edgeops.modules.forecaster.observations import HOUR
from edgeops.modules.forecaster.recorder import Recorder
from edgeops.modules.forecaster.status import iso

FILE = "history/observations.jsonl"


class SmallDisk:
    """A disk that takes `room` more bytes, then fails; None for a disk without an end."""

    def __init__(self, room: int | None = None, number: int = errno.ENOSPC) -> None:
        self.room = room
        self.number = number
        self.syncs = True
        self.disk = Disk(self._write, self._sync)

    def _write(self, handle: int, data: memoryview) -> int:
        if self.room is None:
            return os.write(handle, data)
        if not self.room:
            raise OSError(self.number, os.strerror(self.number))
        written = os.write(handle, data[: self.room])
        self.room -= written
        return written

    def _sync(self, handle: int) -> None:
        if not self.syncs:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


def message(*hours: int, value: float = 1.0) -> str:
    return json.dumps(
        [{"timestamp": iso(hour * HOUR), "values": {"east": value + hour}} for hour in hours]
    )


def opened(root: Path, disk: Disk = DISK, first_fill: Path | None = None) -> Recorder:
    recorder = Recorder(root, disk)
    recorder.open(first_fill)
    return recorder


def values(recorder: Recorder) -> dict[int, float]:
    return {observation.at // HOUR: observation.value for observation in recorder.history.records()}


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG]
)
@pytest.mark.parametrize("room", [0, 1, 17, 33])
def test_nothing_is_lost_over_a_restart_and_the_fault_clears(tmp_path, number, room):
    small = SmallDisk(number=number)
    recorder = opened(tmp_path, small.disk)
    recorder.take(message(1))
    small.room = room
    recorder.take(message(2, 3))
    recorder.take(message(4))
    recorder.take(message(3, value=7))  # a revised count
    assert recorder.fault == f"cannot write the history: {os.strerror(number)}"
    assert values(opened(tmp_path)) == {1: 2.0}, "a part of what came is cut off again"
    assert values(recorder) == {1: 2.0, 2: 3.0, 3: 10.0, 4: 5.0}, "forecasts go on"

    small.room = None
    recorder.save()  # no new observation is needed
    assert (recorder.fault, recorder.unsaved_hours) == (None, 0)
    assert values(opened(tmp_path)) == values(recorder)
    hours = [json.loads(line)[0] // HOUR for line in lines(tmp_path)]
    assert hours == [1, 2, 3, 4], "each once, in order, the newest value of it"


def test_a_new_observation_takes_along_what_waits(tmp_path):
    small = SmallDisk(0)
    recorder = opened(tmp_path, small.disk)
    recorder.take(message(1))
    small.room = None
    recorder.take(message(2))
    assert (recorder.fault, values(opened(tmp_path))) == (None, {1: 2.0, 2: 3.0})


STEPS = st.lists(
    st.tuples(st.just("take"), st.integers(0, 6), st.integers(0, 3))
    | st.tuples(st.just("room"), st.none() | st.integers(0, 80))
    | st.tuples(st.just("sync"), st.booleans())
    | st.sampled_from([("save",), ("gone",), ("restart",)]),
    max_size=30,
)


@given(STEPS)
def test_the_disk_has_what_memory_has_as_soon_as_it_can(steps):
    with tempfile.TemporaryDirectory() as folder:
        root, small = Path(folder), SmallDisk()
        recorder = opened(root, small.disk)
        for step in steps:
            match step:
                case ("take", hour, value):
                    recorder.take(message(hour, value=value))
                case ("room", room):
                    small.room = room
                case ("sync", syncs):
                    small.syncs = syncs
                case ("save",):
                    recorder.save()
                case ("gone",):
                    shutil.rmtree(root / "history", ignore_errors=True)
                case ("restart",) if recorder.fault is None and (root / "history").exists():
                    recorder = opened(root, small.disk)
            if step[0] in ("take", "save") and recorder.fault is None:
                assert values(opened(root)) == values(recorder)
        small.room, small.syncs = None, True
        recorder.save()
        assert recorder.fault is None
        assert values(opened(root)) == values(recorder)


def test_after_a_failed_fsync_all_is_written_again(tmp_path):
    small = SmallDisk()
    recorder = opened(tmp_path, small.disk)
    recorder.take(message(1))
    small.syncs = False
    recorder.take(message(2))
    assert lines(tmp_path) == ['[3600,"east",2.0]'], "nobody knows what of it is on disk"
    small.syncs = True
    recorder.save()
    assert values(opened(tmp_path)) == {1: 2.0, 2: 3.0}


def test_a_part_that_could_not_be_cut_off_spoils_nothing(tmp_path):
    small = SmallDisk()
    recorder = opened(tmp_path, small.disk)
    recorder.take(message(1))
    small.room = 0
    recorder.take(message(2))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'\n[7200,"east",3')
    small.room = None
    recorder.take(message(3))
    assert (recorder.fault, values(opened(tmp_path))) == (None, {1: 2.0, 2: 3.0, 3: 4.0})


def test_a_folder_that_went_away_is_made_again_with_all_of_the_history(tmp_path):
    recorder = opened(tmp_path)
    recorder.take(message(1, 2))
    shutil.rmtree(tmp_path / "history")
    recorder.save()
    assert (recorder.fault, values(opened(tmp_path))) == (None, {1: 2.0, 2: 3.0})


def test_a_volume_that_comes_late_keeps_what_is_on_it(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder_module, "_SPARE", 0)  # the file is written anew at every chance
    opened(tmp_path / "volume").take(message(1, 2))
    recorder = opened(tmp_path / "mount")
    recorder.take(message(2, 3, value=5))
    shutil.rmtree(tmp_path / "mount")
    (tmp_path / "volume").rename(tmp_path / "mount")
    recorder.take(message(4))
    assert values(recorder) == {1: 2.0, 2: 7.0, 3: 8.0, 4: 5.0}
    assert values(opened(tmp_path / "mount")) == values(recorder)


def test_two_forecasters_in_one_storage_do_not_contradict_each_other_for_ever(tmp_path):
    first, other = opened(tmp_path), opened(tmp_path)
    first.take(message(1))
    other.take(message(2))
    other.take(message(1, value=9))  # a revised count that the first does not hear of
    for _ in range(5):
        first.save()
        other.save()
    assert values(first) == values(other) == values(opened(tmp_path)) == {1: 10.0, 2: 3.0}
    assert len(lines(tmp_path)) == 3


def test_a_history_that_cannot_be_read_is_read_later_and_not_filled_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder_module, "_SPARE", 0)
    fill = tmp_path / "fill.csv"
    fill.write_text("timestamp,east\n1970-01-01T01:00:00Z,99\n")
    opened(tmp_path).take(message(1))
    aside = (tmp_path / FILE).rename(tmp_path / "aside")
    (tmp_path / FILE).mkdir()
    recorder = opened(tmp_path, first_fill=fill)
    recorder.take(message(2))
    assert recorder.fault == "cannot read the history: Is a directory"
    (tmp_path / FILE).rmdir()
    aside.rename(tmp_path / FILE)
    recorder.save()
    assert (recorder.fault, values(recorder)) == (None, {1: 2.0, 2: 3.0})
    assert values(opened(tmp_path)) == values(recorder)


def test_a_first_fill_that_finds_no_room_is_written_later(tmp_path):
    fill = tmp_path / "fill.csv"
    fill.write_text("timestamp,east\n1970-01-01T01:00:00Z,4\n1970-01-01T02:00:00Z,5\n")
    small = SmallDisk(30)
    recorder = opened(tmp_path, small.disk, fill)
    small.room = None
    recorder.take(message(3))
    fill.unlink()
    assert values(opened(tmp_path, first_fill=fill)) == {1: 4.0, 2: 5.0, 3: 4.0}


def test_the_file_is_not_written_anew_on_a_full_disk_and_no_part_of_it_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(recorder_module, "_SPARE", 3)
    small = SmallDisk()
    recorder = opened(tmp_path, small.disk)
    for value in range(5):
        small.room = 60
        recorder.take(message(1, 2, value=value))
    assert recorder.fault == "cannot shorten the history: No space left on device"
    assert [path.name for path in (tmp_path / "history").iterdir()] == ["observations.jsonl"]
    assert values(opened(tmp_path)) == values(recorder) == {1: 5.0, 2: 6.0}
    small.room = None
    recorder.save()
    assert (recorder.fault, len(lines(tmp_path))) == (None, 2)


def test_hours_that_wait_are_bounded_as_the_history_is(tmp_path):
    recorder = opened(tmp_path, SmallDisk(0).disk)
    for first in range(0, HOURS_KEPT + 1000, 1000):
        recorder.take(message(*range(first, first + 1000)))
        recorder.take(message(*range(first, first + 1000), value=2))
    assert len(recorder.history) == recorder.unsaved_hours == HOURS_KEPT


def test_desired_properties_are_kept_once_there_is_room(tmp_path):
    small = SmallDisk()
    memory = desired_file(tmp_path, small.disk)
    memory.keep({"model": "old"})
    small.room = 5
    memory.keep({"model": "new"})
    assert memory.fault == "cannot keep the desired properties: No space left on device"
    assert desired_file(tmp_path).read() == {"model": "old"}
    assert [path.name for path in (tmp_path / "history").iterdir()] == ["desired.json"]
    small.room = None
    memory.save()
    assert (memory.fault, desired_file(tmp_path).read()) == (None, {"model": "new"})
    shutil.rmtree(tmp_path / "history")
    memory.save()
    assert desired_file(tmp_path).read() == {"model": "new"}


def test_desired_properties_that_differ_by_type_alone_are_kept_too(tmp_path):
    memory = desired_file(tmp_path)
    memory.keep({"intervalSeconds": 1})
    memory.keep({"intervalSeconds": True})
    assert desired_file(tmp_path).read()["intervalSeconds"] is True


def test_what_another_forecaster_keeps_in_the_same_storage_is_left_alone(tmp_path):
    first, other = desired_file(tmp_path), desired_file(tmp_path)
    first.keep({"model": "street"})
    other.keep({"model": "lane"})
    first.save()
    assert desired_file(tmp_path).read() == {"model": "lane"}


def test_a_file_that_cannot_be_read_is_not_overwritten(tmp_path):
    desired_file(tmp_path).keep({"model": "street"})
    path = tmp_path / "history/desired.json"
    aside = path.rename(tmp_path / "aside")
    path.mkdir()
    memory = desired_file(tmp_path)
    assert memory.read() == {}
    path.rmdir()
    aside.rename(path)
    memory.save()
    assert desired_file(tmp_path).read() == {"model": "street"}


def lines(root: Path) -> list[str]:
    return (root / FILE).read_text().split("\n")[1:]


def test_a_real_file_system_that_fills_up(tmp_path):
    """In a mount namespace of its own, so that nothing of it outlives the process."""
    mount = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        allowed = subprocess.run([*mount, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        allowed = False
    if not allowed:
        pytest.skip("this machine does not let a test mount a file system")
    program = Path(__file__).with_name("full_file_system.py")
    done = subprocess.run(
        [*mount, sys.executable, str(program), str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode == 77:
        pytest.skip(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "fault while full": "cannot write the history: No space left on device",
        "fault with room": None,
        "hours after a restart": list(range(1, 201)),
        "files": ["desired.json", "observations.jsonl"],
        "desired after a restart": {"model": "street"},
    }
