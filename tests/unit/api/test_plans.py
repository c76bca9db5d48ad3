"""Planning, syncing and waiting, with a local hub in this process."""

import asyncio
from contextlib import contextmanager

import pytest

from edgeops.api import PlanRequest, Workspace, plan, status, sync, wait_until_converged
from edgeops.apply.outcome import Status
from edgeops.errors import EdgeOpsError, Refused, UsageError
from edgeops.plan.document import read_saved, to_json
from edgeops.report.documents import dump_json
from edgeops.source.schemas import packaged_schema


def changed(planned):
    return sorted({change.device for change in planned.plan.changes})


def test_a_plan_writes_nothing_and_a_sync_makes_it_empty(with_hub, listener):
    assert changed(plan(with_hub)) == ["a", "b"]
    done = sync(with_hub)
    assert {outcome.status for outcome in done.outcomes} == {Status.APPLIED}
    assert (changed(done.planned), done.interrupted) == (["a", "b"], False)
    assert changed(plan(with_hub)) == []
    planned = ["reading the fleet", "reading twins", "planning"]
    assert listener.runs == [*planned, *planned, "syncing", *planned]


def test_targets(with_hub):
    assert changed(plan(with_hub, PlanRequest(targets=("ring=canary",)))) == ["b"]
    with pytest.raises(UsageError):
        plan(with_hub, PlanRequest(targets=("nobody",)))


def test_git_against_git_needs_no_hub(workspace, root, git):
    file = root / "fleet/fleet.yaml"
    file.write_text(file.read_text().replace("60", "30"))
    git("commit", "--all", "--quiet", "--message", "faster")
    made = plan(workspace, PlanRequest(changed_since="HEAD~1", offline=True))
    assert changed(made) == ["a", "b"]
    assert made.base == git("rev-parse", "HEAD~1")


def test_the_callback_that_gets_the_plan_may_refuse_it(with_hub):
    def refuse(planned):
        assert changed(planned) == ["a", "b"]
        raise Refused("not today")

    with pytest.raises(Refused, match="not today"):
        sync(with_hub, before_writing=refuse)
    assert changed(plan(with_hub)) == ["a", "b"]


def test_a_saved_plan_is_carried_out_once_and_then_stale(with_hub):
    saved = read_saved(dump_json(to_json(plan(with_hub).plan)), packaged_schema("plan"))
    assert len(sync(with_hub, saved).outcomes) == 2
    with pytest.raises(Refused, match="stale"):
        sync(with_hub, saved)


def test_stopping_a_sync_skips_the_rest(with_hub):
    @contextmanager
    def at_once(stop):
        stop.set()
        yield

    done = sync(with_hub, stopping=at_once)
    assert done.interrupted
    assert {outcome.status for outcome in done.outcomes} == {Status.SKIPPED}


def test_status_and_waiting(with_hub, listener):
    assert [(row.device, row.in_sync) for row in status(with_hub)] == [("a", False), ("b", False)]
    sync(with_hub)
    assert [row.in_sync for row in status(with_hub, group="all")] == [True, True]
    with pytest.raises(UsageError, match="no device is in a group"):
        status(with_hub, group="al")
    fleet = with_hub.at("HEAD").fleet
    with pytest.raises(EdgeOpsError, match="2 of 2 devices have not converged within 0 s"):
        wait_until_converged(with_hub, fleet, ["a", "b"], 0)
    assert listener.waited == 1


def test_a_sync_works_inside_a_running_event_loop_as_in_a_notebook(with_hub):
    async def cell():
        return changed(plan(with_hub))

    assert asyncio.run(cell()) == ["a", "b"]


def test_a_hub_that_the_fleet_does_not_have(root):
    with pytest.raises(EdgeOpsError):
        plan(Workspace.find(root, hub="production"))
