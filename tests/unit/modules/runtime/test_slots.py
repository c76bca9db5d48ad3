"""The pointer to the current model of a slot."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.modules.runtime.slots import (
    CurrentModel,
    is_slot,
    pointer_to,
    read_current,
    read_pointer,
    versions_of,
    write_current,
    write_pointer,
)


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


@pytest.fixture
def several(folder: Path) -> Path:
    """A slot that holds a model of two files, as model_loader leaves it."""
    release = folder / "0123456789abcdef"
    (release / "labels").mkdir(parents=True)
    (release / "m.onnx").write_bytes(b"m")
    (release / "labels/en.txt").write_bytes(b"cat")
    model = CurrentModel(
        **{name: getattr(current(folder), name) for name in ("slot", "name", "version", "sha256")},
        **{name: getattr(current(folder), name) for name in ("md5", "size", "format", "since")},
        path=release / "m.onnx",
        files={"m.onnx": release / "m.onnx", "labels/en.txt": release / "labels/en.txt"},
        metadata={"inputSize": "32"},
    )
    listed = [("m.onnx", 1, "a" * 64), ("labels/en.txt", 3, "b" * 64)]
    write_pointer(folder, pointer_to(model, listed, ["0123456789abcdef", "a.onnx"]))
    assert read_current(folder.parent, "s") == model
    return folder


def changed(folder: Path, **changes: object) -> CurrentModel | None:
    pointer = json.loads((folder / "current.json").read_text())
    (folder / "current.json").write_text(json.dumps(pointer | changes))
    return read_current(folder.parent, "s")


def test_a_model_of_several_files_and_the_folder_of_the_consumers(several):
    current = read_current(several.parent, "s")
    assert current.files["labels/en.txt"].read_bytes() == b"cat"
    assert (current.folder, current.own) == (several, several / "own")
    pointer = read_pointer(several.parent, "s")
    assert pointer["file"] == "0123456789abcdef/m.onnx"
    assert versions_of(pointer) == ["0123456789abcdef", "a.onnx"]


def test_a_model_of_one_file_lists_it_too(folder):
    write_current(current(folder))
    held = read_current(folder.parent, "s")
    assert (dict(held.files), held.own) == ({"a.onnx": folder / "a.onnx"}, folder / "own")


def entry(path: str = "0123456789abcdef/m.onnx", name: str = "m.onnx") -> dict[str, object]:
    return {"name": name, "path": path, "size": 1, "sha256": "a" * 64}


@pytest.mark.parametrize(
    "changes",
    [
        {"files": []},
        {"files": {}},
        {"files": [5]},
        {"files": [{}]},
        {"files": [entry("0123456789abcdef/labels/en.txt", "labels/en.txt")]},
        {"files": [entry(), entry("../x", "x")]},
        {"files": [entry(), entry("0123456789abcdef/../../x", "../../x")]},
        {"files": [entry(), entry("/etc/hostname", "hostname")]},
        {"files": [entry(), entry("a.onnx", "a.onnx")]},
        {"files": [entry(), entry("0123456789abcdef/gone", "gone")]},
        {"files": [entry(), entry()]},
        {"files": [entry(), entry("0123456789abcdef/labels", "labels")]},
        {"file": "0123456789abcdef/labels/en.txt"},
        {"file": "a.onnx"},
        {"files": None},
        {"metadata": []},
        {"metadata": {"a": 1}},
        {"metadata": None},
    ],
)
def test_a_pointer_whose_files_make_no_sense_is_ignored(several, changes):
    assert changed(several, **changes) is None


@pytest.mark.parametrize("name", ["0123456789abcdef", "0123456789abcdef/labels"])
def test_a_folder_that_became_a_link_is_not_followed(several, tmp_path, name):
    (several / name).rename(tmp_path / "moved")
    (several / name).symlink_to(tmp_path / "moved")
    assert read_current(several.parent, "s") is None


def test_a_slot_or_a_pointer_that_is_a_link_is_not_followed(folder, tmp_path):
    write_current(current(folder))
    (tmp_path / "t").symlink_to(folder)
    assert read_current(tmp_path, "t") is None
    (folder / "current.json").rename(tmp_path / "pointer")
    (folder / "current.json").symlink_to(tmp_path / "pointer")
    assert read_current(tmp_path, "s") is None


def test_a_pipe_in_place_of_the_pointer_holds_nobody_up(folder):
    os.mkfifo(folder / "current.json")
    assert read_current(folder.parent, "s") is None


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"file": "\\ud800"}', "1" * 10_000, " " * (2 << 20)]
)
def test_text_that_parsers_dislike_is_ignored(folder, text):
    (folder / "current.json").write_text(text)
    assert read_current(folder.parent, "s") is None


def test_names_that_are_no_names_of_files_are_ignored(folder):
    write_current(current(folder))
    assert changed(folder, file="\ud800", files=None) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.just("a.onnx"),
        lambda below: st.lists(below) | st.dictionaries(st.text() | st.just("name"), below),
        max_leaves=8,
    ),
    st.sampled_from(["file", "files", "metadata", "versions", "size", "name"]),
)
def test_no_value_raises(tmp_path_factory, value, key):
    storage = tmp_path_factory.mktemp("storage")
    (storage / "s").mkdir()
    (storage / "s/a.onnx").write_bytes(b"model")
    write_current(current(storage / "s"))
    changed(storage / "s", **{key: value})
    versions_of(read_pointer(storage, "s"))


@pytest.mark.parametrize(
    ("pointer", "versions"),
    [
        (None, []),
        ({"file": "old.onnx"}, ["old.onnx"]),
        ({"file": "../x"}, []),
        ({"file": "x", "versions": 5}, []),
        (
            {"versions": ["b", "a", "b", "../x", "own", "current.json", "", ".", "a/b", 5]},
            ["b", "a"],
        ),
    ],
)
def test_versions_are_entries_of_the_folder(pointer, versions):
    assert versions_of(pointer) == versions
