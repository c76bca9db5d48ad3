"""The pointer to the current model of a slot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.modules.runtime.slots import CurrentModel, is_slot, read_current, write_current


def current(folder: Path, file: str = "a.onnx") -> CurrentModel:
    return CurrentModel(
        "s", folder / file, "crowds", "1.0.0", "a" * 64, "b" * 32, 5, "onnx", "2026-01-01T00:00:00Z"
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "a.onnx").write_bytes(b"model")
    return folder


def test_a_pointer_is_read_as_it_was_written(folder):
    write_current(current(folder))
    assert read_current(folder.parent, "s") == current(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["a.onnx", "current.json"]


def test_a_file_that_a_killed_writer_left_is_not_in_the_way(folder):
    (folder / ".current.json.part").write_text("{")
    write_current(current(folder))
    assert read_current(folder.parent, "s") == current(folder)


def test_a_link_in_the_way_is_replaced_and_not_followed(folder, tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (folder / ".current.json.part").symlink_to(victim)
    (folder / "current.json").symlink_to(victim)
    write_current(current(folder))
    assert victim.read_text() == "untouched"
    assert read_current(folder.parent, "s") == current(folder)


@pytest.mark.parametrize(
    "file", ["../s/a.onnx", "/etc/hostname", "", "..", ".", "gone", "a\0", "l"]
)
def test_a_pointer_that_leads_out_of_the_folder_is_ignored(folder, file):
    (folder / "l").symlink_to("/etc/hostname")
    write_current(current(folder))
    pointer = json.loads((folder / "current.json").read_text())
    (folder / "current.json").write_text(json.dumps(pointer | {"file": file}))
    assert read_current(folder.parent, "s") is None


@given(st.binary())
def test_no_content_raises(tmp_path_factory, content):
    storage = tmp_path_factory.mktemp("storage")
    (storage / "s").mkdir()
    (storage / "s/current.json").write_bytes(content)
    assert read_current(storage, "s") is None


@pytest.mark.parametrize("cut", range(0, 260, 20))
def test_an_incomplete_pointer_is_ignored(folder, cut):
    write_current(current(folder))
    pointer = (folder / "current.json").read_bytes()
    (folder / "current.json").write_bytes(pointer[:cut])
    assert read_current(folder.parent, "s") is None


def test_names_of_slots():
    assert is_slot("crowdedness")
    assert not any(map(is_slot, ["", "a/b", "..", "a" * 65, "a\n", "history"]))
