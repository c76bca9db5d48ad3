"""Newer data: whose files come first, and where the split moves."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.training.data.find import observed_file
from edgeops.training.model_file import load_model_file
from edgeops.training.newest import with_newer_data

ROOT = Path(__file__).parent / "repository"
MODEL = load_model_file(ROOT, "small")
FILE = "data/auckland-2023.csv.gz"


def with_split(train, validate, test):
    dates = {"trainUntil": train, "validateUntil": validate, "testUntil": test}
    return replace(MODEL, spec={**MODEL.spec, "split": dates})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / FILE, tmp_path / FILE)
    return tmp_path


def test_the_split_moves_by_whole_weeks_to_the_end_of_the_data(folder):
    old = with_split("2023-10-31", "2023-12-05", "2024-01-29")
    split = with_newer_data(old, folder).recipe.split
    dates = [split.train_until, split.validate_until, split.test_until]
    before = np.array(["2023-10-31", "2023-12-05", "2024-01-29"], "datetime64[D]")
    moved = np.array(dates, "datetime64[D]") - before
    assert len(set(moved)) == 1
    assert moved[0] % np.timedelta64(7, "D") == np.timedelta64(0, "D")
    end = np.datetime64("2024-03-30")  # the last whole day in the file
    assert np.timedelta64(0, "D") <= end - np.datetime64(dates[2]) < np.timedelta64(7, "D")


def test_a_split_at_the_end_stays(folder):
    assert with_newer_data(MODEL, folder).recipe.split == MODEL.recipe.split


def test_newer_files_come_before_those_of_the_repository(folder):
    assert observed_file(with_newer_data(MODEL, folder)).name == str(folder / FILE)
    (folder / FILE).unlink()
    assert observed_file(with_newer_data(MODEL, folder)).name == FILE


def test_a_link_is_no_newer_data(folder):
    (folder / FILE).unlink()
    (folder / FILE).symlink_to(ROOT / FILE)
    with pytest.raises(EdgeOpsError, match="cannot read the data"):
        with_newer_data(MODEL, folder)
