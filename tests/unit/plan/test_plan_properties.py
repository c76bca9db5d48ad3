"""What holds for every device, every hub and every history."""

from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.jsonvalue import leaves, same
from edgeops.plan.device import plan_device
from edgeops.plan.offline import carried_out
from edgeops.plan.ownership import Owner
from edgeops.twin import EDGE_AGENT, EDGE_HUB, LiveDevice, Twin

keys = st.sampled_from(["a", "b", "c"])
values = st.sampled_from([0, 1, True, "x", [1], {}])
sections = st.dictionaries(
    keys, values | st.dictionaries(keys, values | st.dictionaries(keys, values)), max_size=3
)
foreign_sections = sections.map(lambda section: {f"foreign-{key}": v for key, v in section.items()})
settings = st.fixed_dictionaries(
    {"image": st.sampled_from(["i:1", "i:2"])}, optional={"env": values}
)
routes = st.dictionaries(
    keys, st.sampled_from(["FROM /a INTO $upstream", "FROM /b INTO $upstream"])
)
deployments = st.dictionaries(st.sampled_from(["m", "n"]), settings)


@st.composite
def devices(draw, edge=None):
    is_edge = draw(st.booleans()) if edge is None else edge
    content = {}
    names = draw(st.frozensets(st.sampled_from(["m", "n"])))
    if is_edge:
        modules = {name: {"settings": draw(settings)} for name in sorted(names)}
        content = {EDGE_AGENT: {"modules": modules}, EDGE_HUB: {"routes": draw(routes)}}
    return DesiredDevice(
        name="d",
        labels={},
        groups=(),
        edge=is_edge,
        authentication="sas",
        protect=draw(st.booleans()),
        tags=draw(sections),
        desired=draw(sections),
        modules={name: DesiredModule(name, {}, draw(sections)) for name in sorted(names)},
        models={},
        edge_content=content,
    )


histories = st.booleans().flatmap(lambda edge: st.lists(devices(edge), min_size=1, max_size=4))


def plan(device, live, prune=False):
    return plan_device(device, live, Owner("f", commit="c"), create=True, prune=prune)


def written(device, live, prune=False):
    if live is None:
        live = LiveDevice(Twin("d", edge=device.edge))
        return carried_out(live, plan(device, None))
    return carried_out(live, plan(device, live, prune))


def agrees(live, want):
    return all(same(at(live, path), value) or value == {} for path, value in leaves(want) if path)


def at(value, path):
    for key in path:
        value = value[key]
    return value


@given(histories, st.booleans())
def test_applying_a_plan_leaves_nothing_to_do_and_gives_what_git_wants(history, prune):
    live = None
    for device in history:
        live = written(device, live, prune)
        assert plan(device, live, prune) == ()
        assert agrees(live.twin.tags, device.tags)
        assert agrees(live.twin.desired, device.desired)
        for name, content in device.edge_content.items():
            assert agrees(live.modules[name].desired, content)
        for name, module in device.modules.items():
            if module.desired:
                assert agrees(live.modules[name].desired, module.desired)


@given(histories, foreign_sections, foreign_sections)
def test_foreign_keys_survive_any_history(history, tags, desired):
    live = LiveDevice(Twin("d", edge=history[0].edge, tags=tags, desired=desired))
    for device in history:
        live = written(device, live)
    for section, foreign in ((live.twin.tags, tags), (live.twin.desired, desired)):
        assert {key: section[key] for key in foreign} == foreign


@given(histories)
def test_after_any_history_the_twin_holds_nothing_but_the_last_state(history):
    live = None
    for device in history:
        live = written(device, live)
    tags = {key: value for key, value in live.twin.tags.items() if key != "edgeops"}
    assert {path for path, _ in leaves(tags)} == {path for path, _ in leaves(history[-1].tags)}


@given(devices(), st.integers(0, 6))
def test_a_run_cut_anywhere_is_finished_by_the_next(device, cut):
    live = LiveDevice(Twin("d", edge=device.edge))
    live = carried_out(live, plan(device, live)[:cut])
    assert plan(device, written(device, live)) == ()


@given(histories, st.integers(0, 6))
def test_a_later_run_cut_anywhere_is_finished_by_the_next(history, cut):
    live = None
    for device in history:
        live = written(device, live)
    other = history[0]
    live = carried_out(live, plan(other, live)[:cut])
    live = written(other, live)
    assert plan(other, live) == ()
    modules = other.edge_content.get(EDGE_AGENT, {}).get("modules", {})
    if other.edge:
        assert live.modules[EDGE_AGENT].desired.get("modules", {}).keys() == modules.keys()
