"""fleet-sync.yml: what is merged reaches the hub, approved once; drift is one issue."""

import pytest
from azure.iot.hub.models import Twin

WORKFLOW = "fleet-sync.yml"
PREVIEW = "fleet-pr.yml"


@pytest.fixture
def intervals(registry):
    """The desired interval of both canaries, on the hub."""

    def read():
        twins = [registry.get_twin(name) for name in ("c1", "c2")]
        return [twin.properties.desired["interval"] for twin in twins]

    return read


def faster(synced):
    """A pull request that changes both canaries."""
    synced.edit("fleet/fleet.yaml", "interval: 60", "interval: 30")
    return synced.pull_request("faster")


def test_what_was_approved_in_its_pull_request_is_applied_at_once(synced, intervals):
    number = faster(synced)
    assert synced.run(PREVIEW, pull=number).code == 0
    synced.github.review(number)
    synced.merge(number)

    ran = synced.run(WORKFLOW, "push")
    assert ran.jobs == {"plan": "success", "apply": "success"}, ran.log
    assert intervals() == [30, 30]
    assert "Approved: grace approved this plan in #1." in ran.summary("plan")
    assert ran.outputs("plan") == {"approved": "true", "changes": "true"}
    logins = [(call["client-id"], call["tenant-id"]) for call in ran.inputs("azure/login")]
    assert logins == [("reader", "tenant"), ("writer", "tenant")]
    assert "**2 devices synced (2 writes)" in ran.summary("apply")

    again = synced.run(WORKFLOW, "push")
    assert again.jobs == {"plan": "success"}, again.log  # nothing to apply
    assert "No changes. 6 devices are in sync" in again.summary("plan")


def test_a_plan_that_the_pull_request_did_not_show_waits_for_the_environment(
    synced, registry, intervals
):
    number = faster(synced)
    assert synced.run(PREVIEW, pull=number).code == 0
    synced.github.review(number)
    synced.merge(number)
    registry.update_twin("s1", Twin(tags={"floor": 7}))  # the plan puts this back, too

    ran = synced.run(WORKFLOW, "push")
    assert "Not approved yet: #1: it does not show this plan." in ran.summary("plan")
    assert ran.outputs("plan") == {"approved": "false", "changes": "true"}
    assert (intervals(), registry.get_twin("s1").tags["floor"]) == ([30, 30], 1)


def test_whoever_pushed_the_last_commit_cannot_approve_it(synced, intervals):
    number = faster(synced)
    with synced.more(number, by="grace"):  # its author is ada, as the commit says
        synced.edit("fleet/fleet.yaml", "interval: 30", "interval: 20")
    assert synced.run(PREVIEW, pull=number).code == 0
    synced.github.review(number)
    synced.merge(number)
    ran = synced.run(WORKFLOW, "push")
    assert ran.outputs("plan") == {"approved": "false", "changes": "true"}
    assert "grace wrote part of it" in ran.summary("plan")


def test_where_github_does_not_answer_the_reviewers_of_the_environment_decide(synced):
    number = faster(synced)
    assert synced.run(PREVIEW, pull=number).code == 0
    synced.github.review(number)
    synced.merge(number)
    synced.github.refused["/activity"] = 403
    ran = synced.run(WORKFLOW, "push")
    assert ran.jobs == {"plan": "success", "apply": "success"}, ran.log
    assert ran.outputs("plan") == {"approved": "false", "changes": "true"}
    assert "Not approved yet: GitHub answered 403 for contoso/fleet (" in ran.summary("plan")


def test_a_device_that_fails_makes_the_run_red_and_the_others_are_synced(
    synced, local_hub, intervals
):
    synced.edit("fleet/fleet.yaml", "interval: 60", "interval: 30")
    synced.push()
    local_hub.faults.answer("PATCH", "^/twins/c1", 400)
    ran = synced.run(WORKFLOW, "push")
    assert ran.jobs == {"plan": "success", "apply": "failure"}, ran.log
    assert "exit status 4" in ran.log
    assert "- failed: `c1`" in ran.summary("apply")
    assert intervals() == [60, 30]


def test_drift_is_one_issue_until_it_is_gone(synced, registry):
    def nightly():
        ran = synced.run(WORKFLOW, "schedule")
        assert ran.jobs == {"drift": "success"}, ran.log
        return list(synced.github.issues.values())

    assert nightly() == []
    registry.update_twin("s1", Twin(tags={"floor": 7}))
    (issue,) = nightly()
    assert issue["title"] == "Drift detected on hub production"
    assert "- tags.floor: 7\n+ tags.floor: 1" in issue["body"]

    registry.update_twin("s2", Twin(tags={"floor": 8}))
    (issue,) = nightly()
    assert "`s1`" in issue["body"]
    assert "`s2`" in issue["body"]

    assert synced.run(WORKFLOW, "workflow_dispatch").jobs == {"plan": "success", "apply": "success"}
    (issue,) = nightly()
    assert issue["state"] == "closed"
    assert synced.github.bodies(issue["number"])[0].startswith("In sync again")


def test_the_nightly_run_keeps_a_status_page_where_it_is_wanted(synced):
    ran = synced.run(WORKFLOW, "schedule")
    assert not ran.artifact("status-production").exists()
    synced.variables["EDGEOPS_STATUS_PAGE"] = "true"
    ran = synced.run(WORKFLOW, "schedule")
    assert ran.jobs == {"drift": "success"}, ran.log
    page = (ran.artifact("status-production") / "status.html").read_text()
    assert "hub production and git at" in page


def test_where_drift_is_corrected_what_git_changed_still_waits(synced, registry, intervals):
    synced.variables["EDGEOPS_DRIFT"] = "correct"
    synced.edit("fleet/fleet.yaml", "interval: 60", "interval: 30")
    synced.push()
    registry.update_twin("s1", Twin(tags={"floor": 7}))
    ran = synced.run(WORKFLOW, "schedule")
    assert ran.jobs == {"correct": "success", "drift": "success"}, ran.log
    assert registry.get_twin("s1").tags["floor"] == 1
    assert intervals() == [60, 60]  # nobody has approved that yet
    (issue,) = synced.github.issues.values()
    assert "`s1`" not in issue["body"]
    assert "`c1`, `c2`" in issue["body"]


def test_without_a_hub_there_is_nothing_to_do(synced):
    synced.variables.clear()
    assert synced.run(WORKFLOW, "push").jobs == {}
    assert synced.run(WORKFLOW, "schedule").jobs == {}
