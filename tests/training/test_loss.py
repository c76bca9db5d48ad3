"""The error of an epoch in the terms of an evaluation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeops.features.spec import COUNTS, Unit
from edgeops.features.unit import measured
from edgeops.training.evaluate.metrics import score
from edgeops.training.loss import wape_of
from edgeops.training.onnx_run import of_ratio
from edgeops.training.training_data import Examples

pytestmark = pytest.mark.usefixtures("keras_backend")

QUANTILES = (0.1, 0.5, 0.9)


def test_it_is_the_wape_of_an_evaluation():
    random = np.random.default_rng(1)
    for unit in (COUNTS, Unit(0.01), Unit(5.0, -20.0, 30.0)):
        actual = unit.least + unit.size * random.uniform(0, 9, (50, 4))
        actual[3, 2] = np.nan
        scale = random.uniform(2, 9, 50)
        ratio = (measured(actual, unit) + 1) / scale[:, None]
        examples = Examples(
            np.zeros((50, 1, 1), np.float32), ratio, np.ones((50, 4)), scale[:, None], unit
        )
        output = np.sort(random.uniform(0, 3, (50, 4, 3)), axis=2)
        expected = score(actual, of_ratio(output, scale, unit), QUANTILES, 1.0).wape
        assert math.isclose(wape_of(QUANTILES, examples, output), expected, rel_tol=1e-9)


def test_nothing_but_zeros_has_no_wape():
    examples = Examples(np.zeros((2, 1, 1), np.float32), np.ones((2, 4)), np.ones((2, 4)))
    assert math.isnan(wape_of((0.5,), examples, np.ones((2, 4, 1))))
