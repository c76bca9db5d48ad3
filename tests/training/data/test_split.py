"""The hours are divided into training, validation and test parts that never overlap."""

from __future__ import annotations

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
    by_part = parts(SPLIT, STEPS, 24, 1)
    assert list(by_part) == ["train", "validation", "test", "later"]
    assert (by_part["train"][0], by_part["train"][-1]) == (0, 10 * 24 - 25)
    assert (by_part["validation"][0], by_part["validation"][-1]) == (10 * 24, 20 * 24 - 25)
    assert by_part["later"][-1] == len(STEPS) - 25
    assert [len(origins) for origins in by_part.values()] == [216] * 4


def test_training_leaves_out_what_touches_a_period_or_follows_it():
    period = Period(day("2024-01-04"), day("2024-01-05"))
    by_part = parts(SPLIT, STEPS, 24, 1, (period,), grace_days=2)
    left_out = sorted(set(range(216)) - set(by_part["train"].tolist()))
    assert (left_out[0], left_out[-1]) == (2 * 24, 7 * 24 - 1)
    assert len(left_out) == 5 * 24
    assert len(by_part["validation"]) == 216


def test_longer_steps_reach_further():
    by_part = parts(SPLIT, STEPS[::3], 8, 3)
    assert by_part["train"][-1] == 80 - 9


def test_parts_out_of_order_and_periods_that_end_before_they_start_are_errors():
    with pytest.raises(EdgeOpsError, match="must be in order"):
        Split(day("2024-02-01"), day("2024-01-20"), day("2024-01-30"))
    with pytest.raises(EdgeOpsError, match="ends before it starts"):
        Period(day("2024-02-01"), day("2024-01-20"))
