"""Calibration widens or narrows intervals until they hold their coverage."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgeops.training.calibrate import margin


@given(st.integers(0, 10_000), st.floats(0.1, 0.95), st.floats(-1, 1))
def test_the_margin_holds_the_coverage_on_what_it_was_made_of(seed, coverage, shift):
    random = np.random.default_rng(seed)
    truth = random.normal(0, 1, (200, 3))
    low, high = truth.mean() - 0.5 + shift, truth.mean() + 0.5 + shift
    outward = margin(truth, np.full_like(truth, low), np.full_like(truth, high), coverage)
    inside = (truth >= low - outward) & (truth <= high + outward)
    assert coverage - 1e-9 <= inside.mean() <= coverage + 0.01


def test_what_is_unknown_does_not_count():
    truth = np.array([0.0, 1.0, 2.0, np.nan])
    zero = np.zeros(4)
    assert margin(truth, zero, zero, 0.6) == 2.0
    assert margin(truth, zero - 3, zero + 3, 0.6) == -1.0
