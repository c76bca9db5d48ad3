"""The result of every data adapter."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries
from edgeops.features.spec import Hour
from edgeops.training.data.rows import Rows


@dataclass(frozen=True, slots=True)
class Repair:
    """A repair made on reading: its description, first wall-clock hour and number of hours."""

    what: str
    first: np.datetime64
    hours: int


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Hourly data as read, with the repairs that need no later data.

    `sha256` is the digest of the file; `attribution` is required by its licence;
    `hour` is how the rows of an hour became its value. `notes` say what was
    recognised in the file, `warnings` what is probably not meant. `rows` are those of
    the file, where they were asked for: see `rows.told`.
    """

    name: str
    series: HourlySeries
    sha256: str
    attribution: str = ""
    repairs: tuple[Repair, ...] = ()
    hour: Hour = field(default_factory=Hour)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    rows: tuple[Rows, ...] = ()


def missing_package(package: str, extra: str) -> EdgeOpsError:
    """The error for a missing package of an extra of edgeops."""
    return EdgeOpsError(
        f"the package {package} is not installed", f"pip install 'edgeops[{extra}]'"
    )
