"""`edgeops promote`: images, environment and desired values go through three rings."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from edgeops.api import Clock, Workspace, promote_values
from edgeops.promotion.decide import Step

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: plant}
spec:
  hubs: {local: {}}
  defaults:
    desired: {rate: 1}
    modules:
      opc: {}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: opc}
spec: {image: "registry/opc:1.0"}
"""
CANARY = """\
apiVersion: edgeops/v1
kind: Group
metadata: {name: canary, priority: 30}
spec:
  selector: {matchLabels: {ring: canary}}
  rollout:
    ring: 1
    values: [modules.opc.image]
  modules:
    opc:
      image: registry/opc:1.1   # faster
      env: {LEVEL: debug}
"""
HALF = """\
# Half of the plant.
apiVersion: edgeops/v1
kind: Group
metadata: {name: half, priority: 20}
spec:
  selector: {matchExpressions: [{key: ring, operator: In, values: [canary, half]}]}
  rollout: {ring: 2, values: [desired.rate]}
  # its own level
  modules:
    opc:
      env:
        LEVEL: info  # quiet
"""
REST = """\
apiVersion: edgeops/v1
kind: Group
metadata: {name: rest, priority: 10}
spec: {selector: {}, rollout: {ring: 3}, tags: {plant: auckland}}
"""
DEVICES = "".join(
    "---\napiVersion: edgeops/v1\nkind: Device\n"
    f"metadata: {{name: {name}, labels: {{ring: {ring}}}}}\nspec: {{edge: true}}\n"
    for name, ring in (("c1", "canary"), ("h1", "half"), ("r1", "rest"))
)
IMAGES = {"c1": "registry/opc:1.1", "h1": "registry/opc:1.0", "r1": "registry/opc:1.0"}
DAY = timedelta(days=1)


@pytest.fixture
def repo(empty_repo):
    """Three rings; the first has another image and level. No hub runs."""
    texts = {"fleet": FLEET, "canary": CANARY, "half": HALF, "rest": REST, "devices": DEVICES}
    for name, text in texts.items():
        empty_repo.write(f"fleet/{name}.yaml", text)
    empty_repo.commit()
    return empty_repo


@pytest.fixture
def synced(repo, with_hub):
    with_hub(repo)
    assert repo.edgeops("sync").code == 0
    return repo


@pytest.fixture
def runs(local_hub, registry):
    """Lets the agent of a device report that it runs its deployment, since this time."""

    def tell(device, image=None, *, since=None, status="running"):
        agent = registry.get_module_twin(device, "$edgeAgent").properties.desired
        started = (since or datetime.now(UTC)).isoformat()
        opc = {
            "runtimeStatus": status,
            "lastStartTimeUtc": started,
            "settings": {"image": image or IMAGES[device]},
        }
        local_hub.report(
            device,
            "$edgeAgent",
            lastDesiredVersion=agent["$version"],
            lastDesiredStatus={"code": 200},
            modules={"opc": opc},
        )

    return tell


def next_ring(repo, *paths, after=timedelta(), **options):
    """What `edgeops promote` does when so much time has gone by."""
    later = datetime.now(UTC) + after
    workspace = Workspace(repo.root, clock=Clock(now=lambda: later))
    return promote_values(workspace, paths, **options)


def file(repo, name):
    return (repo.root / f"fleet/{name}.yaml").read_text()


def test_an_image_goes_through_three_rings(synced, runs):
    runs("c1")
    waits = synced.edgeops("promote")
    assert waits.code == 5
    first, second = waits.out.splitlines()
    assert first == (
        'modules.opc.image: half waits for "registry/opc:1.1": 1 of 1 device in canary must be'
        " healthy with it for 24 h"
    )
    assert re.fullmatch("  c1   Converged for (less than a second|[0-9]+ s) of 24 h", second)
    assert "no ring gets a value now" in waits.err

    done = next_ring(synced, after=DAY)
    assert [change.group for change in done.changes] == ["half"]
    added = "    opc:\n      env:\n        LEVEL: info  # quiet\n      image: registry/opc:1.1\n"
    assert file(synced, "half") == HALF.split("    opc:")[0] + added

    synced.commit("promoted")
    assert synced.edgeops("sync").code == 0
    runs("c1")
    runs("h1", since=datetime.now(UTC) - DAY)  # the old one, for long
    (decision,) = next_ring(synced, after=DAY).decisions
    assert (decision.step, decision.to) == (Step.HOLD, "rest")
    assert [device.ran for device in decision.ring.unhealthy] == [None]

    runs("h1", "registry/opc:1.1")
    assert next_ring(synced, after=DAY / 2).texts == {}
    done = next_ring(synced, after=DAY)
    assert file(synced, "rest") == REST.replace(
        "auckland}}", "auckland}, modules: {opc: {image: registry/opc:1.1}}}"
    )

    synced.commit("promoted")
    over = synced.edgeops("promote", "modules.opc.image")
    assert (over.code, over.out) == (0, 'modules.opc.image: every ring has "registry/opc:1.1"\n')


def test_a_value_that_is_named_replaces_the_one_of_the_next_ring(synced, runs):
    runs("c1")
    done = next_ring(synced, "/modules/opc/env/LEVEL", after=DAY)
    assert [(change.before, change.after) for change in done.changes] == [("info", "debug")]
    assert file(synced, "half") == HALF.replace("LEVEL: info  #", "LEVEL: debug  #")
    assert file(synced, "canary") == CANARY


def test_an_environment_counts_from_the_start_of_the_module(synced, runs):
    runs("c1", since=datetime.now(UTC) + DAY)  # when it started again
    assert next_ring(synced, "modules.opc.env.LEVEL", after=DAY).changes == ()
    assert next_ring(synced, "modules.opc.env.LEVEL", after=2 * DAY).changes


def test_a_degraded_value_goes_back(synced, runs):
    runs("c1", status="backoff")
    path = "modules.opc.env.LEVEL"
    refused = synced.edgeops("promote", path)
    assert (refused.code, "c1   Degraded: module opc is backoff" in refused.out) == (5, True)
    assert 'LEVEL: "debug" is Degraded in canary' in refused.out
    assert (
        "--revert-degraded to give the rings the value that a later ring still has" in refused.err
    )
    assert synced.edgeops("promote", path, "--revert-degraded").code == 0
    assert file(synced, "canary") == CANARY.replace("LEVEL: debug", "LEVEL: info")

    alone = synced.edgeops("promote", "modules.opc.image", "--revert-degraded")
    assert (alone.code, "revert the commit that introduced this one" in alone.err) == (5, True)


def test_a_desired_value_counts_from_its_write(synced, runs):
    synced.edit("fleet/canary.yaml", "  modules:", "  desired: {rate: 5}\n  modules:")
    synced.commit("faster")
    assert synced.edgeops("sync").code == 0
    runs("c1")
    assert [d.step for d in next_ring(synced, "desired.rate").decisions] == [Step.HOLD]
    done = next_ring(synced, after=DAY)
    assert sorted(change.path for change in done.changes) == [
        ("desired", "rate"),
        ("modules", "opc", "image"),
    ]
    assert "  desired: {rate: 5}\n" in file(synced, "half")


def test_by_hand_without_waiting(repo):
    shown = repo.edgeops("promote", "modules.opc.image", "--to", "rest", "--dry-run", "-o", "json")
    assert (shown.code, file(repo, "rest")) == (0, REST)
    assert json.loads(shown.out) == {
        "changes": [
            {
                "file": "fleet/rest.yaml",
                "group": "rest",
                "path": "modules.opc.image",
                "before": None,
                "after": "registry/opc:1.1",
            }
        ]
    }
    done = repo.edgeops("promote", "modules.opc.image", "--to", "rest")
    assert "another value once this is committed and synced: 2" in done.err
    assert "+spec: {selector: {}, rollout: {ring: 3}, tags: {plant: auckland}, modules" in done.out
    again = repo.edgeops("promote", "modules.opc.image", "--to", "rest")
    assert (again.out, "rest already has what the first ring has" in again.err) == ("", True)


def test_a_tag_cannot_prove_its_soak_but_goes_by_hand(synced, runs):
    synced.edit("fleet/canary.yaml", "  modules:", "  tags: {lane: fast}\n  modules:")
    synced.commit("tagged")
    assert synced.edgeops("sync").code == 0
    runs("c1")
    held = synced.edgeops("promote", "tags.lane")
    assert held.code == 5
    assert "c1   Converged, but no hub tells since when it has this value" in held.out
    assert "use --to GROUP" in held.err
    assert synced.edgeops("promote", "tags.lane", "--to", "half").code == 0
    assert "  tags: {lane: fast}\n" in file(synced, "half")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("modules.opc.imag",), "did you mean `modules.opc.image`?"),
        (("desired.speed",), "the rings set modules.opc.env.LEVEL, modules.opc.image, tags.plant"),
        (("models.crowds",), "no ring sets `models.crowds`"),
        (("module.opc.image",), "is not a path of a value that a Group sets"),
        (("modules..image",), "`modules..image` is not a path"),
        (("modules",), "is not a single value"),
        (("--to", "rest"), "--to needs a PATH"),
        (("modules.opc.image", "--to", "rst"), "did you mean `rest`?"),
        (
            ("modules.opc.image", "--to", "rest", "--revert-degraded"),
            "cannot be combined with --revert-degraded",
        ),
    ],
)
def test_wrong_arguments_are_errors(repo, arguments, message):
    result = repo.edgeops("promote", *arguments)
    assert (result.code, message in result.err) == (64, True), result.err
    assert repo.git("status", "--porcelain") == ""


def test_rollout_values_are_checked(repo):
    repo.edit("fleet/canary.yaml", "[modules.opc.image]", "[modules.opc.image, opc.image]")
    result = repo.edgeops("validate")
    assert result.code == 3
    assert "fleet/canary.yaml:8:33" in result.out + result.err
    assert "`opc.image` is not a path of a value that a Group sets" in result.out + result.err


def test_models_alone_means_all_slots(repo):
    nothing = repo.edgeops("promote", "models")
    assert (nothing.code, nothing.out) == (0, "")
    assert "no ring sets a value yet" in nothing.err
