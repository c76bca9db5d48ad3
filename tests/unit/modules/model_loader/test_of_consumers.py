"""What the modules that use a model keep beside it is never touched."""

from __future__ import annotations

import json
import stat

import pytest

OLD = b"the old model" * 100  # what the fixture `device` runs
VISION = {
    "model.onnx": b"graph" * 1000,
    "weights.bin": b"w" * 50_000,
    "labels/en.txt": b"cat\ndog\n",
}


def test_every_user_may_write_to_the_own_folder(device):
    own = device.current().own
    mode = own.lstat().st_mode
    assert stat.S_ISDIR(mode)
    assert stat.S_IMODE(mode) == 0o1777


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_an_own_folder_that_is_there_is_never_touched(make_device, server, tmp_path, kind):
    own = tmp_path / "models/crowds/own"
    own.parent.mkdir(parents=True)
    if kind == "folder":
        own.mkdir(0o700)
    elif kind == "file":
        own.write_text("mine")
    else:
        own.symlink_to(tmp_path)
    before = own.lstat()
    device = make_device()
    device.bring(crowds=server.publish(OLD, "/old", "old.onnx"))
    after = own.lstat()
    assert (after.st_mode, after.st_ino) == (before.st_mode, before.st_ino)


def test_an_own_folder_that_was_not_finished_is_made_anew(make_device, server, tmp_path):
    (tmp_path / "models/crowds/.own.part").mkdir(parents=True)
    device = make_device()
    device.bring(crowds=server.publish(OLD, "/old", "old.onnx"))
    assert stat.S_IMODE(device.current().own.stat().st_mode) == 0o1777


def test_the_pointer_of_an_earlier_edgeops_is_taken_over(device, make_device, server):
    folder = device.storage / "crowds"
    pointer = json.loads((folder / "current.json").read_bytes())
    for key in ("files", "metadata", "versions"):
        del pointer[key]
    (folder / "current.json").write_text(json.dumps(pointer))
    (folder / "engine.plan").write_bytes(b"cache")
    (folder / "older.onnx").write_bytes(b"an older model, or theirs")
    assert device.current().files == {"old.onnx": folder / "old.onnx"}
    again = make_device()
    single = server.model(OLD, "/old", "old.onnx")
    again.bring(crowds=single)
    assert json.loads((folder / "current.json").read_bytes())["versions"] == ["old.onnx"]
    again.offer({"models": {"crowds": server.publish_set(VISION, "/v")}, "keepVersions": 1})
    again.work()
    name = again.current().path.parent.name
    assert again.files() == sorted([name, "current.json", "engine.plan", "older.onnx"])


def test_a_file_that_somebody_put_there_is_used_and_stays_theirs(make_device, server):
    device = make_device()
    (device.storage / "crowds").mkdir()
    (device.storage / "crowds/from-usb.bin").write_bytes(OLD)
    device.bring(crowds=server.model(OLD, "/old", "old.onnx"))
    assert device.runs(OLD)
    for number in range(3):
        wanted = server.publish(OLD + bytes([number]), f"/{number}", f"{number}.onnx")
        device.offer({"models": {"crowds": wanted}, "keepVersions": 1})
        device.work()
    assert device.files() == ["2.onnx", "current.json", "from-usb.bin"]


def test_a_name_that_a_deleted_version_had_is_free_for_others(device, server):
    device.offer({"models": {"crowds": server.publish(VISION["model.onnx"], "/n", "n.onnx")},
                  "keepVersions": 1})  # fmt: skip
    device.work()
    assert device.files() == ["current.json", "n.onnx"]
    (device.storage / "crowds/old.onnx").write_bytes(b"a consumer's")
    device.offer({"models": {"crowds": server.publish_set(VISION, "/v")}, "keepVersions": 1})
    device.work()
    assert (device.storage / "crowds/old.onnx").read_bytes() == b"a consumer's"


def test_hidden_files_of_others_stay(device, server):
    theirs = device.storage / "crowds/.cache.part"
    theirs.write_bytes(b"theirs")
    device.bring(crowds=server.publish_set(VISION, "/v"))
    assert theirs.exists()
