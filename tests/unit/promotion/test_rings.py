"""The rings of a slot, and the slot of a model."""

import pytest

from edgeops.errors import UsageError
from edgeops.promotion.rings import rings, slots_in_rings
from edgeops.promotion.slots import Mention, choose_slot, mentions, wanted_on
from edgeops.promotion.value import UNSET

OLD, NEW = "s: m@1.0.0", "s: m@1.1.0"


def of(fleet, path=("models", "s")):
    _, catalog, desired = fleet
    return [(ring.group, ring.value, ring.devices) for ring in rings(catalog, desired, path)]


def test_each_device_counts_in_the_ring_that_it_follows(three_rings):
    assert of(three_rings(canary=NEW, everybody=OLD)) == [
        ("canary", "m@1.1.0", ("d1",)),
        ("half", UNSET, ()),
        ("all", "m@1.0.0", ("d2", "d3")),
    ]
    assert of(three_rings(NEW, NEW, NEW)) == [
        ("canary", "m@1.1.0", ("d1",)),
        ("half", "m@1.1.0", ("d2",)),
        ("all", "m@1.1.0", ("d3",)),
    ]


def test_a_device_with_a_model_of_its_own_follows_no_ring(three_rings):
    assert of(three_rings(NEW, OLD, OLD, own="models: {s: n@1.0.0}"))[2] == ("all", "m@1.0.0", ())


def test_a_ring_that_empties_the_slot_takes_no_part(three_rings):
    taking_part = of(three_rings(NEW, "s: null", OLD))
    assert [group for group, _, _ in taking_part] == ["canary", "all"]


def test_slots_are_those_that_a_ring_sets(three_rings):
    _, catalog, _ = three_rings(NEW, "t: n@1.0.0", "u: null", own="models: {v: m@1.0.0}")
    assert slots_in_rings(catalog) == ("s", "t")


def test_the_slot_is_the_one_that_holds_the_model(three_rings):
    _, catalog, _ = three_rings(canary=NEW, everybody="s: n@1.0.0, t: n@1.0.0")
    assert choose_slot(catalog, "m") == "s"
    assert choose_slot(catalog, "m", "t") == "t"
    with pytest.raises(UsageError, match="n is in the slots s and t") as error:
        choose_slot(catalog, "n")
    assert "--slot" in error.value.hint


def test_a_model_that_no_slot_holds_needs_the_name_of_one(three_rings):
    _, catalog, _ = three_rings(canary=NEW)
    with pytest.raises(UsageError, match="no slot has n yet") as error:
        choose_slot(catalog, "n")
    assert "the slots are s" in error.value.hint
    assert choose_slot(catalog, "n", "new") == "new"


@pytest.mark.parametrize(
    ("slot", "message"), [("crowdz", "no group or device"), ("a b", "not a slot")]
)
def test_a_slot_that_does_not_exist_is_an_error(three_rings, slot, message):
    _, catalog, _ = three_rings(canary="crowds: m@1.0.0")
    with pytest.raises(UsageError, match=message):
        choose_slot(catalog, "m", slot)


def test_who_names_and_who_runs_a_release(three_rings):
    _, catalog, fleet = three_rings(canary=NEW, everybody=OLD, own="models: {t: m@1.1.0}")
    assert sorted(mentions(catalog)["m@1.1.0"]) == [
        Mention("Device", "d3", "t"),
        Mention("Group", "canary", "s"),
    ]
    assert wanted_on(fleet) == {"m@1.1.0": ["d1", "d3"], "m@1.0.0": ["d2", "d3"]}
