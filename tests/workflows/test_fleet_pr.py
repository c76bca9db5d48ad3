"""fleet-pr.yml on pull requests of every kind: what the comment says, and what nobody writes."""

import json

import pytest
from azure.iot.hub.models import Twin
from fake_github import READER

WORKFLOW = "fleet-pr.yml"
SECRET = "HostName=h.azure-devices.net;SharedAccessKeyName=owner;SharedAccessKey=" + "c2VjcmV0" * 5


@pytest.fixture
def devices(registry):
    """The names of the devices on the hub, now."""
    return lambda: {device.device_id for device in registry.get_devices()}


def only_comment(example, number):
    (body,) = example.github.bodies(number)
    assert body.startswith("<!-- edgeops:fleet-plan -->\n")
    assert len(body) < 65_536
    return body


def test_one_comment_shows_the_effect_and_is_kept_up_to_date(example, devices):
    example.edit("fleet/groups/canary.yaml", "60", "30")
    number = example.pull_request("faster")
    ran = example.run(WORKFLOW, pull=number)
    assert ran.jobs == {"render": "success", "comment": "success"}, ran.log
    first = only_comment(example, number)
    assert "No preview on the hub: the repository variable AZURE_READER_CLIENT_ID" in first
    assert "**Blast radius:** one patch × 2 devices" in first
    assert "| `canary` | 2 | 0 | 2 | 0 |" in first
    assert "- desired.reportingIntervalSeconds: 60\n+ desired.reportingIntervalSeconds: 30" in first
    assert "/contoso/fleet/actions/runs/4711" in first

    plan = json.loads((ran.artifact("rendered") / "rendered.json").read_text())
    assert f"Plan digest `{plan['digest']}`" in first
    assert "change: this patch × <b>2 devices</b>" in ran.summary("render")
    checkout = ran.inputs("actions/checkout", job="render")[0]
    assert (checkout["fetch-depth"], checkout["persist-credentials"]) == ("2", "false")
    assert ran.inputs("azure/login") == []

    with example.more(number):
        example.edit("fleet/groups/canary.yaml", "Seconds: 30", "Seconds: 20")
    assert example.run(WORKFLOW, pull=number).code == 0
    second = only_comment(example, number)
    assert "+ desired.reportingIntervalSeconds: 20" in second
    assert [write.split()[0] for write in example.github.writes] == ["POST", "PATCH"]
    assert devices() == set()


def test_with_a_reader_it_shows_what_the_hub_would_get(synced):
    synced.edit("fleet/fleet.yaml", "interval: 60", "interval: 30")
    number = synced.pull_request("faster")
    ran = synced.run(WORKFLOW, pull=number)
    assert ran.jobs == {"render": "success", "live": "success", "comment": "success"}, ran.log
    (login,) = ran.inputs("azure/login")
    assert (login["client-id"], login["tenant-id"]) == ("reader", "tenant")

    body = only_comment(synced, number)
    assert "→ hub `production`\n" in body
    assert "| 0 | 2 | 0 | 4 | 0 |" in body
    assert "Estimated duration at the rate limits of this hub: less than a second." in body
    assert "The same result: edgeops plan: `small` at" in body  # git against git
    assert body.count("desired.interval: 30") == 1
    assert (ran.artifact("live-production") / "live-production.json").exists()


def test_there_are_warnings_of_drift_and_of_protected_devices(synced, registry):
    registry.update_twin("s1", Twin(tags={"floor": 7}))
    synced.edit("fleet/fleet.yaml", "floor: 0", "floor: -1")
    number = synced.pull_request("basement")
    assert synced.run(WORKFLOW, pull=number).code == 0
    body = only_comment(synced, number)
    warning = "> [!WARNING]\n> **1 device changed on the hub by others; this reverts it to git**"
    assert f"{warning}: `s1`\n" in body
    assert "> **1 protected device affected**: `gateway`\n" in body
    _, folded = body.split("<details><summary>edgeops plan: small at")
    assert "gateway" in folded
    assert "s1" not in folded  # drift is not in git


def test_an_invalid_manifest_is_annotated_and_listed(example, devices):
    example.variables["AZURE_READER_CLIENT_ID"] = "reader"
    example.edit("fleet/groups/canary.yaml", "selector:", "selectors:")
    number = example.pull_request("typo")
    ran = example.run(WORKFLOW, pull=number)
    assert ran.jobs == {"render": "failure", "comment": "success"}, ran.log
    marks = [(m["file"], m["line"]) for m in ran.annotations]
    assert ("fleet/groups/canary.yaml", "7") in marks
    body = only_comment(example, number)
    assert "### edgeops: the desired state is not valid" in body
    assert "- `fleet/groups/canary.yaml:7:" in body
    assert "the desired state is not valid" in ran.summary("render")
    assert devices() == set()


def test_deleting_half_of_the_fleet_is_refused(synced, devices):
    before = devices()
    for name in ("s1", "s2", "s3"):
        synced.edit("fleet/fleet.yaml", f"    - {{name: {name}}}\n", "")
    number = synced.pull_request("half")
    ran = synced.run(WORKFLOW, pull=number)
    assert ran.jobs == {"render": "failure", "comment": "success"}, ran.log
    body = only_comment(synced, number)
    assert "**Refused as a whole**" in body
    assert "`s1`, `s2`, `s3`" in body
    assert "Plan digest" not in body  # so that nobody can approve it
    assert "would delete 3 of 6 managed devices; limits.maxDeletes (20%) allows 2" in body
    assert "would delete 3 of 6" in ran.summary("render")
    assert devices() == before


def test_a_secret_is_reported_and_shown_nowhere(example):
    example.edit("fleet/groups/canary.yaml", "60}", f'60, link: "{SECRET}"}}')
    number = example.pull_request("secret")
    ran = example.run(WORKFLOW, pull=number)
    assert ran.jobs == {"render": "failure", "comment": "success"}, ran.log
    assert "connection string" in only_comment(example, number)
    kept = [file.read_text() for file in ran.folder.glob("artifacts/**/*") if file.is_file()]
    for text in (ran.log, *example.github.bodies(number), *kept):
        assert SECRET not in text
        assert "c2VjcmV0c2VjcmV0" not in text


def test_a_fork_gets_annotations_and_a_summary_and_writes_nothing(example, devices):
    example.variables["AZURE_READER_CLIENT_ID"] = "reader"
    example.edit("fleet/groups/canary.yaml", "60", "30")
    number = example.pull_request("faster", fork=True)
    ran = example.run(WORKFLOW, pull=number, token=READER)
    assert ran.jobs == {"render": "success"}, ran.log
    assert "change: this patch × <b>2 devices</b>" in ran.summary("render")
    assert ran.inputs("azure/login") == []
    assert example.github.requests == []
    assert devices() == set()


def test_a_token_that_may_only_read_leaves_the_text_in_the_summary(example):
    example.edit("fleet/groups/canary.yaml", "60", "30")
    number = example.pull_request("bump")
    ran = example.run(WORKFLOW, pull=number, token=READER)  # as for pull requests of Dependabot
    assert ran.jobs == {"render": "success", "comment": "success"}, ran.log
    assert "change: this patch × <b>2 devices</b>" in ran.summary("comment")
    assert f"the token cannot comment on #{number}" in ran.log
    assert example.github.bodies(number) == []


def test_dispatched_on_the_branch_of_a_pull_request_it_comments_there(example):
    example.edit("fleet/groups/canary.yaml", "60", "30")
    number = example.pull_request("proposal")
    example.edit(
        "fleet/groups/half.yaml", "ring: half}", "ring: half, wave: 2}"
    )  # main moves on, the branch does not
    example.push()
    ran = example.run(WORKFLOW, "workflow_dispatch", ref="proposal")
    assert ran.jobs == {"render": "success", "comment": "success"}, ran.log
    body = only_comment(example, number)
    assert "**Blast radius:** one patch × 2 devices" in body  # main's own change is not in it


def test_a_comment_that_somebody_else_made_to_look_like_ours_stays(example):
    example.edit("fleet/groups/canary.yaml", "60", "30")
    number = example.pull_request("faster")
    forged = "<!-- edgeops:fleet-plan -->\nNothing to see here."
    example.github.comment(number, forged, user={"login": "mallory", "type": "User"})
    assert example.run(WORKFLOW, pull=number).code == 0
    assert len(example.github.bodies(number)) == 2
    assert example.github.bodies(number)[0] == forged
