"""Arrays in a file, which may come from another machine."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edgeops.training.arrays_file import read_arrays, write_arrays
from edgeops.training.fitted import load

NOTES = {"job": {"stepsAhead": [1], "seed": 1}, "history": [0.5], "wapes": []}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "jobs/h1-s1.npz"
    write_arrays(path, {"a": np.arange(3)}, NOTES)
    return path


def header(shape: tuple[int, ...]) -> bytes:
    """What an array of this shape begins with."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()


def test_arrays_are_read_as_they_were_written(file):
    arrays, notes = read_arrays(file)
    assert (arrays["a"].tolist(), notes) == ([0, 1, 2], NOTES)


def test_a_link_in_the_way_is_replaced_and_not_followed(file, tmp_path):
    (tmp_path / "other").write_text("mine")
    file.unlink()
    file.symlink_to(tmp_path / "other")
    write_arrays(file, {"a": np.arange(2)}, NOTES)
    assert (tmp_path / "other").read_text() == "mine"
    assert not file.is_symlink()
    assert read_arrays(file)[0]["a"].tolist() == [0, 1]


class Marker:
    """Its pickle makes a folder when it is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_no_code_in_the_file_is_run(file, tmp_path):
    np.savez(file, a=np.array([Marker(tmp_path / "made")], dtype=object))
    assert read_arrays(file) is None
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("packed", "content"),
    [
        (zipfile.ZIP_DEFLATED, header((3,)) + bytes(12)),
        (zipfile.ZIP_STORED, header((10**15,)) + bytes(12)),
        (zipfile.ZIP_STORED, header((3,)) + bytes(4)),
        (zipfile.ZIP_STORED, b"nothing"),
    ],
)
def test_a_file_whose_sizes_are_wrong_is_not_read(file, packed, content):
    with zipfile.ZipFile(file, "a", packed) as archive:
        archive.writestr("b.npy", content)
    assert read_arrays(file) is None


def test_a_file_of_something_else_is_not_read(file, tmp_path):
    assert read_arrays(tmp_path / "none.npz") is None
    file.write_bytes(b"nothing")
    assert read_arrays(file) is None
    os.mkfifo(tmp_path / "pipe.npz")
    assert read_arrays(tmp_path / "pipe.npz") is None


@pytest.mark.parametrize("notes", [[], {}, {"job": 1}, {"job": {"stepsAhead": 1, "seed": 1}}])
def test_a_training_that_does_not_say_what_it_is(file, notes):
    arrays = {"scaling/mean": np.zeros(1), "scaling/deviation": np.ones(1)}
    write_arrays(file, arrays, NOTES)
    assert load(file).job.steps_ahead == (1,)
    write_arrays(file, arrays, notes)
    assert load(file) is None
