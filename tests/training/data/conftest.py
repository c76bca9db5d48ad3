"""Files of counts, and the real data, for the tests of reading data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeops.training.data.akl import read_akl
from edgeops.training.data.data_file import DataFile
from edgeops.training.data.dataset import Dataset
from edgeops.training.data.load import target_columns
from edgeops.training.model_file import ModelFile, load_model_file

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def auckland() -> Dataset:
    """The real data, whole, as the installed package has it."""
    return read_akl()


@pytest.fixture(scope="session")
def crowdedness() -> ModelFile:
    """The model file that this repository ships."""
    return load_model_file(CHECKOUT, "crowdedness-24h")


@pytest.fixture(scope="session")
def streets(crowdedness: ModelFile, auckland: Dataset) -> tuple[str, ...]:
    """The sensors that make the total."""
    return target_columns(crowdedness, auckland.series.columns)


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., DataFile]:
    """Writes lines into a file, and reads it."""

    def write(*lines: str, name: str = "counts.csv") -> DataFile:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n")
        return DataFile(name, path.read_bytes())

    return write
