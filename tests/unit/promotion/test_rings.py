"""The rings of a slot, and the slot of a model."""

from dataclasses import replace

import pytest

from edgeops.errors import UsageError
from edgeops.promotion.rings import declared, rings, slots_in_rings, values_in_rings
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


@pytest.fixture
def with_layers(three_rings):
    """The rings with this part of a layer each, beside their models."""

    def make(canary, half="tags: {}", everybody="tags: {}", own=""):
        # The conftest writes `models: {...}`: end that, and begin a part for its last bracket.
        return three_rings(
            *(f"}}\n  {part}\n  edge: {{" for part in (canary, half, everybody)), own
        )

    return make


RATE = ("desired", "rate")


def test_any_value_has_rings(with_layers):
    fleet = with_layers("desired: {rate: 5}", everybody="desired: {rate: 1}")
    assert of(fleet, RATE) == [
        ("canary", 5, ("d1",)),
        ("half", UNSET, ()),
        ("all", 1, ("d2", "d3")),
    ]


def test_null_is_a_value_but_a_removed_parent_takes_no_part(with_layers):
    fleet = with_layers("desired: {rate: null}", "desired: {rate: {high: 1}}")
    assert of(fleet, RATE)[0] == ("canary", None, ("d1",))
    fleet = with_layers("desired: {a: {b: 1}}", "desired: {a: null}", "desired: {a: 7}")
    assert [group for group, _, _ in of(fleet, ("desired", "a", "b"))] == ["canary"]


@pytest.mark.parametrize(
    ("value", "own", "devices"),
    [
        ("{x: 1}", "{z: 3}", ("d2", "d3")),  # it has all of the value, and more
        ("{x: 1}", "{x: 1}", ("d2", "d3")),
        ("{x: 1}", "{x: 2}", ("d2",)),
        ("{x: 1}", "null", ("d2",)),
        ("{x: 1, y: null}", "{z: 3}", ("d2", "d3")),
        ("1", "true", ("d2",)),
        ("1", "1", ("d2", "d3")),
        ("[1, 2]", "[1]", ("d2",)),
    ],
)
def test_a_device_follows_a_ring_if_it_has_all_of_the_value(with_layers, value, own, devices):
    fleet = with_layers(
        "desired: {a: 7}", everybody=f"desired: {{a: {value}}}", own=f"desired: {{a: {own}}}"
    )
    assert of(fleet, ("desired", "a"))[2][2] == devices


def test_variables_go_from_ring_to_ring_too(with_layers):
    fleet = with_layers("variables: {tag: a}", everybody="variables: {tag: b}")
    assert of(fleet, ("variables", "tag"))[2] == ("all", "b", ("d2", "d3"))


def test_what_rings_set_and_declare(with_layers):
    _, catalog, _ = with_layers("desired: {a: {x: 1}, b: [1]}", "tags: {c: d}")
    paths = (("desired", "a", "x"), ("desired", "b"), ("tags", "c"))
    assert set(paths) <= set(values_in_rings(catalog))
    groups = dict(catalog.groups)
    group = groups["half"]
    more = replace(group.spec.rollout, values=("desired.b", "/desired/b", "tags.c"))
    groups["half"] = replace(group, spec=replace(group.spec, rollout=more))
    assert declared(replace(catalog, groups=groups)) == (("desired", "b"), ("tags", "c"))
