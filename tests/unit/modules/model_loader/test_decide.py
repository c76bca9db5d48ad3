"""The next step for a slot: download, switch or keep."""

from __future__ import annotations

import pytest

from edgeops.modules.model_loader.decide import Download, Folder, Keep, Switch, decide, outdated
from edgeops.modules.model_loader.wanted import FLAT, WantedFile, WantedModel

WANTED = WantedModel("crowds", (WantedFile("new.onnx", "https://h/x", 5, "ab" * 32),), "ab" * 32)
FLAT_MODEL = WantedModel(FLAT, (WantedFile("m", "https://h/x", md5="0" * 32),), "0" * 32)


def folder(*names: str, matching: tuple[str, ...] = (), current: str | None = None) -> Folder:
    return Folder(frozenset(names), frozenset(matching), current)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (folder(), Download("new.onnx")),
        (folder("old.onnx", current="old.onnx"), Download("new.onnx")),
        (folder("new.onnx", current="new.onnx"), Download("abababababab-new.onnx")),
        (folder("x", matching=("x",), current="x"), Keep("x")),
        (folder("x", "y", matching=("x", "y"), current="y"), Keep("y")),
        (folder("x", matching=("x",)), Switch("x")),
        (folder("a", "new.onnx", matching=("a", "new.onnx")), Switch("new.onnx")),
        (folder("b", "a", matching=("a", "b"), current="c"), Switch("a")),
    ],
)
def test_the_next_step_of_a_slot(state, step):
    assert decide(WANTED, state) == step


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (folder(), Download("m")),
        (folder("m"), Download("m")),
        (folder("other", matching=("other",)), Download("m")),
        (folder("m", matching=("m",)), Keep("m")),
    ],
)
def test_the_single_model_form_goes_by_the_name_in_the_twin(state, step):
    assert decide(FLAT_MODEL, state) == step


SEVERAL = WantedModel("crowds", WANTED.files * 2, "ab" * 8 + "cd" * 24)
PLACE, ANOTHER = "ab" * 8, "cd" * 8


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (folder(), Download(PLACE)),
        (folder("old.onnx", current="old.onnx"), Download(PLACE)),
        (folder(PLACE, matching=(PLACE,), current=PLACE), Keep(PLACE)),
        (folder(PLACE, matching=(PLACE,), current="old.onnx"), Switch(PLACE)),
        (folder(ANOTHER, matching=(ANOTHER,)), Switch(ANOTHER)),
        (folder(PLACE, current=PLACE), Download(ANOTHER)),
        (folder(PLACE, current="old.onnx"), Download(ANOTHER)),
        (folder(PLACE, ANOTHER, current=PLACE), Download(ANOTHER)),
        (folder(PLACE, ANOTHER, current=ANOTHER), Download(PLACE)),
    ],
)
def test_a_folder_in_use_is_never_replaced(state, step):
    assert decide(SEVERAL, state) == step


def test_the_file_in_use_is_never_outdated():
    assert outdated(["c", "b", "a"], "a", 1) == ["c", "b"]
    assert outdated(["c", "b", "a"], "a", 2) == ["b"]
    assert outdated(["c", "b", "a"], "c", 5) == []
