"""How features are scaled for a network."""

from __future__ import annotations

import numpy as np
import pytest

from edgeops.training.network import scaling_of

FEATURES = ("dev", "hol", "known:weather:rain", "dst")


def windows() -> np.ndarray:
    random = np.random.default_rng(1)
    columns = (
        random.normal(0, 0.01, (500, 24)),  # small, and no flag
        random.uniform(size=(500, 24)) < 0.03,  # a rare flag
        random.uniform(size=(500, 24)) < 0.03,
        np.ones((500, 24)),
    )
    return np.stack(columns, axis=-1).astype(np.float32)


def test_a_rare_flag_is_not_huge_with_a_least_deviation():
    without, floored = scaling_of(windows(), FEATURES), scaling_of(windows(), FEATURES, 0.4)

    assert without.deviation[1] == pytest.approx(0.17, abs=0.01)
    assert floored.deviation[1] == pytest.approx(0.4)


def test_what_is_no_flag_is_scaled_as_before():
    without, floored = scaling_of(windows(), FEATURES), scaling_of(windows(), FEATURES, 0.4)

    others = [0, 2, 3]
    assert floored.deviation[others] == pytest.approx(without.deviation[others])
    assert floored.mean == pytest.approx(without.mean)
    assert without.deviation[3] == 1  # constant: it is not divided
