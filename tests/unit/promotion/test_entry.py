"""Which ring a new release goes to first, and when to none."""

from dataclasses import replace

import pytest

from edgeops.promotion.change import entry
from edgeops.promotion.value import UNSET

OLD = "s: m@1.0.0"


@pytest.mark.parametrize(
    ("rings", "group", "before"),
    [
        ((OLD, OLD, OLD), "canary", "m@1.0.0"),
        (("", "", OLD), "canary", UNSET),
        (("s: null", OLD, OLD), "half", "m@1.0.0"),  # a ring that empties the slot takes no part
        (("s: m@1.1.0", OLD, ""), "canary", "m@1.1.0"),
    ],
)
def test_a_new_release_takes_the_place_of_an_earlier_one(three_rings, rings, group, before):
    _, catalog, _ = three_rings(*rings)
    change, why_not = entry(catalog, "m", "m@1.1.0")
    assert (change.group, change.path, change.before) == (group, ("models", "s"), before)
    assert (change.after, why_not) == ("m@1.1.0", "")


@pytest.mark.parametrize(
    ("rings", "why_not"),
    [
        (("", "", ""), "No ring has m yet."),
        (("s: n@1.0.0", "", ""), "No ring has m yet."),
        (("s: n@1.0.0", OLD, ""), "The first ring, canary, has n@1.0.0 in the slot s."),
        (("t: m@1.0.0", OLD, ""), "Rings have m in the slots s and t."),
    ],
)
def test_a_slot_that_runs_another_model_is_left_alone(three_rings, rings, why_not):
    _, catalog, _ = three_rings(*rings, own="models: {u: m@1.0.0}")
    assert entry(catalog, "m", "m@1.1.0") == (None, why_not)


def test_no_rings(three_rings):
    _, catalog, _ = three_rings(OLD)
    assert entry(replace(catalog, groups={}), "m", "m@1.1.0") == (None, "No group is a ring.")
