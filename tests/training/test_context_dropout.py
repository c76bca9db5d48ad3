"""Hiding what is known ahead while a network learns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.spec import Site, WindowSpec
from edgeops.training.artifact import assemble
from edgeops.training.context_dropout import context_of, hidden, hidden_from, share_of
from edgeops.training.fit import fit
from edgeops.training.model_file import ModelFile
from edgeops.training.network import Network, scaling_of
from edgeops.training.onnx_run import OnnxModel
from edgeops.training.recipe import NetworkSection
from edgeops.training.train import check_model
from edgeops.training.training_data import Examples, Job, Length, Stage, TrainingData
from tests.training.conftest import (
    FEATURES,
    LEAST,
    TRAINING,
    made,
    made_network,
    made_training_data,
)

pytestmark = pytest.mark.usefixtures("keras_backend")

NETWORK = NetworkSection("article-lstm", encoder=4)


def test_features_of_what_is_known_ahead_and_their_unknown_values():
    features = ("log_base", "weather:rain", "event:x", "known:weather:rain", "weather:wind")
    spec = WindowSpec(features, ("a",), Site("UTC"), unknown=(0.5, 3.0))
    assert context_of(spec) == ((1, 0.5), (2, 0.0), (3, 0.0), (4, 3.0))


def test_a_share_of_the_windows_loses_its_context_half_of_them_as_a_whole():
    first = hidden_from(10_000, 24, 0.2, (1, 0, 1))
    assert (first < 24).mean() == pytest.approx(0.2, abs=0.02)
    assert (first[first < 24] == 0).mean() == pytest.approx(0.5 + 0.5 / 24, abs=0.03)
    np.testing.assert_array_equal(first, hidden_from(10_000, 24, 0.2, (1, 0, 1)))
    assert (first != hidden_from(10_000, 24, 0.2, (1, 1, 1))).any()


def test_only_context_is_hidden_and_only_from_its_row_on():
    windows = np.ones((3, 4, 3), np.float32)
    seen = hidden(windows, np.array([0, 2, 4]), ((1, 0.5), (2, 0.0)))
    assert seen[:, :, 0].tolist() == [[1] * 4] * 3
    assert seen[:, :, 1].tolist() == [[0.5] * 4, [1, 1, 0.5, 0.5], [1] * 4]
    assert seen[:, :, 2].tolist() == [[0] * 4, [1, 1, 0, 0], [1] * 4]
    assert (windows == 1).all()


def trained(share: float, checkpoint=None, tick=lambda done, total: None, context=((1, 0.0),)):
    data = replace(made_training_data(2), context=context)
    training = replace(TRAINING, context_dropout=share)
    return fit(Job((1, 2, 3, 4), 7), made_network(NETWORK), training, data, checkpoint, tick)


def test_a_network_that_is_told_what_is_known_meets_what_is_not_unless_it_is_said_otherwise():
    told = ("log_base", "weather:rain", "known:weather:rain")
    assert [share_of(said, told) for said in (None, 0, 0.5)] == [0.2, 0, 0.5]
    assert share_of(None, told[:2]) == 0


def test_whether_something_is_known_is_not_scaled():
    windows = np.array([[[5, 1, 1]], [[7, 1, 0.5]]], np.float32)
    scaling = scaling_of(windows, ("weather:rain", "known:weather:rain", "known:event:x"))
    assert scaling.mean.tolist() == [6, 0, 0]
    assert scaling.deviation.tolist() == [1, 1, 1]


def with_rain(examples: Examples, seed: int) -> Examples:
    """The same with rain, which is known in nearly all hours, as in the data of a city."""
    random = np.random.default_rng(seed)
    rain = random.gamma(2, 3, (*examples.windows.shape[:2], 1))
    known = np.ones_like(rain)
    rain[0, 0], known[0, 0] = 6, 0
    windows = np.concatenate([examples.windows, rain, known], axis=2).astype(np.float32)
    wet = np.where(rain[:, :4, 0] > 9, 0.9, 1).astype(np.float32)
    return replace(examples, windows=windows, ratio=examples.ratio * wet)


def test_a_device_without_context_forecasts_about_as_well():
    features = (*FEATURES, "weather:rain", "known:weather:rain")
    network = Network(NETWORK, features, steps=6, steps_ahead=(1, 2, 3, 4))
    context = ((3, 6.0), (4, 0.0))
    train, judged = with_rain(made(1000, 1), 1), with_rain(made(200, 2), 2)
    data = TrainingData((Stage(train, Length(6), 0.02),), judged, context)
    fitted = fit(Job((1, 2, 3, 4), 7), network, TRAINING, data, None, lambda _done, _total: None)
    model = OnnxModel(assemble(network, [fitted], {}))
    bare = hidden(judged.windows, np.zeros(200, np.int64), context)

    def wape(windows: np.ndarray) -> float:
        error = np.abs(model.ratio(windows)[:, :, 0] - judged.ratio).sum()
        return float(error / judged.ratio.sum())

    usual = np.abs(np.exp(judged.windows[:, :4, 0]) - judged.ratio).sum() / judged.ratio.sum()
    assert wape(judged.windows) < usual
    assert wape(bare) < usual * 1.1


class PowerLoss(Exception):
    pass


def test_it_is_the_same_each_time_also_after_an_interruption(tmp_path):
    def cut(done, total):
        if done == total - 2:
            raise PowerLoss

    whole = trained(0.3)
    with pytest.raises(PowerLoss):
        trained(0.3, tmp_path / "checkpoint.npz", cut)
    assert trained(0.3, tmp_path / "checkpoint.npz").sha256 == whole.sha256
    assert whole.sha256 != trained(0).sha256
    assert trained(0.3, context=()).sha256 == trained(0).sha256


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([f"weather:{'x' * 65}"], "no device can be told .* it has 65 characters"),
        (["known:event:a\tb"], "no device can be told .* cannot be printed"),
        ([f"weather:{number}" for number in range(33)], "more than 32 `weather:` features"),
    ],
)
def test_context_that_no_device_can_be_told_is_refused_before_training(tmp_path, features, message):
    network = {"kind": "article-lstm", "encoder": 4}
    spec = {**LEAST, "network": network, "features": ["log_base", *features]}
    with pytest.raises(EdgeOpsError, match=message):
        check_model(ModelFile("m", tmp_path, spec, ""))


def test_dropout_without_context_is_refused(tmp_path):
    training = {**LEAST["training"], "contextDropout": 0.2}
    network = {"kind": "article-lstm", "encoder": 4}
    spec = {**LEAST, "training": training, "network": network}
    with pytest.raises(EdgeOpsError, match="no feature is of that kind"):
        check_model(ModelFile("m", tmp_path, spec, ""))
    check_model(ModelFile("m", tmp_path, {**spec, "features": ["log_base", "event:x"]}, ""))
