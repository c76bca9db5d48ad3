"""When a model counts as decayed on devices: not by chance, and not too early."""

from datetime import date

import numpy as np
import pytest

from edgeops.health.quality import DailySums, LiveModel, LiveScore
from edgeops.training.decay import LiveStanding, decay_of
from edgeops.training.recipe import RetrainingSection

OWN = 0.07


def model(wapes, hours=500, value=1000.0, naive=0.11):
    errors = tuple(value * wape for wape in wapes)
    days = DailySums(date(2026, 11, 29), errors, (value,) * len(errors)) if errors else None
    mean = sum(wapes) / len(wapes) if errors else 0.1
    return LiveModel("a" * 64, last28=LiveScore(hours, mean, 0, naive), days=days)


def judged(*models, own=OWN, **settings):
    return decay_of(models, own, RetrainingSection(**settings))


def test_a_model_that_is_worse_day_after_day_has_decayed():
    found = judged(model([0.09, 0.1] * 14))
    assert found.standing is LiveStanding.DECAYED
    assert (found.wape, found.bound) == (pytest.approx(0.095), pytest.approx(1.15 * OWN))
    assert found.low is not None
    assert found.bound is not None
    assert found.bound < found.low <= found.wape <= found.high
    assert not found.is_worse_than_naive
    assert judged(model([0.09, 0.1] * 14), decay=1.5).standing is LiveStanding.WELL


def test_a_few_bad_days_are_chance():
    found = judged(model([0.07] * 25 + [0.4] * 3, naive=0.09))
    assert found.wape > found.bound > found.low
    assert (found.standing, found.is_worse_than_naive) == (LiveStanding.WELL, True)


def test_noise_starts_nothing():
    """A model as good as when it was published, with days that differ much, is never retrained."""
    random = np.random.default_rng(3)
    standings = {
        judged(model((OWN * random.gamma(4, 1 / 4, 28)).tolist())).standing for _ in range(200)
    }
    assert standings == {LiveStanding.WELL}


@pytest.mark.parametrize(
    ("models", "standing"),
    [
        ((), LiveStanding.TOO_EARLY),
        ((model([0.2] * 28, hours=335),), LiveStanding.TOO_EARLY),
        ((model([0.2] * 13),), LiveStanding.TOO_EARLY),
        ((model([]),), LiveStanding.TOO_EARLY),
        ((model([0.2] * 28, value=0.0),), LiveStanding.TOO_EARLY),
    ],
)
def test_nothing_is_decided_too_early(models, standing):
    assert judged(*models).standing is standing
    assert judged(*models, own=None).standing is LiveStanding.NOT_PUBLISHED


def test_devices_count_by_their_values():
    large, small = model([0.07] * 28, value=9000.0), model([0.3] * 28)
    assert judged(large, small).wape == pytest.approx(0.093)
    assert judged(small).standing is LiveStanding.DECAYED
    assert judged(large, model([0.3] * 28, value=10.0)).standing is LiveStanding.WELL


def test_only_the_newest_days_count():
    assert judged(model([0.3] * 14 + [0.07] * 14), days=14).standing is LiveStanding.WELL
    assert judged(model([0.07] * 14 + [0.3] * 14), days=14).standing is LiveStanding.DECAYED
