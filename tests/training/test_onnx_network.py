"""The exported graph is the network that Keras has, to a few millionths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest

from edgeops.training.artifact import assemble, calibration, parity, quantized
from edgeops.training.fitted import Fitted
from edgeops.training.network import Scaling, build
from edgeops.training.onnx_run import OnnxModel
from edgeops.training.recipe import NetworkSection
from edgeops.training.training_data import Job
from tests.training.conftest import NETWORK, made, made_network

pytestmark = pytest.mark.usefixtures("keras_backend")

SCALING = Scaling(np.float32([0.1, -0.2, 0.0]), np.float32([0.5, 2.0, 1.0]))
ARTICLE = NetworkSection("article-lstm", encoder=5, output="level")


def fitted(network, seed, steps_ahead=(1, 2, 3, 4)) -> Fitted:
    """A network with random weights, as if it had been trained."""
    own = replace(network, steps_ahead=steps_ahead)
    random = np.random.default_rng(seed)
    weights = {
        one.path: random.normal(0, 0.5, one.shape).astype(np.float32)
        for one in build(own, SCALING).trainable_variables
    }
    return Fitted(Job(steps_ahead, seed), weights, SCALING, (0.1,))


@pytest.mark.parametrize("activation", ["silu", "relu", "tanh"])
@pytest.mark.parametrize("quantiles", [(0.5,), (0.1, 0.5, 0.9), (0.05, 0.25, 0.5, 0.75)])
def test_a_sequence_lstm_is_the_same_in_onnx(activation, quantiles):
    network = made_network(replace(NETWORK, activation=activation), quantiles)
    one = fitted(network, 1)
    assert parity(network, [one], made(50, 3).windows, assemble(network, [one], {})) < 1e-5


def test_an_article_lstm_of_the_level_is_the_same_in_onnx():
    network = made_network(ARTICLE)
    one = fitted(network, 1)
    assert parity(network, [one], made(50, 3).windows, assemble(network, [one], {})) < 1e-5


def test_a_network_for_each_horizon_stands_side_by_side():
    network = made_network(replace(ARTICLE, output="base-times-exp"))
    networks = [fitted(network, step, (step,)) for step in (3, 1, 4, 2)]
    assert parity(network, networks, made(50, 3).windows, assemble(network, networks, {})) < 1e-5


def test_seeds_are_averaged(network):
    networks = [fitted(network, seed) for seed in (1, 2, 3)]
    windows = made(50, 3).windows
    assert parity(network, networks, windows, assemble(network, networks, {})) < 1e-5
    alone = [OnnxModel(assemble(network, [one], {})).ratio(windows) for one in networks]
    together = OnnxModel(assemble(network, networks, {})).ratio(windows)
    assert together == pytest.approx(np.exp(np.mean(np.log(alone), axis=0)), rel=1e-4)


def test_the_same_network_gives_the_same_bytes(network):
    one = fitted(network, 1)
    first = assemble(network, [one], {"b": "2", "a": "1"})
    assert first == assemble(network, [one], {"a": "1", "b": "2"})
    assert quantized(first) == quantized(first)


def test_eight_bits_are_smaller_and_say_the_same_of_themselves():
    network = made_network(replace(NETWORK, encoder=64, decoder=32))
    one = fitted(network, 1)
    exact = assemble(network, [one], {"name": '"small"'})
    small = quantized(exact)
    assert len(small) < 0.4 * len(exact)
    assert OnnxModel(small).metadata == OnnxModel(exact).metadata == {"name": '"small"'}


def test_quantiles_never_cross(network):
    one = fitted(network, 5)
    ratio = OnnxModel(assemble(network, [one], {})).ratio(made(200, 4).windows)
    assert (np.diff(ratio, axis=2) > 0).all()


@pytest.mark.parametrize("section", [NETWORK, ARTICLE])
@pytest.mark.parametrize("quantiles", [(0.5,), (0.1, 0.5), (0.1, 0.5, 0.9), (0.1, 0.3, 0.5, 0.9)])
def test_no_margin_makes_quantiles_cross_or_moves_those_within(section, quantiles):
    network = made_network(section, quantiles)
    one, windows = fitted(network, 5), made(100, 4).windows
    before = OnnxModel(assemble(network, [one], {})).ratio(windows)
    for outward in (-3.0, -0.05, 0.05, 3.0):
        content = assemble(network, [one], {}, outward)
        after = OnnxModel(content).ratio(windows)
        assert (np.diff(after, axis=2) >= 0).all()
        same = [at for at, share in enumerate(quantiles) if share in (*quantiles[1:-1], 0.5)]
        assert after[:, :, same] == pytest.approx(before[:, :, same], rel=1e-5)
        operators = {node.op_type for node in onnx.load_from_string(content).graph.node}
        assert bool({"Min", "Max"} & operators) == (outward < 0 and len(quantiles) > 1)


@pytest.mark.parametrize("section", [NETWORK, ARTICLE])
def test_calibration_holds_the_coverage_and_leaves_the_median(section):
    network, validation = made_network(section), made(500, 6)
    one = fitted(network, 1)
    before = OnnxModel(assemble(network, [one], {})).ratio(validation.windows)
    outward = calibration(network, [one], validation, 0.8)
    after = OnnxModel(assemble(network, [one], {}, outward)).ratio(validation.windows)
    inside = (validation.ratio >= after[:, :, 0]) & (validation.ratio <= after[:, :, 2])
    assert inside.mean() == pytest.approx(0.8, abs=0.01)
    assert after[:, :, 1] == pytest.approx(before[:, :, 1], rel=1e-5)
