"""What was last written from a commit that the clone does not have is not deleted."""

from dataclasses import replace

import pytest

from edgeops.fleet.model import DesiredDevice, DesiredFleet, DesiredModule, HubTarget
from edgeops.plan.counts import counts
from edgeops.plan.document import read_saved, to_json
from edgeops.plan.model import Action, PlanOptions
from edgeops.plan.offline import carried_out, offline_live
from edgeops.plan.plan import make_plan
from edgeops.report.documents import dump_json
from edgeops.source.schemas import packaged_schema
from edgeops.stamp import commit_in

KNOWN, UNKNOWN = "a" * 40, "b" * 40


def device(name, *modules):
    wanted = {module: DesiredModule(module, {}, {}) for module in modules}
    return DesiredDevice(name, {}, (), False, "sas", False, {}, {"r": 1}, wanted, {}, {})


def fleet(*devices, commit=KNOWN, uid=None, **fields):
    named = {each.name: each for each in devices}
    return DesiredFleet("f", commit, {}, named, max_deletes=9, uid=uid, **fields)


def plan(wanted, live, known=frozenset({KNOWN}), prune=True):
    return make_plan(
        wanted,
        live,
        hub=HubTarget("local"),
        options=PlanOptions(prune=prune, create=True),
        managed=tuple(live),
        created_at="2026-01-01T00:00:00Z",
        known=known,
    )


def actions(made):
    return [(change.device, change.action, change.module) for change in made.changes]


@pytest.mark.parametrize("uid", [None, "uid-1"])
def test_a_device_stays_if_its_commit_is_unknown(uid):
    both = device("d1"), device("d2")
    live = offline_live(fleet(*both, commit=UNKNOWN, uid=uid))
    made = plan(fleet(both[0], uid=uid), live)
    assert actions(made) == []
    (refusal,) = made.refusals
    assert refusal.device == "d2"
    assert refusal.reason == (
        "is no longer in git, but was last written from commit bbbbbbb, which this clone does not"
        " have: it is not deleted"
    )
    assert "git fetch --unshallow" in refusal.hint
    assert "edgeops forget" in refusal.hint
    assert ("give the Fleets of both a `uid`" in refusal.hint) is (uid is None)
    assert (counts(made).delete, counts(made).refused) == (0, 1)

    assert actions(plan(fleet(both[0], uid=uid), live, known=frozenset({KNOWN, UNKNOWN}))) == [
        ("d2", Action.DELETE_DEVICE, None)
    ]


def test_a_sync_while_git_has_it_makes_it_known():
    live = offline_live(fleet(device("d1"), device("d2"), commit=UNKNOWN))
    changed = replace(device("d2"), desired={"r": 2})
    made = plan(fleet(device("d1"), changed), live)
    live["d2"] = carried_out(live["d2"], made.changes)
    assert commit_in(live["d2"].twin.tags) == KNOWN
    assert actions(plan(fleet(device("d1")), live)) == [("d2", Action.DELETE_DEVICE, None)]


@pytest.mark.parametrize("stamp", [{"commit": None}, {"commit": "HEAD"}, {"commit": "$(x)"}])
def test_a_stamp_that_names_no_commit_is_of_an_unknown_one(stamp):
    live = offline_live(fleet(device("d1"), device("d2")))
    tags = live["d2"].twin.tags
    tags = {"edgeops": tags["edgeops"] | stamp}
    live["d2"] = replace(live["d2"], twin=replace(live["d2"].twin, tags=tags))
    (refusal,) = plan(fleet(device("d1")), live).refusals
    assert "written from an unknown commit" in refusal.reason


def test_unknown_commits_do_not_raise_the_budget():
    ours = [device(f"ours-{n}") for n in range(10)]
    live = offline_live(fleet(*ours))
    live |= offline_live(fleet(*(device(f"theirs-{n}") for n in range(90)), commit=UNKNOWN))
    wanted = replace(fleet(*ours[2:]), max_deletes="10%")
    assert "2 of 10 managed devices" in plan(wanted, live).blocked.reason


def test_the_rest_of_the_device_is_synced_and_its_module_stays():
    live = offline_live(fleet(device("d1", "m", "n"), commit=UNKNOWN))
    wanted = replace(device("d1", "n"), desired={"r": 2})
    made = plan(fleet(wanted), live)
    assert actions(made) == [("d1", Action.PATCH_DEVICE, None)]
    (refusal,) = made.refusals
    assert (refusal.device, refusal.partly) == ("d1", True)
    assert "its module m stays, which git no longer has" in refusal.reason
    document = to_json(made)
    assert document["refusals"][0]["partly"] is True
    read_saved(dump_json(document), packaged_schema("plan"))

    live["d1"] = carried_out(live["d1"], made.changes)
    again = plan(fleet(wanted), live)  # now the commit is known
    assert ("d1", Action.DELETE_MODULE, "m") in actions(again)
    assert again.refusals == ()


def test_without_prune_nothing_is_said():
    live = offline_live(fleet(device("d1", "m"), device("d2"), commit=UNKNOWN))
    made = plan(fleet(device("d1")), live, prune=False)
    assert made.refusals == ()
