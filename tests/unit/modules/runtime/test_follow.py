"""A module is told which model its slot holds, once for each switch."""

import json
import subprocess
import sys

from edgeops.modules.runtime.follow import SlotFollower
from edgeops.modules.runtime.slots import CurrentModel, write_current


def switch(storage, version, slot="vision"):
    path = storage / slot / f"m-{version}.onnx"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(version.encode())
    write_current(CurrentModel(slot, path, "m", version, "", "", 5, "onnx", ""))


def test_told_at_once_and_after_each_switch(tmp_path):
    told = []
    follower = SlotFollower(tmp_path, "vision", lambda current: told.append(current))
    follower.poll()
    follower.poll()
    assert told == [None]
    for version in ("1.0.0", "1.1.0", "1.0.0"):
        switch(tmp_path, version)
        follower.poll()
        follower.poll()
    assert [current.version for current in told[1:]] == ["1.0.0", "1.1.0", "1.0.0"]
    switch(tmp_path, "9.0.0", slot="other")
    follower.poll()
    assert len(told) == 4


def test_an_emptied_slot_is_told(tmp_path):
    told = []
    switch(tmp_path, "1.0.0")
    follower = SlotFollower(tmp_path, "vision", lambda current: told.append(current))
    follower.poll()
    (tmp_path / "vision/current.json").unlink()
    follower.poll()
    assert told[1] is None


def test_it_ends(tmp_path):
    follower = SlotFollower(tmp_path, "vision", lambda _: follower.stop())
    follower.run(every=60)


def test_what_cannot_use_the_model_ends_its_process(tmp_path):
    """IoT Edge starts it again; a module that lost its thread would only look alive."""
    switch(tmp_path, "1.0.0")
    program = f"""
import json, os, time
from edgeops.modules.runtime import follow_slot
pointer = {str(tmp_path / "vision/current.json")!r}

def use(current):
    if current.version == "broken":
        raise ValueError("cannot use it")

follow_slot("vision", use, every=0.01)
value = json.load(open(pointer)) | {{"version": "broken"}}
json.dump(value, open(pointer + ".new", "w"))
os.replace(pointer + ".new", pointer)
time.sleep(60)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={"EDGEOPS_STORAGE": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert ended.returncode == 1
    assert "cannot use it" in ended.stderr
    assert json.loads((tmp_path / "vision/current.json").read_text())["version"] == "broken"
