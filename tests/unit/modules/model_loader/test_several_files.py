"""A model of several files: all of them or none, in a folder of their own."""

from __future__ import annotations

import errno
import json
import os

import pytest

from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.modules.model_loader.load_test import onnx_load_test
from edgeops.modules.model_loader.status import SlotState
from edgeops.modules.model_loader.storage import Storage

OLD = b"the old model" * 100  # what the fixture `device` runs
VISION = {
    "model.onnx": b"graph" * 1000,
    "weights.bin": b"w" * 50_000,
    "labels/en.txt": b"cat\ndog\n",
}
OTHER = VISION | {"labels/en.txt": b"cat\ndog\nbird\n"}


def holds(device, files, slot="crowds"):
    """Whether the slot holds exactly these files, whole."""
    current = device.current(slot)
    return (
        current is not None
        and {name: path.read_bytes() for name, path in current.files.items()} == files
    )


def test_all_files_arrive_and_the_pointer_lists_them(device, server):
    wanted = server.publish_set(VISION, "/v", metadata={"inputSize": "32"})
    status = device.bring(crowds=wanted)
    assert (status.state, status.error) == (SlotState.READY, None)
    assert holds(device, VISION)
    folder = wanted["sha256"][:16]
    assert device.files() == [folder, "current.json", "old.onnx"]
    current = device.current()
    assert current.path == device.storage / "crowds" / folder / "model.onnx"
    assert list(current.files) == [*VISION]
    assert current.metadata == {"inputSize": "32"}
    assert current.own == device.storage / "crowds/own"
    assert (current.sha256, current.size) == (wanted["sha256"], sum(map(len, VISION.values())))
    pointer = json.loads((device.storage / "crowds/current.json").read_bytes())
    assert pointer["file"] == f"{folder}/model.onnx"
    assert pointer["versions"] == [folder, "old.onnx"]
    assert pointer["files"][2] == {
        "name": "labels/en.txt",
        "path": f"{folder}/labels/en.txt",
        "size": 8,
        "sha256": wanted["files"][2]["sha256"],
    }
    assert device.reported()["models"]["crowds"]["sha256"] == wanted["sha256"]


def test_another_main_file_of_the_same_files_is_loaded_before_it_is_used(make_device, server):
    def refuse_labels(path, model_format):
        if path.suffix == ".txt":
            raise LoadFailed(Code.LOAD_TEST_FAILED, "not a model")

    device = make_device(load_test=refuse_labels)
    wanted = server.publish_set(VISION, "/v")
    held = device.bring(crowds=wanted).in_use
    other = wanted | {"files": wanted["files"][::-1], "version": "2.0.0"}
    assert device.bring(crowds=other).error.code is Code.LOAD_TEST_FAILED
    assert device.current() == held


def test_a_restart_downloads_nothing(device, make_device, server):
    wanted = server.publish_set(VISION, "/v")
    device.bring(crowds=wanted)
    again = make_device()
    assert again.bring(crowds=wanted).since == device.status().since
    assert len(server.requests) == 1 + len(VISION)


def test_back_and_forth_between_one_and_several_files_needs_no_download(device, server):
    several, single = server.publish_set(VISION, "/v"), server.model(OLD, "/old", "old.onnx")
    for wanted in (several, single, several, single):
        device.bring(crowds=wanted)
    assert device.runs(OLD)
    device.bring(crowds=several)
    assert holds(device, VISION)
    assert len(server.requests) == 1 + len(VISION)


def test_one_file_that_is_missing_keeps_the_old_model(device, server):
    wanted = server.publish_set(VISION, "/v")
    del server.routes["/v/labels/en.txt"]
    status = device.bring(crowds=wanted)
    assert (status.state, status.error.code) == (SlotState.ERROR, Code.NOT_FOUND)
    assert status.error.message.startswith("labels/en.txt: ")
    assert device.runs(OLD)
    assert not (device.storage / "crowds" / wanted["sha256"][:16]).exists()
    server.file("/v/labels/en.txt", VISION["labels/en.txt"])
    assert device.later().state is SlotState.READY
    assert server.gets("/v/weights.bin") == 1, "what was verified is not fetched again"
    assert device.files() == [wanted["sha256"][:16], "current.json", "old.onnx"]


def test_a_restart_goes_on_with_the_file_it_was_at(device, make_device, server):
    wanted = server.publish_set(VISION, "/v")

    def cut(request):
        request.start(200, Content_Length="50000", ETag='"v1"')
        request.wfile.write(VISION["weights.bin"][:20_000])

    server.route("/v/weights.bin", cut)
    assert device.bring(crowds=wanted).state is SlotState.DOWNLOADING
    server.file("/v/weights.bin", VISION["weights.bin"])
    again = make_device()
    assert again.bring(crowds=wanted).state is SlotState.READY
    assert holds(again, VISION)
    assert server.gets("/v/model.onnx") == 1
    ranges = [it.headers.get("Range") for it in server.requests if it.path == "/v/weights.bin"]
    assert ranges == [None, "bytes=20000-"]


def test_a_wrong_digest_of_one_file_keeps_the_old_model(device, server):
    wanted = server.publish_set(VISION, "/v")
    server.file("/v/weights.bin", b"x" * 50_000)
    status = device.bring(crowds=wanted)
    assert status.error.code is Code.CHECKSUM_MISMATCH
    assert status.error.message.startswith("weights.bin: sha256 of the file is ")
    assert device.runs(OLD)


def test_a_digest_that_is_not_of_the_files_is_refused(device, server):
    wanted = server.publish_set(VISION, "/v") | {"sha256": "0" * 64}
    assert device.bring(crowds=wanted).error.code is Code.INVALID_DESIRED
    assert device.runs(OLD)


def test_room_is_needed_for_all_files(device, server):
    wanted = server.publish_set(VISION, "/v", sizes={"weights.bin": 10**15})
    status = device.bring(crowds=wanted)
    assert status.error.code is Code.DISK_FULL
    assert status.error.message.startswith("1,000,000,001,05")
    assert len(server.requests) == 1
    assert device.files() == ["current.json", "old.onnx"], "what was there of it makes room"


def test_a_disk_that_fills_up_gets_its_room_back(make_device, server):
    class Full:
        """The downloader on a disk that has no room for the weights."""

        def __init__(self, inner):
            self.inner = inner

        def fetch(self, file, part, *more):
            if file.name == "weights.bin":

                def refuse(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

                part.append = refuse
            return self.inner.fetch(file, part, *more)

    device = make_device(downloader=Full)
    device.bring(crowds=server.publish(OLD, "/old", "old.onnx"))
    assert device.bring(crowds=server.publish_set(VISION, "/v")).error.code is Code.DISK_FULL
    assert device.files() == ["current.json", "old.onnx"]
    assert device.runs(OLD)


def test_the_main_file_is_tested_with_its_siblings_before_the_switch(make_device, server):
    def load_test(path, model_format):
        assert (path.parent / "labels/en.txt").exists()
        if path.read_bytes() == VISION["model.onnx"]:
            raise LoadFailed(Code.LOAD_TEST_FAILED, "broken")

    device = make_device(load_test=load_test)
    wanted = server.publish_set(VISION, "/v")
    assert device.bring(crowds=wanted).error.code is Code.LOAD_TEST_FAILED
    assert device.current() is None
    assert not (device.storage / "crowds" / wanted["sha256"][:16]).exists()
    device.later()
    assert len(server.requests) == len(VISION), "the files are there, only the test is repeated"


@pytest.mark.slow
def test_onnx_with_weights_in_a_file_of_its_own_loads(make_device, server, tmp_path):
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper, save

    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 512])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 512])
    weights = numpy_helper.from_array(np.ones((512,), np.float32), "w")
    nodes = [helper.make_node("Add", ["x", "w"], ["y"])]
    graph = helper.make_graph(nodes, "g", [value], [out], [weights])
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    save(
        model,
        tmp_path / "big.onnx",
        save_as_external_data=True,
        location="big.onnx.data",
        size_threshold=0,
    )
    files = {name: (tmp_path / name).read_bytes() for name in ("big.onnx", "big.onnx.data")}
    device = make_device(load_test=onnx_load_test)
    assert device.bring(crowds=server.publish_set(files, "/v")).error is None
    assert holds(device, files)
    alone = server.publish(files["big.onnx"], "/alone", "big.onnx")
    assert device.bring(crowds=alone).error.code is Code.LOAD_TEST_FAILED
    assert holds(device, files)


@pytest.mark.parametrize("harm", ["rotted", "gone", "link", "folder"])
def test_a_file_in_use_that_went_bad_is_replaced(device, make_device, server, tmp_path, harm):
    wanted = server.publish_set(VISION, "/v")
    device.bring(crowds=wanted)
    labels = device.current().files["labels/en.txt"]
    victim = tmp_path / "victim"
    victim.write_bytes(VISION["labels/en.txt"])
    labels.unlink()
    if harm == "rotted":
        labels.write_bytes(b"dog\ncat\n")
    elif harm == "link":
        labels.symlink_to(victim)
    elif harm == "folder":
        labels.mkdir()
    again = make_device()
    assert again.bring(crowds=wanted).state is SlotState.READY
    assert holds(again, VISION)
    assert again.current().path.parent.name in (wanted["sha256"][:16], wanted["sha256"][16:32])
    assert victim.read_bytes() == VISION["labels/en.txt"]
    later = make_device()
    later.bring(crowds=wanted)
    assert holds(later, VISION)


def test_links_in_the_way_are_never_followed(device, server, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "labels").mkdir(parents=True)
    wanted = server.publish_set(VISION, "/v")
    folder = device.storage / "crowds"
    (folder / wanted["sha256"][:16]).symlink_to(elsewhere)
    (folder / f".{wanted['sha256'][:16]}.part").symlink_to(elsewhere)
    assert device.bring(crowds=wanted).state is SlotState.READY
    assert holds(device, VISION)
    assert [path.name for path in elsewhere.rglob("*")] == ["labels"]


def test_links_in_a_staging_that_was_left_are_never_followed(device, server, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "en.txt").write_bytes(b"theirs")
    wanted = server.publish_set(VISION, "/v")
    staging = device.storage / "crowds" / f".{wanted['sha256'][:16]}.part"
    staging.mkdir()
    (staging / "labels").symlink_to(elsewhere)
    (staging / "model.onnx").symlink_to(elsewhere / "en.txt")
    (staging / "weights.bin").mkdir()
    assert device.bring(crowds=wanted).state is SlotState.READY
    assert holds(device, VISION)
    assert (elsewhere / "en.txt").read_bytes() == b"theirs"
    assert not device.current().path.is_symlink()


def test_a_file_of_a_consumer_in_the_place_of_the_folder_stays(device, server):
    wanted = server.publish_set(VISION, "/v")
    theirs = device.storage / "crowds" / wanted["sha256"][:16]
    theirs.write_bytes(b"theirs")
    assert device.bring(crowds=wanted).state is SlotState.READY
    assert holds(device, VISION)
    assert theirs.read_bytes() == b"theirs"


def test_progress_makes_the_next_try_come_soon(device, server):
    wanted = server.publish_set(VISION, "/v")
    server.route("/v/model.onnx", lambda request: request.answer(503))
    server.route("/v/labels/en.txt", lambda request: request.start(200, Content_Length="8"))
    waits = []
    device.want(crowds=wanted)
    for tries in range(5):
        if tries == 2:
            server.file("/v/model.onnx", VISION["model.onnx"])
        waits.append(device.work())
        device.time[0] += waits[-1]
    assert waits == [1, 2, 1, 2, 4], "the third try brought two files, the later ones nothing"


def test_old_folders_are_deleted_like_old_files(device, server):
    names = []
    for number in range(4):
        files = VISION | {"labels/en.txt": b"%d" % number}
        wanted = server.publish_set(files, f"/{number}")
        names.append(wanted["sha256"][:16])
        device.offer({"models": {"crowds": wanted}, "keepVersions": 2})
        device.work()
    assert device.files() == sorted([*names[-2:], "current.json"])


def test_a_folder_that_no_pointer_named_yet_is_an_old_version(device, server):
    """As a power cut between its last two steps leaves it."""
    (device.storage / "crowds/0123456789abcdef").mkdir()
    (device.storage / "crowds/a-folder-of-theirs").mkdir()
    wanted = server.publish_set(VISION, "/v")
    device.offer({"models": {"crowds": wanted}, "keepVersions": 1})
    device.work()
    assert device.files() == sorted([wanted["sha256"][:16], "a-folder-of-theirs", "current.json"])


def test_what_is_left_of_a_version_is_replaced(device, server):
    """As a power cut in the middle of a deletion leaves it."""
    wanted = server.publish_set(VISION, "/v")
    for place in (wanted["sha256"][:16], wanted["sha256"][16:32]):
        (device.storage / "crowds" / place / "labels").mkdir(parents=True)
        (device.storage / "crowds" / place / "labels/fr.txt").write_bytes(b"chat")
    assert device.bring(crowds=wanted).state is SlotState.READY
    assert holds(device, VISION)


def test_a_pointer_that_cannot_be_written_leaves_the_old_model(make_device, server):
    class Full(Storage):
        full = False

        def switch(self, model, path, since):
            if Full.full:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().switch(model, path, since)

    device = make_device(storage_class=Full)
    device.bring(crowds=server.publish_set(VISION, "/v"))
    Full.full = True
    assert device.bring(crowds=server.publish_set(OTHER, "/o")).error.code is Code.DISK_FULL
    assert holds(device, VISION)
    Full.full = False
    requests = len(server.requests)
    assert device.later().state is SlotState.READY
    assert holds(device, OTHER)
    assert len(server.requests) == requests
