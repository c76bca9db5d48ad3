"""Three hundred gateways, day after day: seen, held, handed over, promoted and taken back.

Microsoft's service SDK is the other writer; the gateways report as IoT Edge does.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from azure.iot.hub.models import Twin, TwinProperties

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: plant}
spec: {uid: 5d3c9f02, hubs: {local: {}}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: camera}
spec:
  image: registry.example/camera:1.0
  health: {path: /state, good: [ok]}
  desired: {rate: 5}
"""
RING = """\
---
apiVersion: edgeops/v1
kind: Group
metadata: {name: %(name)s, priority: %(priority)d}
spec:
  selector: {matchLabels: {ring: %(name)s}}
  rollout: {ring: %(ring)d, soak: 1h, minHealthy: 90%%, values: [modules.camera.image]}
  modules:
    camera: {image: "registry.example/camera:1.0"}
"""
LEFT_TO_OTHERS = """\
apiVersion: edgeops/v1
kind: Group
metadata: {name: local-rate, priority: 40}
spec:
  selector: {matchLabels: {rate: local}}
  ignore: [/modules/camera/desired/rate]
"""
GATEWAYS = """\
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {name: gateways}
spec:
  template: {spec: {edge: true, modules: {camera: {}}}}
  devices:
"""
MEMBER = "    - {name: %s, labels: {site: s%02d, ring: %s}}\n"
RINGS = {"canary": 3, "early": 30, "rest": 267}


def gateways():
    """The name, the site and the ring of each gateway."""
    rings = [ring for ring, size in RINGS.items() for _ in range(size)]
    return [(f"gw-{number:03}", number % 30, ring) for number, ring in enumerate(rings)]


@pytest.fixture
def plant(empty_repo, with_hub):
    """The fleet in git, and an empty hub."""
    rings = [
        RING % {"name": name, "priority": 30 - 10 * number, "ring": number + 1}
        for number, name in enumerate(RINGS)
    ]
    empty_repo.write("fleet/fleet.yaml", FLEET)
    empty_repo.write("fleet/rings.yaml", "".join(rings))
    empty_repo.write("fleet/gateways.yaml", GATEWAYS + "".join(MEMBER % one for one in gateways()))
    empty_repo.commit("gateways")
    with_hub(empty_repo)
    return empty_repo


@pytest.fixture
def run_modules(local_hub, registry):
    """Lets gateways report that they have run what the hub wants for some hours."""

    def run(names, *, hours=2, state="ok"):
        started = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
        for name in names:
            desired = registry.get_module_twin(name, "$edgeAgent").properties.desired
            camera = {
                "runtimeStatus": "running",
                "lastStartTimeUtc": started,
                "settings": {"image": desired["modules"]["camera"]["settings"]["image"]},
            }
            local_hub.report(
                name,
                "$edgeAgent",
                lastDesiredVersion=desired["$version"],
                lastDesiredStatus={"code": 200},
                modules={"camera": camera},
            )
            local_hub.report(name, "camera", state=state)

    return run


def in_ring(ring):
    return [name for name, _, of in gateways() if of == ring]


def image(registry, name):
    desired = registry.get_module_twin(name, "$edgeAgent").properties.desired
    return desired["modules"]["camera"]["settings"]["image"]


def set_rate(registry, name, rate):
    """Another writer changes a value of the camera."""
    patch = Twin(properties=TwinProperties(desired={"rate": rate}))
    registry.update_module_twin(name, "camera", patch)


def rate(registry, name):
    return registry.get_module_twin(name, "camera").properties.desired["rate"]


def test_a_fleet_day_after_day(plant, registry, run_modules):
    # Three hundred gateways are created; the plan and the status are each one screen.
    first = plant.git("rev-parse", "HEAD")
    shown = plant.edgeops("plan")
    assert len(shown.out.splitlines()) <= 40, shown.out
    assert plant.edgeops("sync").code == 0
    run_modules([name for name, _, _ in gateways()])
    status = plant.edgeops("status", "--wait", "--timeout", "5")
    assert (status.code, len(status.out.splitlines()) <= 40) == (0, True), status
    assert "300 devices: 300 in sync" in status.out

    # Drift is seen: on which device, which value, since when, and which commit says otherwise.
    set_rate(registry, "gw-007", 1)
    listed = plant.edgeops("device", "list", "--columns", "device,drift", "-o", "csv")
    assert [line for line in listed.out.splitlines() if "gw-007" in line] == ["gw-007,yes"]
    assert sum(line.endswith(",yes") for line in listed.out.splitlines()) == 1
    twin = json.loads(plant.edgeops("device", "show", "gw-007", "-o", "json").out)
    values = [value for section in twin["sections"] for value in section["values"]]
    (drifted,) = [value for value in values if value["differs"]]
    assert (drifted["pointer"], drifted["differs"]) == ("/rate", "drift")
    assert (drifted["git"], drifted["hub"], drifted["commit"]) == (5, 1, first)
    assert datetime.fromisoformat(drifted["updatedAt"]) > datetime.now(UTC) - timedelta(minutes=5)

    # One gateway is paused: its drift is told, and stays. Of another, one value is left to others.
    plant.edit("fleet/gateways.yaml", "{name: gw-007,", "{name: gw-007, paused: true,")
    plant.edit(
        "fleet/gateways.yaml", "{name: gw-008, labels: {", "{name: gw-008, labels: {rate: local, "
    )
    plant.write("fleet/left-to-others.yaml", LEFT_TO_OTHERS)
    plant.commit("hold two gateways")
    set_rate(registry, "gw-008", 9)
    held = plant.edgeops("sync")
    assert (held.code, "gw-007" in held.out) == (0, True), held.out
    assert (rate(registry, "gw-007"), rate(registry, "gw-008")) == (1, 9)
    assert "1 Paused" in plant.edgeops("status").out

    # One gateway goes to another team, with all that it has.
    plant.edit("fleet/gateways.yaml", MEMBER % gateways()[-1], "")
    plant.commit("hand gw-299 over")
    assert "1 device no longer in git: gw-299" in plant.edgeops("status").out
    assert plant.edgeops("forget", "gw-299").code == 0
    assert plant.edgeops("sync", "--prune").code == 0
    assert image(registry, "gw-299") == "registry.example/camera:1.0"

    # A new image goes from ring to ring; one camera has a veto while it sees nothing.
    before = plant.git("rev-parse", "HEAD")
    old, new = "registry.example/camera:1.0", "registry.example/camera:1.1"
    text = (plant.root / "fleet/rings.yaml").read_text()
    plant.write("fleet/rings.yaml", text.replace(old, new, 1))
    plant.commit("a new camera for the canaries")
    assert plant.edgeops("sync", "--since-last").code == 0
    run_modules(in_ring("canary"))
    run_modules(["gw-001"], state="blind")
    veto = plant.edgeops("promote")
    assert (veto.code, "gw-001" in veto.out, "blind" in veto.out) == (5, True, True), veto
    run_modules(["gw-001"])
    for ring in ("early", "rest"):
        promoted = plant.edgeops("promote")
        assert (promoted.code, f'+    camera: {{image: "{new}"}}' in promoted.out) == (0, True), (
            promoted
        )
        plant.commit(f"a new camera for {ring}")
        assert plant.edgeops("sync", "--since-last").code == 0
        run_modules(name for name in in_ring(ring) if name != "gw-299")
    assert {image(registry, name) for name in ("gw-000", "gw-003", "gw-298")} == {new}
    assert plant.edgeops("promote").code == 0  # every ring has it

    # It was a mistake: the fleet as it was comes back, in a commit of its own.
    back = plant.edgeops("rollback", "--to", before, "--yes")
    assert back.code == 0, back.err
    assert {image(registry, name) for name in ("gw-000", "gw-003", "gw-298")} == {old}
    assert plant.git("status", "--porcelain") == ""
    assert plant.git("diff", "--stat", before, "HEAD") == ""

    # What was done is on the hub.
    told = json.loads(plant.edgeops("history", "-o", "json").out)
    assert [entry["subject"] for entry in reversed(told["applies"])] == [
        "gateways",
        "hold two gateways",
        "hand gw-299 over",
        "a new camera for the canaries",
        "a new camera for early",
        "a new camera for rest",
        plant.git("log", "-1", "--format=%s"),
    ]
    assert {entry["outcome"] for entry in told["applies"]} == {"applied"}
    assert "hold two gateways" in plant.edgeops("history", "gw-008").out
    assert "hold two gateways" not in plant.edgeops("history", "gw-000").out
    devices = {device.device_id for device in registry.get_devices(400)}
    assert devices == {name for name, _, _ in gateways()} | {"edgeops.plant"}
