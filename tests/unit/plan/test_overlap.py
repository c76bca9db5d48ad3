"""Paths that git and a configuration of the hub both write: left to the configuration."""

from dataclasses import replace

import pytest

from edgeops.configuration import configuration_of
from edgeops.fleet.model import DesiredDevice, DesiredFleet, DesiredModule
from edgeops.jsonvalue import merge_patch
from edgeops.plan.device import awaited_modules, plan_device
from edgeops.plan.model import Action, Refusal
from edgeops.plan.offline import carried_out, offline_live
from edgeops.plan.overlap import without_overlaps
from edgeops.plan.ownership import Owner
from edgeops.stamp import decode
from edgeops.twin import EDGE_AGENT, EDGE_HUB, LiveDevice, Twin

AGENT = {"modules": {"m": {"settings": {"image": "m:1"}}, "n": {"settings": {"image": "n:1"}}}}
HUB = {"routes": {"up": "FROM /* INTO $upstream", "own": "FROM /a INTO $upstream"}}


def configuration(name, content, priority=10, created=""):
    value = {"id": name, "priority": priority, "content": content, "createdTimeUtc": created}
    return configuration_of(value)


def settings(**values):
    return {
        f"properties.desired.{path.replace('__', '.')}": value for path, value in values.items()
    }


def device(**fields):
    plain = DesiredDevice(
        name="d", labels={}, groups=(), edge=False, authentication="sas", protect=False,
        tags={"site": "north"}, desired={}, modules={}, models={}, edge_content={},
    )  # fmt: skip
    return replace(plain, **fields)


def modules(**desired):
    return {name: DesiredModule(name, {}, values) for name, values in desired.items()}


def gateway(**fields):
    content = {EDGE_AGENT: AGENT, EDGE_HUB: HUB}
    return device(
        **{"edge": True, "edge_content": content, "modules": modules(m={"a": 1}, n={"b": 2})}
        | fields
    )


def on_hub(wanted, shown, by=None):
    """The device in sync, with the ids of configurations that its twins show."""
    live = offline_live(DesiredFleet("f", "c0", {}, {"d": by or wanted}))["d"]
    twins = {
        name: replace(twin, configurations=shown.get(name, ()))
        for name, twin in live.modules.items()
    }
    return LiveDevice(replace(live.twin, configurations=shown.get("", ())), twins)


def planned(wanted, live, *configurations):
    """The changes of the device without overlaps, the refused paths, and that device."""
    fleet = DesiredFleet("f", "c1", {}, {"d": wanted})
    by_id = {each.id: each for each in configurations}
    trimmed, refusals = without_overlaps(fleet, {"d": live}, by_id)
    left = trimmed.devices["d"]
    changes = plan_device(left, live, Owner("f", commit="c1"), create=False)
    assert not isinstance(changes, Refusal), changes
    return changes, [(r.overlap.path, r.overlap.configuration) for r in refusals], left


def patches(changes):
    return {change.module or "": dict(change.patch) for change in changes if change.patch}


# --- devices ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("desired", "written", "path"),
    [
        ({"chiller": {"t": 1}, "rate": 1}, {"chiller__t": 5}, "desired/chiller/t"),
        ({"chiller": {"t": 1}, "rate": 1}, {"chiller": {"x": 5}}, "desired/chiller"),
        ({"chiller": {"t": 1, "u": 2}, "rate": 1}, {"chiller": 5}, "desired/chiller"),
        ({"chiller": 7, "rate": 1}, {"chiller__t": 5}, "desired/chiller"),
        ({"chiller": {}, "rate": 1}, {"chiller__t": 5}, "desired/chiller"),
        (
            {"chiller": {"fromEnv": "EDGEOPS_SECRET_A", "version": 1}, "rate": 1},
            {"chiller__version": 5},
            "desired/chiller",
        ),
    ],
)
def test_a_path_that_both_write_is_refused_and_the_rest_planned(desired, written, path):
    wanted = device(desired=desired)
    chiller = configuration("chiller-v2", {"deviceContent": settings(**written)})
    live = on_hub(wanted, {"": ("chiller-v2",)}, by=device(tags={}))
    changes, refused, left = planned(wanted, live, chiller)
    assert refused == [(path, "chiller-v2")]
    assert left.desired == {"rate": 1}
    assert patches(changes) == {"": {"tags": {"site": "north"}, "desired": {"rate": 1}}}


def test_the_words_name_path_configuration_and_priority():
    wanted = device(desired={"chiller": 1})
    chiller = configuration("chiller-v2", {"deviceContent": settings(chiller=2)})
    live = {"d": on_hub(wanted, {"": ("chiller-v2",)})}
    fleet = DesiredFleet("f", "c1", {}, {"d": wanted})
    _, (refusal,) = without_overlaps(fleet, live, {"chiller-v2": chiller})
    assert refusal.reason == (
        "desired/chiller is written by the configuration chiller-v2 (priority 10)"
    )


@pytest.mark.parametrize("written", [{"cooler": 1}, {"chiller__u": 1}, {"chill": 1}])
def test_paths_beside_those_of_git_are_no_overlap(written):
    wanted = device(desired={"chiller": {"t": 1}})
    beside = configuration("c", {"deviceContent": settings(**written)})
    changes, refused, left = planned(wanted, on_hub(wanted, {"": ("c",)}), beside)
    assert (changes, refused, left.desired) == ((), [], wanted.desired)


def test_a_configuration_that_does_not_target_the_device_does_not_count():
    wanted = device(desired={"chiller": 1})
    other = configuration("c", {"deviceContent": settings(chiller=2)})
    assert planned(wanted, on_hub(wanted, {}), other)[1] == []


def test_what_edgeops_owned_passes_to_the_configuration():
    wanted = device(desired={"chiller": {"t": 1}, "rate": 1})
    chiller = configuration("c", {"deviceContent": settings(chiller={"t": 9})})
    live = on_hub(wanted, {"": ("c",)})
    live = replace(live, twin=replace(live.twin, desired={"chiller": {"t": 9}, "rate": 1}))
    changes, _, left = planned(wanted, live, chiller)
    assert patches(changes) == {}  # neither written nor removed
    after = carried_out(live, changes)
    assert decode(after.twin.tags).owned_in("desired") == {("rate",)}
    assert plan_device(left, after, Owner("f", commit="c1"), create=False) == ()
    without = replace(left, desired={"rate": 1})
    assert plan_device(without, after, Owner("f", commit="c1"), create=False) == ()


def test_of_several_configurations_the_one_that_decides_is_named():
    wanted = device(desired={"a": 1, "b": 1})
    shown = [
        configuration("low", {"deviceContent": settings(a=1, b=2)}, priority=1),
        configuration("old", {"deviceContent": settings(a=2)}, created="2026-01-01"),
        configuration("new", {"deviceContent": settings(a=3)}, created="2026-01-02"),
    ]
    live = on_hub(wanted, {"": ("low", "new", "old")})
    assert planned(wanted, live, *shown)[1] == [("desired/a", "new"), ("desired/b", "low")]


# --- modules and deployments ----------------------------------------------------------


def test_a_configuration_of_modules():
    wanted = device(modules=modules(m={"a": 1, "b": 2}))
    live = on_hub(wanted, {"m": ("c",)}, by=device(modules=modules(m={})))
    of_modules = configuration("c", {"moduleContent": settings(a=5)})
    changes, refused, _ = planned(wanted, live, of_modules)
    assert refused == [("m/desired/a", "c")]
    assert patches(changes) == {"m": {"desired": {"b": 2}}}


def test_a_layer_that_writes_other_modules_and_routes_is_no_overlap():
    layer = configuration(
        "layer",
        {
            "modulesContent": {
                EDGE_AGENT: settings(modules__extra={"settings": {"image": "x:1"}}),
                EDGE_HUB: settings(routes__extra="FROM /x INTO $upstream"),
            }
        },
    )
    wanted = gateway()
    assert planned(wanted, on_hub(wanted, {EDGE_AGENT: ("layer",)}), layer)[:2] == ((), [])


def test_a_layer_that_writes_a_module_of_git():
    layer = configuration(
        "layer",
        {
            "modulesContent": {
                EDGE_AGENT: settings(modules__n={"settings": {"image": "n:9"}}),
                EDGE_HUB: settings(routes__up="FROM /x INTO $upstream"),
                "m": settings(a=7),
            }
        },
    )
    wanted = gateway()
    live = on_hub(wanted, {EDGE_AGENT: ("layer",)}, by=gateway(modules={}, edge_content={}))
    changes, refused, left = planned(wanted, live, layer)
    assert refused == [
        (f"{EDGE_AGENT}/modules/n", "layer"), (f"{EDGE_HUB}/routes/up", "layer"),
        ("m/desired/a", "layer"),
    ]  # fmt: skip
    (deploy,) = (change for change in changes if change.action is Action.DEPLOY)
    assert [*deploy.patch[EDGE_AGENT]["modules"]] == ["m"]
    assert [*deploy.patch[EDGE_HUB]["routes"]] == ["own"]
    assert Action.CREATE_MODULE not in {change.action for change in changes}
    assert awaited_modules(left, live) == ["n"]  # m gets nothing but what the layer writes


def test_a_base_deployment_writes_the_whole_deployment():
    base = configuration(
        "base",
        {
            "modulesContent": {
                EDGE_AGENT: {"properties.desired": AGENT},
                EDGE_HUB: {"properties.desired": HUB},
                "m": {"properties.desired": {"z": 1}},
            }
        },
    )
    wanted = gateway(desired={"rate": 2})
    live = on_hub(wanted, {EDGE_AGENT: ("base",)}, by=gateway(tags={}))
    changes, refused, left = planned(wanted, live, base)
    assert [path for path, _ in refused] == [EDGE_AGENT, EDGE_HUB, "m/desired"]
    assert patches(changes) == {"": {"tags": {"site": "north"}, "desired": {"rate": 2}}}
    after = carried_out(live, changes)
    assert plan_device(left, after, Owner("f", commit="c1"), create=False) == ()


def test_an_external_device_keeps_its_tags_and_waits_for_modules():
    wanted = device(edge=True, external=True, desired={"r": 1}, modules=modules(m={"a": 1}))
    base = configuration("base", {"modulesContent": {EDGE_AGENT: {"properties.desired": AGENT}}})
    bare = LiveDevice(
        Twin("d", edge=True), {EDGE_AGENT: Twin("d", EDGE_AGENT, configurations=("base",))}
    )
    changes, refused, left = planned(wanted, bare, base)
    assert refused == []
    assert patches(changes) == {"": {"tags": {"site": "north"}, "desired": {"r": 1}}}
    assert awaited_modules(left, bare) == ["m"]
    created = replace(bare, modules={**bare.modules, "m": Twin("d", "m")})
    changes, _, left = planned(wanted, created, base)
    assert patches(changes)["m"] == {"desired": {"a": 1}}
    assert awaited_modules(left, created) == []


def test_a_deployment_that_was_not_looked_at_is_refused_as_a_whole():
    wanted = gateway()
    live = on_hub(wanted, {EDGE_AGENT: ("new",)})
    refusal = plan_device(wanted, live, Owner("f", commit="c1"), create=False)
    assert refusal.reason == "is targeted by the automatic deployment new"
    assert refusal.overlap is None
    external = replace(wanted, external=True, edge_content={})
    assert not isinstance(
        plan_device(external, live, Owner("f", commit="c1"), create=False), Refusal
    )


def test_the_hub_and_edgeops_do_not_fight():
    """Each writes in turn until neither changes anything."""
    wanted = device(desired={"chiller": {"t": 1}, "rate": 1})
    chiller = configuration("c", {"deviceContent": settings(chiller__t=9)})
    live = on_hub(wanted, {"": ("c",)})
    writes = 0
    for _ in range(3):
        desired = merge_patch(live.twin.desired, {"chiller": {"t": 9}})
        live = replace(live, twin=replace(live.twin, desired=desired))
        changes, _, _ = planned(wanted, live, chiller)
        live = carried_out(live, changes)
        writes += len(changes)
    assert writes == 1  # the stamp, once
