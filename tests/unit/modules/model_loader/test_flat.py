"""The single-model form of existing fleets: URL, MD5 and file name at the root of desired."""

from __future__ import annotations

import hashlib

import pytest

from edgeops.modules.model_loader.desired import FlatKeys, parse_desired
from edgeops.modules.model_loader.faults import Code
from edgeops.modules.model_loader.status import SlotState

OLD = b"the old model" * 100
NEW = bytes(range(256)) * 2000


def flat(content: bytes, url: str, name: str) -> dict[str, str]:
    md5 = hashlib.md5(content).hexdigest()
    return {"modelUrl": url, "modelMd5": md5.upper(), "modelFileName": name}


@pytest.fixture
def empty(make_device):
    return make_device()


def test_a_file_that_is_there_is_not_downloaded(empty, server):
    (empty.storage / "old.tflite").write_bytes(OLD)
    empty.offer(flat(OLD, server.url("/old"), "old.tflite"))
    empty.work()
    assert empty.flat.state is SlotState.READY
    assert server.requests == []


def test_a_new_file_name_is_downloaded_and_both_files_stay(empty, server):
    (empty.storage / "old.tflite").write_bytes(OLD)
    empty.offer(flat(OLD, server.file("/old", OLD), "new.tflite"))
    empty.work()
    assert server.gets("/old") == 1
    assert empty.files("") == ["new.tflite", "old.tflite"]
    assert empty.reported()["lastModelUpdate"] == empty.flat.since
    assert empty.reported()["model"]["fileName"] == "new.tflite"


def test_the_same_name_with_other_bytes_is_replaced(empty, server):
    (empty.storage / "model.tflite").write_bytes(OLD)
    empty.offer(flat(NEW, server.file("/new", NEW), "model.tflite"))
    empty.work()
    assert (empty.storage / "model.tflite").read_bytes() == NEW


def test_the_names_of_the_properties_can_be_others(server):
    keys = FlatKeys(url="blobUrl", checksum="blobSha", file_name="modelFileName")
    sha256 = hashlib.sha256(NEW).hexdigest()
    desired = {"blobUrl": server.url("/x"), "blobSha": sha256, "modelFileName": "m.bin"}
    (wanted,) = parse_desired(desired, keys).models.values()
    assert (wanted.main.sha256, wanted.main.name, wanted.main.md5) == (sha256, "m.bin", "")


def test_wrong_md5_keeps_the_old_file(empty, server):
    (empty.storage / "model.tflite").write_bytes(OLD)
    desired = flat(NEW, server.file("/new", b"other bytes"), "model.tflite")
    empty.offer(desired)
    empty.work()
    assert empty.flat.error.code is Code.CHECKSUM_MISMATCH
    assert empty.files("") == ["model.tflite"]
    assert (empty.storage / "model.tflite").read_bytes() == OLD


def test_a_folder_in_the_way_is_left_alone(empty, server):
    (empty.storage / "crowds").mkdir()
    empty.offer(flat(NEW, server.file("/new", NEW), "crowds"))
    empty.work()
    assert empty.flat.error.code is Code.UNSAFE_PATH


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"modelMd5": None}, Code.INVALID_DESIRED),
        ({"modelUrl": "http://localhost/m"}, Code.INVALID_DESIRED),
        ({"modelFileName": "../m"}, Code.UNSAFE_FILE_NAME),
    ],
)
def test_bad_values_are_reported(empty, change, code):
    empty.offer(flat(NEW, "https://localhost/m", "m") | change)
    assert empty.reported()["model"]["error"]["code"] == code


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("modelUrl", Code.INVALID_DESIRED),
        ("modelMd5", Code.NO_CHECKSUM),
        ("modelFileName", Code.INVALID_DESIRED),
    ],
)
def test_missing_values_are_reported(empty, missing, code):
    desired = flat(NEW, "https://localhost/m", "m")
    del desired[missing]
    empty.offer(desired)
    assert (empty.flat.state, empty.flat.error.code) == (SlotState.ERROR, code)
