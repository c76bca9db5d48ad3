"""Devices that edgeops 0.1 deployed: it wrote and owned values that git never named."""

import base64
import zlib
from dataclasses import replace

from edgeops.fleet.edge import edge_content, edge_defaults
from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.jsonvalue import leaves, merge_patch, pointer
from edgeops.plan.device import plan_device
from edgeops.plan.model import Action
from edgeops.plan.offline import carried_out
from edgeops.plan.ownership import Owner
from edgeops.stamp import decode
from edgeops.twin import LiveDevice, Twin

PORTS = (
    '{"HostConfig":{"PortBindings":{"443/tcp":[{"HostPort":"443"}],'
    '"5671/tcp":[{"HostPort":"5671"}],"8883/tcp":[{"HostPort":"8883"}]}}}'
)


def deployed_by_0_1(modules, routes):
    """The content that edgeops 0.1 wrote: every value, named by git or not."""
    agent = {
        "schemaVersion": "1.1",
        "runtime": {"type": "docker", "settings": {"minDockerVersion": "v1.25"}},
        "systemModules": {
            "edgeAgent": {
                "type": "docker",
                "settings": {
                    "image": "mcr.microsoft.com/azureiotedge-agent:1.5",
                    "createOptions": "{}",
                },
            },
            "edgeHub": {
                "type": "docker",
                "status": "running",
                "restartPolicy": "always",
                "settings": {
                    "image": "mcr.microsoft.com/azureiotedge-hub:1.5",
                    "createOptions": PORTS,
                },
            },
        },
        "modules": modules,
    }
    hub = {
        "schemaVersion": "1.1",
        "routes": routes,
        "storeAndForwardConfiguration": {"timeToLiveSecs": 7200},
    }
    return {"$edgeAgent": agent, "$edgeHub": hub}


def stamped_by_0_1(sections):
    pointers = sorted(pointer(*path) for path, _ in leaves(sections) if len(path) > 1)
    packed = base64.b64encode(zlib.compress("\n".join(pointers).encode())).decode()
    return {"fleet": "f", "commit": "c0", "digest": "d0", "owned0": packed}


def module(image, options="{}", policy="always", **rest):
    settings = {"image": image, "createOptions": options}
    plain = {"type": "docker", "status": "running", "restartPolicy": policy, "settings": settings}
    return {**plain, **rest}


def live_of(modules, routes, tags):
    content = deployed_by_0_1(modules, routes)
    stamp = stamped_by_0_1({"tags": tags, **content})
    twins = {name: Twin("d", name, desired=desired) for name, desired in content.items()}
    twins |= {name: Twin("d", name) for name in modules}
    return LiveDevice(Twin("d", edge=True, tags={**tags, "edgeops": stamp}), twins)


def device_of(specs, runtime, tags):
    modules = {name: DesiredModule(name, spec, {}) for name, spec in specs.items()}
    content = edge_content(modules, runtime)
    return DesiredDevice(
        name="d",
        labels={},
        groups=(),
        edge=True,
        authentication=None,
        protect=False,
        tags=tags,
        desired={},
        modules=modules,
        models={},
        edge_content=content,
        edge_defaults=edge_defaults(modules, runtime, content),
    )


SPECS = {
    "camera": {
        "image": "camera:1",
        "env": {"RATE": 5, "ON": True},
        "createOptions": {"HostConfig": {"Privileged": True}},
        "restartPolicy": "on-failure",
    },
    "plain": {"image": "plain:1"},
}
LIVE = live_of(
    {
        "camera": module(
            "camera:1",
            '{"HostConfig":{"Privileged":true}}',
            "on-failure",
            env={"RATE": {"value": 5}, "ON": {"value": True}},
        ),
        "plain": module("plain:1"),
    },
    {"up": "FROM /* INTO $upstream"},
    {"site": "cbd"},
)
ROUTES = {"routes": {"up": "FROM /* INTO $upstream"}}


def plan(device, live):
    return plan_device(device, live, Owner("f", commit="c1"), create=True)


def contents(live):
    return {name: live.modules[name].desired for name in ("$edgeAgent", "$edgeHub")}


def test_the_upgrade_writes_stamps_only():
    device = device_of(SPECS, ROUTES, {"site": "cbd"})
    (change,) = plan(device, LIVE)
    assert (change.action, change.patch) == (Action.PATCH_DEVICE, {})
    assert change.stamp["owned0"] is None
    after = carried_out(LIVE, [change])
    assert contents(after) == contents(LIVE)
    assert plan(device, after) == ()


def test_an_upgrade_of_an_edge_device_without_modules_and_routes_writes_stamps_only():
    live = live_of({}, {}, {})
    (change,) = plan(device_of({}, {}, {}), live)
    assert (change.action, change.patch) == (Action.PATCH_DEVICE, {})


def test_after_the_upgrade_only_what_git_names_is_owned():
    live = carried_out(LIVE, plan(device_of(SPECS, ROUTES, {"site": "cbd"}), LIVE))
    assert decode(live.twin.tags).owned_in("$edgeAgent") == {
        ("modules", "camera", "restartPolicy"),
        ("modules", "camera", "settings", "image"),
        ("modules", "camera", "settings", "createOptions"),
        ("modules", "camera", "env", "RATE", "value"),
        ("modules", "camera", "env", "ON", "value"),
        ("modules", "plain", "settings", "image"),
    }


def test_what_git_gave_up_together_with_the_upgrade_is_removed_and_nothing_else():
    specs = {"camera": {"image": "camera:1", "env": {"RATE": 5}}}
    deploy, *_ = changes = [
        change for change in plan(device_of(specs, {}, {}), LIVE) if change.patch.get("$edgeAgent")
    ]
    assert len(changes) == 1
    assert deploy.patch == {
        "$edgeAgent": {
            "modules": {
                "camera": {"env": {"ON": None}, "settings": {"createOptions": None}},
                "plain": None,
            }
        },
        "$edgeHub": {"routes": {"up": None}},
    }


def test_what_others_changed_since_stays_unless_git_names_it():
    agent = merge_patch(
        LIVE.modules["$edgeAgent"].desired,
        {"systemModules": {"edgeHub": {"env": {"x": {"value": 1}}, "settings": {"image": "h:2"}}}},
    )
    twin = replace(LIVE.modules["$edgeAgent"], desired=agent)
    live = replace(LIVE, modules={**LIVE.modules, "$edgeAgent": twin})
    (change,) = plan(device_of(SPECS, ROUTES, {"site": "cbd"}), live)
    assert change.patch == {}
