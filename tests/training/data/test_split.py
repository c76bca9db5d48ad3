from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeops.errors import EdgeOpsError
from edgeops.features.series import hours_from
from edgeops.training.data.split import Period, Split, parts


def day(text: str) -> np.datetime64:
    return np.datetime64(text, "D")


STEPS = hours_from(np.datetime64("2024-01-01T00", "h"), 24 * 40)
SPLIT = Split(day("2024-01-10"), day("2024-01-20"), day("2024-01-30"))


def test_no_target_is_in_two_parts():
    found = parts(SPLIT, STEPS, 24, 1)
    assert list(found) == ["train", "validation", "test", "later"]
    assert (found["train"][0], found["train"][-1]) == (0, 10 * 24 - 25)
    assert (found["validation"][0], found["validation"][-1]) == (10 * 24, 20 * 24 - 25)
    assert found["later"][-1] == len(STEPS) - 25
    assert [len(one) for one in found.values()] == [216] * 4


def test_training_leaves_out_what_touches_a_period_or_follows_it():
    period = Period(day("2024-01-04"), day("2024-01-05"))
    found = parts(replace(SPLIT, excluded=(period,), grace_days=2), STEPS, 24, 1)
    left_out = sorted(set(range(216)) - set(found["train"].tolist()))
    assert (left_out[0], left_out[-1]) == (2 * 24, 7 * 24 - 1)
    assert len(left_out) == 5 * 24
    assert len(found["validation"]) == 216


def test_longer_steps_reach_further():
    found = parts(SPLIT, STEPS[::3], 8, 3)
    assert found["train"][-1] == 80 - 9


def test_what_cannot_be():
    with pytest.raises(EdgeOpsError, match="dates of the split are not in ascending order"):
        Split(day("2024-02-01"), day("2024-01-20"), day("2024-01-30"))
    with pytest.raises(EdgeOpsError, match="ends before it starts"):
        Period(day("2024-02-01"), day("2024-01-20"))
