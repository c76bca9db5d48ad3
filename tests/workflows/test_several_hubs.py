"""Two hubs of one repository: one comment; for each its own plan, approval and drift issue."""

import pytest
from azure.iot.hub import IoTHubRegistryManager
from azure.iot.hub.models import Twin

SYNC, PREVIEW = "fleet-sync.yml", "fleet-pr.yml"
DEV, PRODUCTION = "hub-1", "hub-2"
PROBE = """\
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: probe}
spec: {hubs: [dev], desired: {interval: 1}}
"""


@pytest.fixture
def both(synced, start_local_hub, monkeypatch):
    """The world with a hub `dev` as well. `probe` is only there, `gateway` only on `production`."""
    from edgeops.cli.main import run

    hub, fleet = start_local_hub(), "fleet/fleet.yaml"
    keys = "sku: S3, connectionStringEnv: DEV_HUB, createDevices: true"
    dev = f'dev: {{hostname: "localhost:{hub.port}", {keys}}}'
    synced.edit(fleet, "  hubs:\n", f"  hubs:\n    {dev}\n")
    synced.edit(fleet, "floor: 0}", "floor: 0}, hubs: [production]")
    synced.write("fleet/probe.yaml", PROBE)
    synced.push("two hubs")
    synced.variables["EDGEOPS_HUBS"] = '["dev", "production"]'
    synced.environment["DEV_HUB"] = hub.connection_string
    monkeypatch.setenv("DEV_HUB", hub.connection_string)
    assert run(["--repo", str(synced.root), "--quiet", "sync", "--hub", "dev"]) == 0
    return synced


@pytest.fixture
def dev(both, local_hub):
    """Microsoft's own service SDK on the hub `dev`."""
    manager = IoTHubRegistryManager.from_connection_string(both.environment["DEV_HUB"])
    manager.protocol.config.connection.verify = str(local_hub.ca_file)
    return manager


def interval(hub, device="c1"):
    return hub.get_twin(device).properties.desired["interval"]


def previewed(both):
    """A pull request that changes both canaries on both hubs, with its comment, approved."""
    both.edit("fleet/fleet.yaml", "interval: 60", "interval: 30")
    number = both.pull_request("faster")
    assert both.run(PREVIEW, pull=number).code == 0
    both.github.review(number)
    return number


def test_one_comment_approves_the_plan_of_each_hub(both, dev, registry):
    number = previewed(both)
    (body,) = both.github.bodies(number)
    assert body.index("→ hub `dev`\n") < body.index("→ hub `production`\n")
    assert body.count("+ desired.interval: 30") == 2
    assert body.count("Plan digest `") == 2
    assert "The same result: edgeops plan: `small` at" in body  # git against git, of production
    both.merge(number)

    ran = both.run(SYNC, "push")
    for hub in (DEV, PRODUCTION):
        assert ran.part(hub).jobs == {"plan": "success", "apply": "success"}, ran.log
        assert ran.part(hub).outputs("plan") == {"approved": "true", "changes": "true"}
        assert "Approved: grace approved this plan in #1." in ran.part(hub).summary("plan")
        assert "**2 devices synced (2 writes)" in ran.part(hub).summary("apply")
    assert (interval(dev), interval(registry)) == (30, 30)
    assert len(ran.inputs("azure/login", job="apply")) == 2


def test_a_plan_that_was_not_shown_waits_for_its_own_environment_alone(both, registry):
    number = previewed(both)
    registry.update_twin("s1", Twin(tags={"floor": 7}))  # the plan of production puts this back
    both.merge(number)
    ran = both.run(SYNC, "push")
    assert ran.part(DEV).outputs("plan") == {"approved": "true", "changes": "true"}
    assert ran.part(PRODUCTION).outputs("plan") == {"approved": "false", "changes": "true"}
    assert "does not show this plan" in ran.part(PRODUCTION).summary("plan")


def test_a_change_for_one_hub_is_none_for_the_other(both, dev):
    both.edit("fleet/probe.yaml", "interval: 1", "interval: 2")
    both.push()
    ran = both.run(SYNC, "push")
    assert ran.part(DEV).jobs == {"plan": "success", "apply": "success"}, ran.log
    assert ran.part(PRODUCTION).jobs == {"plan": "success"}
    assert "No changes. 6 devices are in sync" in ran.part(PRODUCTION).summary("plan")
    assert interval(dev, "probe") == 2


def test_a_hub_that_fails_stops_no_other(both, registry):
    both.environment["DEV_HUB"] = "HostName=nowhere"
    both.edit("fleet/fleet.yaml", "interval: 60", "interval: 30")
    number = both.pull_request("faster")
    ran = both.run(PREVIEW, pull=number)
    assert ran.jobs == {"render": "success", "live": "failure", "comment": "success"}, ran.log
    assert "DEV_HUB" in ran.part("live-1").log
    (body,) = both.github.bodies(number)
    assert body.partition("\n")[2].startswith("> [!NOTE]\n> A preview on a hub failed: see the job")
    assert "→ hub `production`\n" in body
    assert "→ hub `dev`\n" not in body

    both.github.review(number)
    both.merge(number)
    ran = both.run(SYNC, "push")
    assert ran.part(DEV).jobs == {"plan": "failure"}, ran.log
    assert ran.part(PRODUCTION).jobs == {"plan": "success", "apply": "success"}
    assert ran.part(PRODUCTION).outputs("plan") == {"approved": "true", "changes": "true"}
    assert interval(registry) == 30


def test_each_hub_has_a_drift_issue_of_its_own(both, dev, registry):
    del both.variables["EDGEOPS_HUBS"]
    registry.update_twin("s1", Twin(tags={"floor": 7}))
    assert both.run(SYNC, "schedule").jobs == {"drift": "success"}
    (old,) = both.github.issues.values()  # of the time when there was one hub

    both.variables["EDGEOPS_HUBS"] = '["dev", "production"]'
    dev.update_twin("s2", Twin(tags={"floor": 8}))
    registry.update_twin("s1", Twin(tags={"floor": 1}))
    ran = both.run(SYNC, "schedule")
    for hub in (DEV, PRODUCTION):
        assert ran.part(hub).jobs == {"drift": "success"}, ran.log
    states = {issue["title"]: issue["state"] for issue in both.github.issues.values()}
    assert states == {
        "Drift detected on hub production": "closed",
        "Drift detected on hub dev": "open",
    }
    assert both.github.issues[old["number"]]["state"] == "closed"
