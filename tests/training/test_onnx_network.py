"""The exported graph is the network that Keras has, to a few millionths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeops.training.artifact import Plan, assemble, calibrated, parity, quantized
from edgeops.training.fitted import Fitted
from edgeops.training.network import Scaling, Shape, build
from edgeops.training.onnx_run import OnnxModel
from edgeops.training.recipe import NetworkSection
from edgeops.training.training_data import Job
from tests.training.conftest import NETWORK, made

SCALING = Scaling(np.float32([0.1, -0.2, 0.0]), np.float32([0.5, 2.0, 1.0]))
ARTICLE = NetworkSection("article-lstm", encoder=5, output="level")


def fitted(network, shape, steps_ahead, seed) -> Fitted:
    """A network with random weights, as if it had been trained."""
    own = Shape(shape.features, shape.steps, steps_ahead, shape.quantiles)
    random = np.random.default_rng(seed)
    weights = {
        variable.path: random.normal(0, 0.5, variable.shape).astype(np.float32)
        for variable in build(network, own, SCALING).trainable_variables
    }
    return Fitted(Job(steps_ahead, seed), weights, SCALING, (0.1,))


@pytest.mark.parametrize("activation", ["silu", "relu", "tanh"])
@pytest.mark.parametrize("quantiles", [(0.5,), (0.1, 0.5, 0.9), (0.05, 0.25, 0.5, 0.75)])
def test_a_sequence_lstm_is_the_same_in_onnx(activation, quantiles):
    shape = Shape(("log_base", "dev", "hour_sin1"), 6, (1, 2, 3, 4), quantiles)
    network = replace(NETWORK, activation=activation)
    trained = fitted(network, shape, shape.steps_ahead, 1)
    plan = Plan(network, shape, {})
    assert parity(plan, [trained], made(50, 3).windows, assemble(plan, [trained])) < 1e-5


def test_an_article_lstm_of_the_level_is_the_same_in_onnx(shape):
    trained = fitted(ARTICLE, shape, shape.steps_ahead, 1)
    plan = Plan(ARTICLE, shape, {})
    assert parity(plan, [trained], made(50, 3).windows, assemble(plan, [trained])) < 1e-5


def test_a_network_for_each_horizon_stands_side_by_side(shape):
    network = replace(ARTICLE, output="base-times-exp")
    networks = [fitted(network, shape, (step,), step) for step in (3, 1, 4, 2)]
    plan = Plan(network, shape, {})
    assert parity(plan, networks, made(50, 3).windows, assemble(plan, networks)) < 1e-5


def test_seeds_are_averaged(shape):
    networks = [fitted(NETWORK, shape, shape.steps_ahead, seed) for seed in (1, 2, 3)]
    plan = Plan(NETWORK, shape, {})
    windows = made(50, 3).windows
    assert parity(plan, networks, windows, assemble(plan, networks)) < 1e-5
    alone = [OnnxModel(assemble(plan, [network])).ratio(windows) for network in networks]
    together = OnnxModel(assemble(plan, networks)).ratio(windows)
    assert together == pytest.approx(np.exp(np.mean(np.log(alone), axis=0)), rel=1e-4)


def test_the_same_network_gives_the_same_bytes(shape):
    trained = fitted(NETWORK, shape, shape.steps_ahead, 1)
    plan = Plan(NETWORK, shape, {"b": "2", "a": "1"})
    first = assemble(plan, [trained])
    assert first == assemble(Plan(NETWORK, shape, {"a": "1", "b": "2"}), [trained])
    assert quantized(first) == quantized(first)


def test_eight_bits_are_smaller_and_keep_the_metadata():
    shape = Shape(("log_base", "dev", "hour_sin1"), 6, (1, 2, 3, 4), (0.1, 0.5, 0.9))
    network = replace(NETWORK, encoder=64, decoder=32)
    trained = fitted(network, shape, shape.steps_ahead, 1)
    exact = assemble(Plan(network, shape, {"name": '"small"'}), [trained])
    small = quantized(exact)
    assert len(small) < 0.4 * len(exact)
    assert OnnxModel(small).metadata == OnnxModel(exact).metadata == {"name": '"small"'}


def test_quantiles_never_cross(shape):
    trained = fitted(NETWORK, shape, shape.steps_ahead, 5)
    ratio = OnnxModel(assemble(Plan(NETWORK, shape, {}), [trained])).ratio(made(200, 4).windows)
    assert (np.diff(ratio, axis=2) > 0).all()


@pytest.mark.parametrize("network", [NETWORK, ARTICLE])
def test_calibration_holds_the_coverage_and_leaves_the_median(network, shape):
    trained = fitted(network, shape, shape.steps_ahead, 1)
    plan, validation = Plan(network, shape, {}), made(500, 6)
    before = OnnxModel(assemble(plan, [trained])).ratio(validation.windows)
    after = OnnxModel(calibrated(plan, [trained], validation, 0.8)).ratio(validation.windows)
    inside = (validation.ratio >= after[:, :, 0]) & (validation.ratio <= after[:, :, 2])
    assert inside.mean() == pytest.approx(0.8, abs=0.01)
    assert after[:, :, 1] == pytest.approx(before[:, :, 1], rel=1e-5)
