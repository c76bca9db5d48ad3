"""Devices that git pauses: nothing is written, and what differs is told."""

from dataclasses import replace

import pytest

from edgeops.fleet.model import DesiredDevice, DesiredFleet, DesiredModule, HubTarget
from edgeops.plan.counts import counts
from edgeops.plan.document import check_fresh, read_saved, to_json
from edgeops.plan.model import Action, PlanOptions
from edgeops.plan.offline import offline_live
from edgeops.plan.plan import make_plan
from edgeops.plan.targets import changed_devices
from edgeops.report.documents import dump_json
from edgeops.report.plan_markdown import markdown
from edgeops.report.plan_text import summary, text
from edgeops.source.schemas import packaged_schema


def device(name, **fields):
    modules = {name: DesiredModule(name, {}, {}) for name in fields.pop("modules", ())}
    plain = DesiredDevice(name, {}, (), False, "sas", False, {}, {"r": 1}, modules, {}, {})
    return replace(plain, **fields)


def fleet(*devices, **fields):
    return DesiredFleet("f", "c" * 40, {}, {each.name: each for each in devices}, 9, **fields)


def plan(wanted, live, **options):
    return make_plan(
        wanted,
        live,
        hub=HubTarget("local"),
        options=PlanOptions(**{"create": True} | options),
        managed=tuple(live),
        created_at="2026-01-01T00:00:00Z",
    )


PAUSED = device("d1", desired={"r": 2}, paused=True)
LIVE = offline_live(fleet(device("d1"), device("d2"), device("d3")))


def test_nothing_is_written_and_the_difference_is_told():
    made = plan(fleet(PAUSED, device("d2", desired={"r": 3}), device("d3")), LIVE)
    assert {change.device for change in made.changes} == {"d2"}
    (paused,) = made.paused
    assert (paused.device, paused.changes[0].patch) == ("d1", {"desired": {"r": 2}})
    counted = counts(made)
    assert (counted.change, counted.in_sync, counted.paused, made.devices) == (1, 1, 1, 2)
    assert "differs in 1 value: desired.r" in text(made)
    assert "`d1`: `differs in 1 value: desired.r`" in markdown(made)
    assert summary(made).endswith("1 in sync, 1 paused")


def test_a_paused_device_in_sync_is_named_too():
    made = plan(fleet(device("d1", paused=True), device("d2")), LIVE)
    assert (made.changes, made.paused[0].changes) == ((), ())
    assert "paused: d1: in sync with git" in text(made)
    assert "No changes. 1 device is in sync with ccccccc, 1 paused." in text(made)


def test_drift_of_a_paused_device_is_told_by_every_plan():
    drifted = replace(LIVE["d1"], twin=replace(LIVE["d1"].twin, desired={"r": 9}))
    for options in ({}, {"drift_only": True}, {"targets": ("d1",)}):
        made = plan(fleet(device("d1", paused=True)), LIVE | {"d1": drifted}, **options)
        assert made.changes == ()
        assert made.paused[0].changes[0].before == {"desired": {"r": 9}}


def test_a_paused_device_is_not_created_and_its_children_wait_for_their_parent():
    gateway = device("gw", edge=True, paused=True)
    child = device("child", parent="gw")
    made = plan(fleet(gateway, child), {})
    assert made.absent == {"gw"}
    (create,) = [change for change in made.changes if change.action is Action.CREATE_DEVICE]
    assert create.device == "child"
    assert "parent" not in create.patch["identity"]
    assert "is not created while git pauses it" in text(made)


def test_a_paused_device_is_not_refused():
    live = {"d1": replace(LIVE["d1"], twin=replace(LIVE["d1"].twin, edge=True))}
    made = plan(fleet(PAUSED), live)
    assert (made.changes, made.refusals) == ((), ())
    assert "it would be refused: is an edge device on the hub" in text(made)


def test_a_paused_device_keeps_its_modules():
    live = offline_live(fleet(device("d1", modules=("m",))))
    made = plan(fleet(device("d1", paused=True)), live, prune=True)
    assert made.changes == ()
    assert Action.DELETE_MODULE in {change.action for change in made.paused[0].changes}


def test_what_git_no_longer_has_cannot_be_paused():
    made = plan(fleet(PAUSED), LIVE, prune=True)
    assert {change.device for change in made.changes} == {"d2", "d3"}


def test_a_paused_device_that_is_bound_to_another_hub_stays_on_this_one():
    wanted = fleet(
        device("d2"), device("d3"), elsewhere={"d1": ("us",)}, paused_elsewhere=frozenset({"d1"})
    )
    made = plan(wanted, LIVE, prune=True)
    assert made.changes == ()
    (refusal,) = made.refusals
    assert (
        refusal.reason == "is paused in git, and bound to the hub us in git: it is not deleted here"
    )


def test_pausing_and_going_on_are_changes_between_revisions():
    assert changed_devices(fleet(device("d1")), fleet(device("d1", paused=True))) == {"d1"}
    ignoring = device("d1", ignore=("/desired/x",))
    assert changed_devices(fleet(ignoring), fleet(device("d1"))) == {"d1"}


def test_a_saved_plan_says_what_is_paused_and_stays_exact():
    made = plan(fleet(PAUSED, device("d2", desired={"r": 3})), LIVE)
    document = to_json(made)
    assert (document["summary"]["paused"], document["paused"][0]["device"]) == (1, "d1")
    saved = read_saved(dump_json(document), packaged_schema("plan"))
    check_fresh(saved, made)
    # A plan of an edgeops that did not know of paused devices.
    del document["paused"], document["summary"]["paused"]
    check_fresh(read_saved(dump_json(document), packaged_schema("plan")), made)


@pytest.mark.parametrize("number", [1, 50])
def test_many_paused_devices_make_short_texts(number):
    devices = [device(f"d{n}", desired={f"x{n}": n}, paused=True) for n in range(number)]
    plain = offline_live(fleet(*(device(d.name) for d in devices)))
    made = plan(fleet(*devices), plain)
    assert len(text(made).splitlines()) < 30
    assert len(text(made, verbose=True).splitlines()) >= number
