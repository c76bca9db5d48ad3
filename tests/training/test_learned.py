"""Baselines that are kept between runs."""

from __future__ import annotations

import os

import lightgbm
import numpy as np
import pytest

from edgeops.training.learned import cached_boosting


@pytest.fixture
def text() -> str:
    rows = np.arange(200.0).reshape(100, 2)
    options = {"verbosity": -1, "num_threads": 1}
    return lightgbm.train(options, lightgbm.Dataset(rows, rows[:, 0]), 3).model_to_string()


def test_trees_of_an_earlier_run(tmp_path, text):
    (tmp_path / "trees.txt").write_text(text)
    kept = cached_boosting(tmp_path / "trees.txt")
    assert kept is not None
    assert kept.rounds == 3


def test_trees_are_grown_again_where_the_file_is_not_theirs(tmp_path, text):
    (tmp_path / "damaged.txt").write_text("damaged")
    (tmp_path / "bytes.txt").write_bytes(b"\xff")
    (tmp_path / "trees.txt").write_text(text)
    (tmp_path / "link.txt").symlink_to("trees.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    for name in ("none", "damaged", "bytes", "link", "pipe"):
        assert cached_boosting(tmp_path / f"{name}.txt") is None
