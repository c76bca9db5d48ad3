"""A site and the specification of a window, for the tests of features."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeops.features.registry import FEATURES
from edgeops.features.spec import Site, WindowSpec

AUCKLAND = Site("Pacific/Auckland", -36.8485, 174.7633, "NZ", "AUK")


@pytest.fixture
def auckland() -> Site:
    return AUCKLAND


@pytest.fixture
def spec() -> Callable[..., WindowSpec]:
    """A specification of all features, with changes."""

    def make(**changes: object) -> WindowSpec:
        base = {"features": tuple(FEATURES), "columns": ("a", "b"), "site": AUCKLAND}
        return WindowSpec(**(base | changes))  # type: ignore[arg-type]

    return make
