"""The error of an epoch in the terms of an evaluation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgeops.features.spec import COUNTS, Unit
from edgeops.features.unit import measured
from edgeops.training.evaluate.metrics import score
from edgeops.training.loss import loss_of, wape_of
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


def test_a_relative_loss_counts_errors_by_the_forecast():
    forecast = np.array([[[0.4, 0.5, 0.6], [3.9, 4.0, 4.1]]], np.float32)
    truth = np.array([[[0.6, 1], [4.8, 1]]], np.float32)  # a fifth more, twice

    absolute, relative = (
        [
            float(loss_of("mae", QUANTILES, share)(truth[:, [at]], forecast[:, [at]]))
            for at in (0, 1)
        ]
        for share in (0, 1)
    )

    assert absolute[1] == pytest.approx(8 * absolute[0])
    assert relative[1] == pytest.approx(relative[0])


def test_the_quantiles_are_those_of_any_relative_loss():
    random = np.random.default_rng(1)
    level = random.choice([0.1, 1, 3], 3000)
    noise = random.gamma(9, 1 / 9, 3000)  # the same share of each level
    truth = np.stack([level * noise, np.ones(3000)], axis=-1)[:, None].astype(np.float32)
    tried = np.linspace(0.4, 1.8, 57)

    def best(quantile: int, relative: float) -> float:
        losses = []
        for factor in tried:
            shares = np.ones(3)
            shares[quantile] = factor
            forecast = (level[:, None, None] * shares).astype(np.float32)
            losses.append(float(loss_of("pinball", QUANTILES, relative)(truth, forecast)))
        return float(tried[int(np.argmin(losses))])

    for quantile, at in ((0, 0.1), (2, 0.9)):
        expected = pytest.approx(np.quantile(noise, at), abs=0.05)
        assert best(quantile, 0) == expected
        assert best(quantile, 0.8) == expected
