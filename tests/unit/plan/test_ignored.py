"""Values that git leaves to others: whatever git and the hub say, no plan touches them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from edgeops.configuration import HubConfiguration
from edgeops.fleet.ignore import without_ignored
from edgeops.fleet.model import DesiredDevice, DesiredFleet, DesiredModule
from edgeops.jsonvalue import merge_patch, pointer
from edgeops.plan.device import plan_device
from edgeops.plan.model import Action
from edgeops.plan.offline import carried_out
from edgeops.plan.overlap import without_overlaps
from edgeops.plan.ownership import Owner
from edgeops.stamp import decode
from edgeops.twin import LiveDevice, Twin

ABSENT = object()
keys = st.sampled_from(["a", "b", "c"])
leaves = st.sampled_from([1, "x", True, [1, 2], {}])
objects = st.dictionaries(
    keys, st.recursive(leaves, lambda below: st.dictionaries(keys, below), max_leaves=4)
)
paths = st.lists(keys, min_size=1, max_size=3).map(tuple)


def device(desired, *ignore, tags=None, **fields):
    plain = DesiredDevice(
        "d1", {}, (), False, "sas", False, tags or {}, desired, {}, {}, {}, ignore=ignore
    )
    return without_ignored(replace(plain, **fields))


def edge(env, *ignore, modules=("m",)):
    spec = {"env": {name: {"value": value} for name, value in env.items()}}
    listed = {name: spec | {"settings": {"image": "m:1"}} for name in modules}
    wanted = {name: DesiredModule(name, {}, {}) for name in modules}
    content = {"$edgeAgent": {"modules": listed}, "$edgeHub": {}}
    return device({}, *ignore, edge=True, modules=wanted, edge_content=content)


def plan(want, live, **options):
    return plan_device(want, live, Owner("f", commit="c"), create=True, **options)


def sync(want, live):
    after = carried_out(live, plan(want, live))
    assert plan(want, after) == ()
    return after


def at(value, path):
    for key in path:
        value = value.get(key, ABSENT) if isinstance(value, dict) else ABSENT
    return value


@given(objects, objects, objects, paths, st.sampled_from(["tags", "desired"]))
def test_the_value_at_an_ignored_path_stays(before, others, after, path, section):
    def wanted(content, *ignore):
        sections = {"tags": {}, "desired": {}, section: content}
        return device(sections["desired"], *ignore, tags=sections["tags"])

    live = sync(wanted(before), LiveDevice(Twin("d1", authentication="sas")))
    content = merge_patch(getattr(live.twin, section), others)
    live = replace(live, twin=replace(live.twin, **{section: content}))
    there = at(content, path)
    for want in (after, {}):
        live = sync(wanted(want, pointer(section, *path)), live)
        if there is not ABSENT:
            assert at(getattr(live.twin, section), path) == there
    live = sync(wanted({}), live)  # what was ignored is not owned any more
    if there is not ABSENT:
        assert at(getattr(live.twin, section), path) == there


@given(
    st.dictionaries(st.sampled_from("AB"), st.sampled_from("xyz")),
    st.dictionaries(st.sampled_from("AB"), st.sampled_from("xyz")),
    st.sampled_from(["x", "other"]),
)
def test_a_variable_of_a_module_survives_the_deployment(before, after, value):
    live = sync(edge(before), LiveDevice(Twin("d1", edge=True, authentication="sas")))
    agent = live.modules["$edgeAgent"]
    changed = {"modules": {"m": {"env": {"A": {"value": value}}}}}
    agent = replace(agent, desired=merge_patch(agent.desired, changed))
    live = replace(live, modules={**live.modules, "$edgeAgent": agent})
    for env in (after, {}):
        live = sync(edge(env, "/modules/m/env/A"), live)
        env = live.desired("$edgeAgent")["modules"]["m"]["env"]
        assert env["A"] == {"value": value}


def test_a_part_of_a_module_does_not_keep_the_module():
    live = sync(edge({"A": "x"}), LiveDevice(Twin("d1", edge=True, authentication="sas")))
    gone = sync(edge({}, "/modules/m/env/A", modules=()), live)
    assert "m" not in gone.desired("$edgeAgent")["modules"]


def test_a_module_identity_that_is_ignored_is_not_deleted():
    with_module = device({}, modules={"m": DesiredModule("m", {}, {"a": 1})})
    live = sync(with_module, LiveDevice(Twin("d1", authentication="sas")))
    without = device({}, "/modules/m")
    pruned = plan(without, live, prune=True)
    assert Action.DELETE_MODULE not in {change.action for change in pruned}
    after = carried_out(live, pruned)
    assert ("modules", "m") not in decode(after.twin.tags).owned
    assert plan(device({}), after, prune=True) == ()


def test_an_ignored_path_of_a_configuration_is_not_refused():
    on_hub = Twin("d1", authentication="sas", configurations=("c",))
    live = sync(device({"a": 1, "b": 2}), LiveDevice(on_hub))
    configurations = {"c": HubConfiguration("c", 5, twin=frozenset({("a",)}))}

    def refused(want):
        fleet = DesiredFleet("f", "c", {}, {"d1": want})
        _, refusals = without_overlaps(fleet, {"d1": live}, configurations)
        return [refusal.overlap.path for refusal in refusals]

    assert refused(device({"a": 1, "b": 2})) == ["desired/a"]
    assert refused(device({"a": 1, "b": 2}, "/desired/a")) == []
