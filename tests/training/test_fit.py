"""Training: it learns, resumes where it was cut off, and keeps the best weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.training.fit import fit
from edgeops.training.fitted import load, save
from edgeops.training.network import check
from edgeops.training.recipe import NetworkSection
from edgeops.training.training_data import Examples, Job, Length, Stage, TrainingData
from tests.training.conftest import TRAINING, made, made_network, made_training_data

pytestmark = pytest.mark.usefixtures("keras_backend")

JOB = Job((1, 2, 3, 4), 7)
NETWORK = NetworkSection("article-lstm", encoder=4, dropout=0.2)  # the quickest to compile


class PowerLoss(Exception):
    pass


def trained(training_data, *, job=JOB, checkpoint=None, tick=lambda done, total: None, **changes):
    training = replace(TRAINING, **changes)
    return fit(job, made_network(NETWORK), training, training_data, checkpoint, tick)


@pytest.fixture(scope="module")
def whole():
    """A training from start to end."""
    return trained(made_training_data())


def test_the_loss_falls_while_training(whole):
    assert whole.history[2] < whole.history[1] < whole.history[0]


def test_another_seed_gives_other_weights(training_data, whole):
    assert trained(training_data, job=replace(JOB, seed=8)).sha256 != whole.sha256


def test_a_training_that_was_cut_off_ends_with_the_same_weights(training_data, whole, tmp_path):
    checkpoint = tmp_path / "checkpoint.npz"

    def cut(done, total):
        if done == total // 2:  # in the middle of the second epoch
            raise PowerLoss

    with pytest.raises(PowerLoss):
        trained(training_data, checkpoint=checkpoint, tick=cut)
    seen = []
    again = trained(training_data, checkpoint=checkpoint, tick=lambda *tick: seen.append(tick))
    assert seen[0] == (8, 21)  # the second epoch of 7 batches
    assert (again.sha256, again.history) == (whole.sha256, whole.history)


def of_stages():
    stages = (
        Stage(made(90, 3), Length(2), 0.02),
        Stage(made(120, 4), Length(2), 0.005),
    )  # 2 x 3, 2 x 4 batches
    return TrainingData(stages, made(60, 2))


@pytest.fixture(scope="module")
def whole_of_stages():
    return trained(of_stages())


@pytest.mark.parametrize("at", [10, 12, 14])  # before, after and beyond the second stage begins
def test_stages_that_were_cut_off_end_with_the_same_weights(at, whole_of_stages, tmp_path):
    training_data, checkpoint = of_stages(), tmp_path / "checkpoint.npz"

    def cut(done, total):
        assert total == 14
        if done == at:
            raise PowerLoss

    with pytest.raises(PowerLoss):
        trained(training_data, checkpoint=checkpoint, tick=cut)
    assert trained(training_data, checkpoint=checkpoint).sha256 == whole_of_stages.sha256


def of_steps(*steps):
    stages = (Stage(made(96, index), Length(steps=each), 0.01) for index, each in enumerate(steps))
    return TrainingData(tuple(stages), made(60, 2))


@pytest.fixture(scope="module")
def whole_of_steps():
    return trained(of_steps(4, 5))


@pytest.mark.parametrize("at", [3, 4, 5, 9])  # passes end at 3, 4, 7 and 9
def test_steps_that_were_cut_off_end_with_the_same_weights(at, whole_of_steps, tmp_path):
    training_data, checkpoint = of_steps(4, 5), tmp_path / "checkpoint.npz"

    def cut(done, total):
        assert total == 9
        if done == at:
            raise PowerLoss

    with pytest.raises(PowerLoss):
        trained(training_data, checkpoint=checkpoint, tick=cut)
    assert len(whole_of_steps.history) == 4
    assert trained(training_data, checkpoint=checkpoint).sha256 == whole_of_steps.sha256


def test_steps_are_passes_of_another_length():
    assert trained(of_steps(6)).sha256 == trained(with_length(of_steps(6), Length(2))).sha256
    assert len(trained(of_steps(2)).history) == 1


def with_length(training_data, length):
    return replace(training_data, stages=(replace(training_data.stages[0], length=length),))


def test_a_damaged_checkpoint_counts_as_none(training_data, whole, tmp_path):
    checkpoint = tmp_path / "checkpoint.npz"
    checkpoint.write_bytes(b"PK\x03\x04 cut off")
    assert trained(training_data, checkpoint=checkpoint).sha256 == whole.sha256


def test_what_is_unknown_does_not_count(training_data):
    data = made(200, 1)
    ratio, weight = data.ratio.copy(), data.weight.copy()
    ratio[::3, 1], weight[::3, 1] = np.nan, 0
    unknown = trained(with_data(training_data, Examples(data.windows, ratio, data.weight)))
    ignored = trained(with_data(training_data, Examples(data.windows, data.ratio, weight)))
    assert unknown.sha256 == ignored.sha256


def with_data(training_data, data):
    return replace(training_data, stages=(replace(training_data.stages[0], data=data),))


def test_the_best_weights_are_kept():
    def wild(epochs, **changes):
        training_data = TrainingData((Stage(made(200, 1), Length(epochs), 0.5),), made(60, 2))
        return trained(training_data, schedule="constant", ema=0, **changes)

    best = wild(6)
    at = best.history.index(min(best.history))
    assert best.sha256 == wild(at + 1).sha256
    last = wild(6, restore_best="none")
    assert (last.sha256 == best.sha256) is (at == 5)


@pytest.mark.parametrize(
    ("loss", "schedule"), [("pinball", "constant"), ("mae", "cosine"), ("mse", "cosine")]
)
def test_every_loss_and_schedule_learns(loss, schedule):
    history = trained(made_training_data(4), loss=loss, schedule=schedule, warmup=0.1).history
    assert history[-1] < history[0]


def test_a_result_is_the_same_after_saving(tmp_path):
    fitted = trained(made_training_data(1), restore_best="validation-loss")
    save(fitted, tmp_path / "deep" / "job.npz")
    again = load(tmp_path / "deep" / "job.npz")
    assert again is not None
    assert (again.job, again.history, again.sha256) == (JOB, fitted.history, fitted.sha256)
    assert load(tmp_path / "missing.npz") is None
    np.savez(tmp_path / "other.npz", notes=np.frombuffer(b"{}", np.uint8))
    assert load(tmp_path / "other.npz") is None


def test_a_whole_number_is_a_learning_rate():
    training_data = TrainingData((Stage(made(64, 1), Length(1), 1),), made(60, 2))
    assert len(trained(training_data, schedule="constant").history) == 1


@pytest.mark.parametrize(
    ("changes", "quantiles", "message"),
    [
        ({"kind": "sequence-lstm"}, (0.5,), "sequence-lstm needs a size for decoder, head"),
        ({"clip": (3, -4)}, (0.5,), "`clip` goes from 3 to -4"),
        ({}, (0.9, 0.5, 0.1), r"the quantiles 0\.9, 0\.5, 0\.1 are not in ascending order"),
    ],
)
def test_a_network_that_cannot_be(changes, quantiles, message):
    with pytest.raises(EdgeOpsError, match=message):
        check(made_network(replace(NETWORK, **changes), quantiles))
