"""The pattern, step by step: valid? there already? download, verify, switch, report."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.modules.model_loader.status import SlotState
from edgeops.modules.runtime.slots import read_current

OLD = b"the old model" * 100  # what the fixture `device` runs
NEW = bytes(range(256)) * 2000


def test_a_model_is_downloaded_verified_and_reported(device, server):
    status = device.bring(crowds=server.publish(NEW, "/new", version="1.1.0"))

    assert (status.state, status.error) == (SlotState.READY, None)
    assert device.runs(NEW)
    assert device.files() == ["current.json", "new.onnx", "old.onnx"]
    wanted = server.model(NEW, "/new")
    assert device.reported() == {
        "lastModelUpdate": "2027-01-15T08:16:40Z",
        "models": {
            "crowds": {
                "state": "ready",
                "name": "crowds",
                "version": "1.1.0",
                "sha256": wanted["sha256"],
                "since": "2027-01-15T08:16:40Z",
            }
        },
        "loader": {"version": "1.0", "storage": {}, "warnings": []},
    }
    current = device.current()
    assert (current.size, current.md5, current.format) == (len(NEW), wanted["md5"], "onnx")


def test_a_model_that_is_there_is_not_downloaded_again_whatever_its_name(device, server):
    device.bring(crowds=server.model(OLD, "/old", "another-name.onnx"))
    assert device.runs(OLD)
    assert server.gets("/old") == 1


def test_a_restart_downloads_nothing(device, make_device, server):
    again = make_device()
    status = again.bring(crowds=server.model(OLD, "/old", "old.onnx"))
    assert (status.state, status.since) == (SlotState.READY, device.status().since)
    assert server.gets("/old") == 1


def test_a_file_that_was_put_there_by_hand_is_taken(make_device, server):
    device = make_device()
    (device.storage / "crowds").mkdir()
    (device.storage / "crowds/from-usb.bin").write_bytes(NEW)
    device.bring(crowds=server.model(NEW, "/new"))
    assert device.current().path.name == "from-usb.bin"
    assert server.requests == []


def test_another_model_of_the_same_file_name_stays_beside_the_old_one(device, server):
    device.bring(crowds=server.publish(NEW, "/new", "old.onnx"))
    digest = hashlib.sha256(NEW).hexdigest()
    assert device.files() == [f"{digest[:12]}-old.onnx", "current.json", "old.onnx"]
    assert device.runs(NEW)


def test_a_file_that_rotted_on_disk_is_replaced(device, make_device, server):
    device.current().path.write_bytes(b"x" * len(OLD))
    again = make_device()
    again.bring(crowds=server.model(OLD, "/old", "old.onnx"))
    assert again.runs(OLD)


def test_going_back_needs_no_download(device, server):
    device.bring(crowds=server.publish(NEW, "/new"))
    device.bring(crowds=server.model(OLD, "/old", "old.onnx"))
    assert device.runs(OLD)
    assert server.gets("/old") == 1


def test_old_versions_are_deleted_the_one_in_use_last(device, server):
    os.utime(device.current().path, (0, 0))
    for number in range(1, 5):
        content = NEW + bytes([number])
        wanted = {"crowds": server.publish(content, f"/{number}", f"{number}.onnx")}
        device.offer({"models": wanted, "keepVersions": 3})
        device.work()
        os.utime(device.current().path, (number, number))
    assert device.files() == ["2.onnx", "3.onnx", "4.onnx", "current.json"]
    device.offer({"models": wanted, "keepVersions": 1})
    device.work()
    assert device.files() == ["4.onnx", "current.json"]


def test_another_release_of_the_same_file_changes_the_pointer_only(device, server):
    before = device.status().since
    device.time[0] += 60
    device.bring(crowds=server.model(OLD, "/old", "old.onnx", description="x"))
    assert device.current().since == before
    device.bring(crowds=server.model(OLD, "/old", "old.onnx", version="2.0.0"))
    assert device.current().version == "2.0.0"
    assert device.current().since == device.status().since > before  # soak times begin anew
    assert server.gets("/old") == 1


def test_one_bad_slot_never_blocks_another(device, server):
    good = server.publish(NEW, "/new")
    device.want(
        a="not an object",
        b={"url": "https://localhost/x", "fileName": "x"},
        c=server.model(NEW, "/gone"),
        crowds=good,
    )
    device.work()
    codes = {slot: device.status(slot).error.code for slot in "abc"}
    assert codes == {"a": Code.INVALID_DESIRED, "b": Code.NO_CHECKSUM, "c": Code.NOT_FOUND}
    assert device.status("crowds").state is SlotState.READY


def test_two_slots_may_have_the_same_file(device, server):
    wanted = server.publish(NEW, "/new")
    device.bring(crowds=wanted, streets=wanted)
    assert device.runs(NEW, "crowds")
    assert device.runs(NEW, "streets")


def test_a_slot_that_is_no_longer_wanted_keeps_its_file(device):
    device.want()
    assert device.reported()["models"] == {}
    assert device.runs(OLD)


@pytest.mark.parametrize("desired", [[], "text", None, {"models": 5}])
def test_desired_properties_that_make_no_sense_change_nothing(device, desired):
    before = device.reported()["models"]
    device.offer(desired)
    device.work()
    assert device.reported()["models"] == before
    assert device.reported()["loader"]["error"]["code"] == "InvalidDesired"


def test_unknown_keys_only_warn(device, server):
    wanted = server.publish(NEW, "/new", colour="red")
    device.offer({"models": {"crowds": wanted}, "future": 1})
    device.work()
    assert device.runs(NEW)
    assert device.reported()["loader"]["warnings"] == [
        "models.crowds: unknown key `colour` is ignored",
        "unknown key `future` is ignored",
    ]


def test_a_model_that_does_not_load_is_not_switched_to(make_device, server):
    def load_test(path: Path, model_format: str) -> None:
        if path.read_bytes() == NEW:
            raise LoadFailed(Code.LOAD_TEST_FAILED, "broken")

    device = make_device(load_test=load_test)
    device.bring(crowds=server.publish(OLD, "/old", "old.onnx"))
    status = device.bring(crowds=server.publish(NEW, "/new"))
    assert (status.state, status.error.code) == (SlotState.ERROR, Code.LOAD_TEST_FAILED)
    assert device.runs(OLD)
    assert device.reported()["models"]["crowds"]["sha256"] == hashlib.sha256(OLD).hexdigest()
    device.later()
    assert server.gets("/new") == 1, "the file is there, only the test is repeated"


def test_the_pointer_is_read_without_the_loader(device):
    current = read_current(device.storage, "crowds")
    assert (current.name, current.version, current.slot) == ("crowds", "1.0.0", "crowds")


def test_md5_alone_is_accepted_with_a_warning(device, server):
    wanted = server.publish(NEW, "/new")
    for key in ("sha256", "size", "name", "version", "format"):
        del wanted[key]
    device.bring(crowds=wanted)
    assert device.runs(NEW)
    assert device.reported()["loader"]["warnings"] == [
        "models.crowds: md5 alone is a weak check; add sha256"
    ]
    assert device.current().sha256 == hashlib.sha256(NEW).hexdigest()
