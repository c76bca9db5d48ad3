"""Rules that hold for any configurations, and any desired properties of a user."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeops.jsonvalue import leaves
from tests.support.configuring import Twins, base, for_devices, for_modules, layer
from tests.support.json_values import keys, patches, scalars, sections, values

paths = st.lists(keys, min_size=1, max_size=3).map(".".join)
settings = st.dictionaries(paths, st.none() | values | patches, max_size=3)
options = st.fixed_dictionaries({"priority": st.integers(0, 3), "day": st.integers(1, 3)})
contents = st.dictionaries(st.sampled_from(["m1", "m2", "$edgeHub"]), settings, max_size=3)
listed = st.dictionaries(
    st.sampled_from(["modules.m1", "modules.m2", "modules.m3", "x"]), scalars, max_size=2
)


@st.composite
def all_configurations(draw):
    """Configurations of all kinds, in any order."""
    found = [
        for_devices(f"d{number}", draw(settings), **draw(options))
        for number in range(draw(st.integers(0, 3)))
    ]
    for number in range(draw(st.integers(0, 2))):
        where = draw(st.sampled_from(["moduleId = 'm1'", "deviceId = 'd1'"]))
        found.append(for_modules(f"m{number}", draw(settings), where, **draw(options)))
    for number in range(draw(st.integers(0, 2))):
        modules = draw(st.sets(st.sampled_from(["m1", "m2"])))
        twins = {name: draw(sections) for name in modules}
        found.append(base(f"b{number}", *modules, twins=twins, **draw(options)))
    for number in range(draw(st.integers(0, 2))):
        content = draw(contents) | {"$edgeAgent": draw(listed)}
        found.append(layer(f"l{number}", content, **draw(options)))
    return found


@st.composite
def twins_of_a_user(draw):
    """An edge device with modules, all with desired properties of a user."""
    twins = Twins.new(edge=True, modules=draw(st.sets(st.sampled_from(["m1", "own"]))))
    for module in ["", *(name for name in twins.modules if not name.startswith("$"))]:
        twins.set(module, **draw(sections))
    return twins


@given(twins_of_a_user(), all_configurations(), st.randoms())
def test_the_order_does_not_matter_and_a_second_time_changes_nothing(twins, found, random):
    others = twins.copy().apply(*random.sample(found, len(found)))
    twins.apply(*found)
    assert (twins.device, twins.modules) == (others.device, others.modules)
    twins.apply(*found)
    assert not twins.written
    assert twins.changes == []


@given(twins_of_a_user(), all_configurations(), all_configurations())
def test_deployments_of_the_past_leave_nothing(twins, earlier, later):
    later = [*later, base("z", "m1", "m2", twins={"m1": {"z": 1}}, priority=9)]
    detour = twins.copy().apply(*earlier).apply(*later)
    twins.apply(*later)
    for name in ("$edgeAgent", "$edgeHub", "m1"):
        assert detour.desired(name) == twins.desired(name)
        assert detour.statuses(name) == twins.statuses(name)
    assert detour.modules.keys() == twins.modules.keys()
    assert detour.statuses() == twins.statuses()


@given(twins_of_a_user(), st.lists(settings, max_size=3))
def test_what_no_configuration_is_about_survives_all_of_them(twins, many):
    found = [for_devices(f"c{number}", each) for number, each in enumerate(many)]
    named = [tuple(path.split(".")) for each in many for path in each]

    def others():
        """The values at paths that are neither in nor around one of a configuration."""
        return {
            path: value
            for path, value in leaves(twins.desired())
            if not any(path[: len(other)] == other[: len(path)] for other in named)
        }

    before = others()
    twins.apply(*found)
    assert others() == before
    twins.apply()
    assert others() == before
    assert twins.device.configured is None


@given(twins_of_a_user(), all_configurations())
def test_devices_hear_exactly_what_changes(twins, found):
    before = twins.copy()
    twins.apply(*found)
    for change in twins.changes:
        name = change.module
        if name in before.modules or not name:
            assert before.desired(name) != twins.desired(name)
        assert change.patch
        assert change.version == twins[name].twin.desired.version
    changed = {change.module for change in twins.changes}
    for name in twins.modules.keys() & before.modules.keys() - changed:
        assert before[name].twin == twins[name].twin
