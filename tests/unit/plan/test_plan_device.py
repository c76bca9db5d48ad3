"""What one device needs, case by case. A device is planned, written and planned again."""

from dataclasses import replace

import pytest

from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.plan.device import plan_device
from edgeops.plan.model import Action, Reason, Refusal
from edgeops.plan.offline import carried_out
from edgeops.plan.ownership import Owner
from edgeops.plan.removals import plan_removal
from edgeops.stamp import decode
from edgeops.twin import LiveDevice, Twin


def device(**fields):
    plain = DesiredDevice(
        name="d1",
        labels={},
        groups=(),
        edge=False,
        authentication="sas",
        protect=False,
        tags={"site": "cbd"},
        desired={"interval": 60},
        modules={},
        models={},
        edge_content={},
    )
    return replace(plain, **fields)


def module(name, **desired):
    return {name: DesiredModule(name, {}, desired)}


def plan(want, live, commit="c1", create=True, prune=False):
    return plan_device(want, live, Owner("f", commit=commit), create=create, prune=prune)


def synced(want, commit="c1"):
    """The device on a hub that is in sync."""
    return carried_out(LiveDevice(Twin("d1", edge=want.edge)), plan(want, None, commit))


def with_desired(live, **desired):
    return replace(live, twin=replace(live.twin, desired=live.twin.desired | desired))


def actions(changes):
    return [change.action.value for change in changes]


def test_a_missing_device_is_created_and_written():
    create, patch = plan(device(), None)
    assert (create.action, create.reason) == (Action.CREATE_DEVICE, Reason.NEW)
    assert patch.action is Action.PATCH_DEVICE
    assert patch.reason is Reason.NEW
    assert patch.patch == {"tags": {"site": "cbd"}, "desired": {"interval": 60}}
    assert patch.stamp["fleet"] == "f"


def test_a_missing_device_is_refused_where_devices_are_not_created():
    refusal = plan(device(), None, create=False)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "is not on the hub"


def test_in_sync_means_no_change_whatever_the_commit():
    assert plan(device(), synced(device()), commit="c2") == ()


def test_a_twin_nobody_stamped_is_adopted_even_when_its_content_agrees():
    live = LiveDevice(Twin("d1", etag="e", tags={"site": "cbd"}, desired={"interval": 60}))
    (change,) = plan(device(), live)
    assert change.reason is Reason.ADOPTED
    assert change.patch == {}
    assert change.etag == "e"


def test_a_change_in_git_is_a_minimal_patch_with_the_value_before():
    (change,) = plan(device(desired={"interval": 30, "new": 1}), synced(device()), commit="c2")
    assert change.reason is Reason.CHANGED
    assert change.patch == {"desired": {"interval": 30, "new": 1}}
    assert change.before == {"desired": {"interval": 60}}
    assert change.stamp["commit"] == "c2"


def test_drift_is_found_under_an_intact_stamp_and_leaves_the_stamp():
    live = with_desired(synced(device()), interval=5)
    (change,) = plan(device(), live, commit="c2")
    assert change.reason is Reason.DRIFT
    assert change.patch == {"desired": {"interval": 60}}
    assert change.stamp == {}


def test_a_key_removed_from_git_is_removed_and_foreign_keys_stay():
    live = with_desired(synced(device()), foreign=1)
    (change,) = plan(device(desired={}), live)
    assert change.patch == {"desired": {"interval": None}}
    assert carried_out(live, [change]).twin.desired == {"foreign": 1}


def test_a_foreign_value_that_git_now_names_becomes_owned():
    want = device(desired={"interval": 60, "foreign": 1})
    live = with_desired(synced(device()), foreign=1)
    (change,) = plan(want, live)
    assert change.patch == {}
    assert ("desired", "foreign") in decode(carried_out(live, [change]).twin.tags).owned


def test_protection_is_remembered_on_the_twin():
    live = synced(device())
    (change,) = plan(device(protect=True), live)
    assert change.patch == {"tags": {"edgeops": {"protect": True}}}
    assert change.reason is Reason.CHANGED
    protected = carried_out(live, [change])
    assert decode(protected.twin.tags).protect
    (change,) = plan(device(), protected)
    assert change.patch == {"tags": {"edgeops": {"protect": None}}}
    assert change.before == {"tags": {"edgeops": {"protect": True}}}
    assert carried_out(protected, [change]).twin.tags == live.twin.tags


def test_protection_that_was_taken_away_on_the_hub_is_in_the_plan():
    live = synced(device(protect=True))
    tags = {"edgeops": {**live.twin.tags["edgeops"], "protect": False}}
    spoilt = replace(live, twin=replace(live.twin, tags={**live.twin.tags, **tags}))
    (change,) = plan(device(protect=True), spoilt)
    assert (change.before["tags"], change.patch["tags"]) == (
        {"edgeops": {"protect": False}},
        {"edgeops": {"protect": True}},
    )


def test_the_identity_of_a_new_device_is_in_the_plan():
    for authentication, edge in (("sas", False), ("x509CA", True)):
        new, *_ = plan(device(authentication=authentication, edge=edge), None)
        assert new.patch == {"identity": {"authentication": authentication, "edge": edge}}


def test_the_protection_of_a_new_device_is_in_the_plan():
    _, patch = plan(device(protect=True, tags={"floor": 1}), None)
    assert patch.patch["tags"] == {"edgeops": {"protect": True}, "floor": 1}


def test_a_damaged_stamp_is_repaired():
    live = synced(device())
    tags = live.twin.tags | {"edgeops": live.twin.tags["edgeops"] | {"paths0": "?"}}
    (change,) = plan(device(), replace(live, twin=replace(live.twin, tags=tags)))
    assert change.patch == {}
    assert carried_out(live, [change]).twin.tags == live.twin.tags


# --- modules ------------------------------------------------------------------


def test_modules_of_a_plain_device_are_created_stamped_and_owned():
    want = device(modules=module("loader", keep=2) | module("idle"))
    changes = plan(want, None)
    assert actions(changes) == [
        "create-device",
        "patch-device",
        "create-module",
        "create-module",
        "patch-module",
    ]
    live = synced(want)
    assert live.modules["loader"].desired == {"keep": 2}
    assert decode(live.twin.tags).owned_in("modules") == {("loader",), ("idle",)}
    assert plan(want, live) == ()


def test_module_drift_is_put_back():
    want = device(modules=module("loader", keep=2))
    live = synced(want)
    drifted = replace(live.modules["loader"], desired={"keep": 9, "foreign": 1}, etag="e")
    (change,) = plan(want, replace(live, modules={"loader": drifted}))
    assert (change.module, change.reason, change.etag) == ("loader", Reason.DRIFT, "e")
    assert change.patch == {"desired": {"keep": 2}}


def test_a_found_module_is_adopted_and_never_deleted():
    live = synced(device())
    live = replace(live, modules={"loader": Twin("d1", "loader", desired={"keep": 1})})
    (change,) = plan(device(modules=module("loader", keep=2)), live)
    assert change.reason is Reason.ADOPTED
    assert plan(device(), carried_out(live, [change]), prune=True) == ()


def test_a_module_removed_from_git_is_kept_until_pruned():
    live = synced(device(modules=module("loader", keep=2)))
    assert plan(device(), live) == ()
    delete, stamp = plan(device(), live, prune=True)
    assert (delete.action, delete.module) == (Action.DELETE_MODULE, "loader")
    assert stamp.action is Action.STAMP_DEVICE
    live = carried_out(live, [delete, stamp])
    assert plan(device(), live, prune=True) == ()
    assert decode(live.twin.tags).owned_in("modules") == frozenset()


# --- refusals -----------------------------------------------------------------

FOREIGN = {"edgeops": {"fleet": "other"}}


@pytest.mark.parametrize(
    ("live", "reason"),
    [
        (LiveDevice(Twin("d1", tags=FOREIGN)), "is managed by the fleet other"),
        (
            LiveDevice(Twin("d1"), {"m": Twin("d1", "m", tags=FOREIGN)}),
            "its module m is managed by the fleet other",
        ),
        (
            LiveDevice(Twin("d1", edge=True)),
            "is an edge device on the hub, not an edge device in git",
        ),
        (
            LiveDevice(
                Twin("d1"), {"$edgeAgent": Twin("d1", "$edgeAgent", configurations=("base",))}
            ),
            "is targeted by the automatic deployment base",
        ),
    ],
)
def test_a_device_that_is_not_ours_is_refused(live, reason):
    refusal = plan(device(modules=module("m", a=1)), live)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason
    assert refusal.hint


# --- removal ------------------------------------------------------------------


def test_only_devices_of_this_fleet_are_removed():
    assert plan_removal(synced(device()), Owner("f")).action is Action.DELETE_DEVICE
    assert plan_removal(synced(device()), Owner("other")) is None
    assert plan_removal(LiveDevice(Twin("d1")), Owner("f")) is None


def test_protected_devices_are_not_removed():
    assert isinstance(plan_removal(synced(device(protect=True)), Owner("f")), Refusal)
