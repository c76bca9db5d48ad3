"""Whose a twin is: of two repositories, a copied twin, a stamp without uid."""

from dataclasses import replace

import pytest

from edgeops import stamp as stamps
from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.plan.device import plan_device
from edgeops.plan.model import Action, Reason, Refusal
from edgeops.plan.offline import carried_out
from edgeops.plan.ownership import Owner
from edgeops.plan.removals import plan_removal
from edgeops.stamp import Stamp, decode
from edgeops.twin import LiveDevice, Twin

OURS, OTHER = "our-uid-1", "other-uid-2"


def device(name="d1", **fields):
    modules = {"m": DesiredModule("m", {}, {"a": 1})}
    plain = DesiredDevice(
        name, {}, (), False, "sas", False, {"site": "cbd"}, {"interval": 60}, modules, {}, {}
    )
    return replace(plain, **fields)


def plan(live, uid, want=None):
    return plan_device(want or device(), live, Owner("f", uid, "c"), create=True)


def synced(uid, name="d1", **fields):
    live = LiveDevice(Twin(name))
    return carried_out(live, plan(live, uid, device(name, **fields)))


def earlier(live):
    """The device with stamps of a version that did not write the id of the device."""

    def without(twin):
        stamp = {k: v for k, v in twin.tags["edgeops"].items() if k != "device"}
        return replace(twin, tags={**twin.tags, "edgeops": stamp})

    return LiveDevice(without(live.twin), {m: without(twin) for m, twin in live.modules.items()})


def copied(live, name):
    """The device of another name with these tags and properties, as a careless tool makes it."""
    modules = {m: replace(twin, device=name) for m, twin in live.modules.items()}
    return LiveDevice(replace(live.twin, device=name), modules)


def test_a_stamp_says_whose_it_is_and_of_which_device():
    live = synced(OURS)
    for twin in (live.twin, live.modules["m"]):
        assert (decode(twin.tags).uid, decode(twin.tags).device) == (OURS, "d1")
    assert plan(live, OURS) == ()


def test_without_uid_a_stamp_still_names_its_device():
    live = synced(None)
    keys = {"fleet", "digest", "commit", "paths0", "device"}
    assert live.twin.tags["edgeops"].keys() == keys
    assert plan(copied(live, "d2"), None, device("d2")).reason.startswith("is a copy of d1")
    assert plan_removal(copied(live, "d2"), Owner("f", None)) is None


def test_a_stamp_without_its_device_is_no_reason_to_write_a_twin():
    assert plan(earlier(synced(None)), None) == ()


@pytest.mark.parametrize(
    ("stamp", "uid", "why"),
    [
        (OTHER, OURS, f"another repository, whose Fleet has the same name and uid {OTHER}"),
        (OTHER, None, f"the repository with uid {OTHER}; the Fleet in this one has no uid"),
    ],
)
def test_the_device_of_another_repository_is_refused_and_never_deleted(stamp, uid, why):
    live = synced(stamp)
    refused = plan(live, uid)
    assert isinstance(refused, Refusal)
    assert why in refused.reason
    assert refused.hint
    assert plan_removal(live, Owner("f", uid)) is None
    module = replace(live, twin=Twin("d1"))
    assert plan(module, uid).reason.startswith("its module m is managed by ")


def test_a_copied_twin_is_refused_and_never_deleted():
    copy = copied(synced(OURS), "d2")
    assert plan(copy, OURS, device("d2")).reason == "is a copy of d1: its stamp was copied along"
    assert plan_removal(copy, Owner("f", OURS)) is None


def test_a_stamp_without_uid_gets_ours_and_nothing_else_changes():
    changes = plan(earlier(synced(None)), OURS)
    assert [change.action for change in changes] == [Action.PATCH_DEVICE, Action.PATCH_MODULE]
    for change in changes:
        assert (change.patch, change.stamp) == ({}, {"device": "d1", "uid": OURS})
        assert change.reason is Reason.CHANGED
    assert plan(carried_out(earlier(synced(None)), changes), OURS) == ()


def test_a_device_that_git_dropped_before_the_fleet_got_its_uid_is_not_deleted():
    refused = plan_removal(synced(None), Owner("f", OURS))
    assert isinstance(refused, Refusal)
    assert refused.reason.startswith("is no longer in git, and its stamp is older than the uid")
    moved = plan_removal(synced(None), Owner("f", OURS), hubs=("us",))
    assert moved.reason.startswith("is bound to the hub us in git, and its stamp is older")


def test_who_let_go_of_a_protected_device_is_told_two_ways_out():
    hint = plan_removal(synced(OURS, protect=True), Owner("f", OURS)).hint
    assert "edgeops forget" in hint
    assert "protect: false" in hint


@pytest.mark.parametrize("damaged", [{"uid": 5}, {"device": ["d1"]}, {"uid": None}])
def test_a_damaged_identity_counts_as_none(damaged):
    value = {**stamps.encode(Stamp("f", "c", "d")), **damaged}
    assert decode({"edgeops": value}) == Stamp("f", "c", "d")
    assert not Owner("f", OURS).proves(decode({"edgeops": value}), "d1")
