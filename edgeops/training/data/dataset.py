"""What every adapter gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeops.errors import EdgeOpsError
from edgeops.features.series import HourlySeries


@dataclass(frozen=True, slots=True)
class Repair:
    """Something that was repaired on reading: what, and at which wall-clock hours."""

    what: str
    first: np.datetime64
    hours: int


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Hourly data as it was read, with the repairs that need no later knowledge.

    `sha256` is of the file; `attribution` is what its licence asks for.
    """

    name: str
    series: HourlySeries
    sha256: str
    attribution: str = ""
    repairs: tuple[Repair, ...] = ()


def missing_package(package: str, extra: str) -> EdgeOpsError:
    """The error of a package that an extra of edgeops brings."""
    return EdgeOpsError(
        f"the package {package} is not installed", f"pip install 'edgeops[{extra}]'"
    )
