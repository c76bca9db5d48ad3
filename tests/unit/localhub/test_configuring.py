"""What configurations do to the twins of a device: Microsoft's rules, as examples."""

from __future__ import annotations

import pytest

from edgeops.localhub.state.errors import HubFault
from tests.support.configuring import Twins, base, configuration, for_devices, for_modules, layer

CHILLER = {"chiller": {"temperature": 38, "pressure": 78}}
WASHINGTON = "tags.state = 'wa'"


# "Automatic IoT device and module management using the Azure CLI": what is applied
@pytest.mark.parametrize(
    ("configurations", "desired", "statuses"),
    [
        pytest.param([for_devices("c", CHILLER)], CHILLER, {"c": "A"}, id="all devices"),
        pytest.param(
            [for_devices("c", CHILLER, target=WASHINGTON)], CHILLER, {"c": "A"}, id="by its tags"
        ),
        pytest.param(
            [for_devices("c", CHILLER, target="tags.state = 'or'")], {}, {}, id="not a target"
        ),
        pytest.param([for_devices("c", CHILLER, target="")], {}, {}, id="no target condition"),
        pytest.param(
            [for_devices("high", {"a": 1}, priority=2), for_devices("low", {"a": 2}, priority=1)],
            {"a": 1},
            {"low": "T", "high": "A"},
            id="of two values of a path, that of the highest priority",
        ),
        pytest.param(
            [for_devices("old", {"a": 1}, day=1), for_devices("new", {"a": 2}, day=2)],
            {"a": 2},
            {"old": "T", "new": "A"},
            id="of the same priority, the one created last",
        ),
        pytest.param(
            [for_devices("x", {"a": 1}, priority=2), for_devices("y", {"b.c": 2}, priority=1)],
            {"a": 1, "b": {"c": 2}},
            {"x": "A", "y": "A"},
            id="different paths are merged",
        ),
        pytest.param(
            [
                for_devices("in", {"a.b": 1}, priority=2),
                for_devices("out", {"a": {"b": 0, "c": 0}}),
            ],
            {"a": {"b": 1, "c": 0}},
            {"in": "A", "out": "A"},
            id="a path inside another",
        ),
        pytest.param(
            [for_devices("out", {"a": {"c": 0}}, priority=2), for_devices("in", {"a.b": 1})],
            {"a": {"c": 0}},
            {"in": "T", "out": "A"},
            id="a path around another",
        ),
        pytest.param(
            [for_devices("c", {"own": None, "a": {"b": None, "c": 1}})],
            {"a": {"c": 1}},
            {"c": "A"},
            id="null removes",
        ),
        pytest.param([configuration("c", {"deviceContent": {}})], {}, {"c": "T"}, id="no settings"),
    ],
)
def test_what_configurations_do_to_a_device(configurations, desired, statuses):
    own = {} if desired == {"a": {"c": 1}} else {"own": 1}
    twins = Twins.new(tags={"state": "wa"}).set(own=1)
    assert twins.apply(*configurations).desired() == own | desired
    assert twins.statuses() == statuses
    assert not twins.copy().apply(*reversed(configurations)).written


# "Understand IoT Edge automatic deployments for single devices or at scale", "Deploy and monitor
# IoT Edge modules at scale using the Azure CLI" and "... using the Azure portal"
ROUTE = {"routes.up": "FROM /messages/* INTO $upstream"}
SENSOR = {"image": "sensor"}


@pytest.mark.parametrize(
    ("configurations", "modules", "statuses"),
    [
        pytest.param([base("b", "m1")], ["m1"], {"b": "A"}, id="a base deployment"),
        pytest.param(
            [base("low", "m1", priority=1), base("high", "m2", priority=2)],
            ["m2"],
            {"low": "T", "high": "A"},
            id="base deployments are not merged: the highest priority applies",
        ),
        pytest.param(
            [base("old", "m1", day=1), base("new", "m2", day=2)],
            ["m2"],
            {"old": "T", "new": "A"},
            id="of the same priority, the one created last",
        ),
        pytest.param(
            [
                base("b", "m1", priority=1),
                layer("l1", {"$edgeAgent": {"modules.m2": SENSOR}}, priority=2),
                layer("l2", {"$edgeAgent": {"modules.m3": SENSOR}}, priority=2),
            ],
            ["m1", "m2", "m3"],
            {"b": "A", "l1": "A", "l2": "A"},
            id="all layered deployments above it apply",
        ),
        pytest.param(
            [base("b", "m1", priority=2), layer("l", {"$edgeAgent": {"modules.m2": SENSOR}})],
            ["m1"],
            {"b": "A", "l": "T"},
            id="a layered deployment below it does not",
        ),
        pytest.param(
            [base("b", "m1"), layer("l", {"$edgeAgent": {"modules.m2": SENSOR}}, day=2)],
            ["m1"],
            {"b": "A", "l": "T"},
            id="nor one of its priority",
        ),
        pytest.param(
            [layer("l", {"$edgeAgent": {"modules.m2": SENSOR}}, priority=2)],
            [],
            {"l": "T"},
            id="a layered deployment needs a base deployment",
        ),
        pytest.param(
            [base("b", "m1"), layer("l", {"m1": {"a": 1}}, priority=2)],
            ["m1"],
            {"b": "A", "l": "T"},
            id="one that has nothing for $edgeAgent is shown as targeted",
        ),
    ],
)
def test_which_modules_deployments_give_an_edge_device(configurations, modules, statuses):
    twins = Twins.new(edge=True).apply(*configurations)
    assert sorted(twins.modules) == ["$edgeAgent", "$edgeHub", *modules]
    assert all(twins[name].identity.managed_by == "IotEdge" for name in modules)
    assert list(twins.desired("$edgeAgent").get("modules", {})) == modules
    assert twins.statuses("$edgeAgent") == statuses
    assert (twins.statuses(), twins.statuses("$edgeHub")) == ({}, {})
    assert not twins.copy().apply(*reversed(configurations)).written


SENSOR_TWIN = {"m1": {"SendData": True, "SendInterval": 5}}


# "Module twin configuration" in the first of these documents
@pytest.mark.parametrize(
    ("layers", "desired"),
    [
        ([], {"SendData": True, "SendInterval": 5}),
        ([{"m1": {"StatusColor": "red"}}], SENSOR_TWIN["m1"] | {"StatusColor": "red"}),
        ([{"m1": {"SendInterval": 60}}], {"SendData": True, "SendInterval": 60}),
        (
            [{"m1": {"layered": {"a": 1, "b": 1}}}, {"m1": {"layered": {"a": 2}}}],
            SENSOR_TWIN["m1"] | {"layered": {"a": 2}},
        ),
        (
            [{"m1": {"layered": {"a": 1, "b": 1}}}, {"m1": {"layered.a": 2}}],
            SENSOR_TWIN["m1"] | {"layered": {"a": 2, "b": 1}},
        ),
    ],
)
def test_how_layers_change_the_twin_of_a_module(layers, desired):
    deployments = [base("b", "m1", twins=SENSOR_TWIN)]
    deployments += [layer(f"l{n}", content, priority=n) for n, content in enumerate(layers, 1)]
    assert Twins.new(edge=True).apply(*deployments).desired("m1") == desired


def test_all_desired_properties_in_a_layer_replace_those_below():
    content = {"$edgeAgent": {}, "m1": {"properties.desired": {"a": 1}}}
    top = configuration("top", {"modulesContent": content}, priority=2)
    between = layer("between", {"m1": {"b": 1}}, priority=1)
    twins = Twins.new(edge=True).apply(base("b", "m1", twins=SENSOR_TWIN), between, top)
    assert twins.desired("m1") == {"a": 1}


def test_routes_of_all_layers_are_merged():
    twins = Twins.new(edge=True).apply(
        base("b", routes=[("up", "low"), ("down", "x")]),
        layer("l", {"$edgeHub": ROUTE}, priority=1),
    )
    routes = twins.desired("$edgeHub")["routes"]
    assert routes == {"up": "FROM /messages/* INTO $upstream", "down": "x"}


def test_deployments_are_for_edge_devices_only():
    twins = Twins.new().apply(base("b", "m1"))
    assert (twins.modules, twins.written) == ({}, False)


# --- what is removed -------------------------------------------------------------------


def test_settings_of_a_configuration_that_no_longer_targets_a_twin_are_removed():
    high, low = for_devices("h", {"a": 1, "b.c": 1}, priority=1), for_devices("l", {"a": 2})
    twins = Twins.new().set(own={"x": 1}).apply(high, low)
    assert twins.desired() == {"own": {"x": 1}, "a": 1, "b": {"c": 1}}
    assert twins.apply(low).desired() == {"own": {"x": 1}, "a": 2}
    assert twins.changes[0].patch == {"a": 2, "b": None}
    assert twins.apply().desired() == {"own": {"x": 1}}
    assert twins.device.configured is None


def test_an_edge_device_takes_on_the_next_deployment():
    twins = Twins.new(edge=True, modules=["own"])
    first = base("first", "m1", "m2", twins={"m1": {"a": 1}}, priority=1)
    second = base("second", "m2", "m3", twins={"m2": {"a": 1}})
    twins.apply(first, second)
    assert (twins.desired("m1"), twins.desired("m2")) == ({"a": 1}, {})
    twins.apply(second)
    assert sorted(twins.modules) == ["$edgeAgent", "$edgeHub", "m2", "m3", "own"]
    assert twins.desired("m2") == {"a": 1}


def test_an_edge_device_that_is_no_target_any_more_keeps_its_modules():
    first = base("first", "m1", "m2", twins={"m1": {"a": 1}, "m2": {"b": 1}})
    top = layer("top", {"m2": {"c": 1}}, priority=1)
    twins = Twins.new(edge=True).apply(first, top)
    modules, versions = dict(twins.modules), twins.versions()
    for left in ([top], []):
        assert twins.apply(*left).versions() == versions
        assert twins.modules.keys() == modules.keys()
        assert twins.statuses("$edgeAgent") == {rule.id: "T" for rule in left}
    twins.apply(base("next", "m1"))
    assert (sorted(twins.modules), twins.desired("m1")) == (["$edgeAgent", "$edgeHub", "m1"], {})


# --- users, modules, limits ------------------------------------------------------------


def test_what_a_user_changes_of_a_setting_is_set_again():
    rule = for_devices("c", {"a.b": 1})
    twins = Twins.new().apply(rule).set(a={"b": 2, "own": 3})
    assert twins.apply(rule).desired() == {"a": {"b": 1, "own": 3}}
    assert twins.changes[0].patch == {"a": {"b": 1}}
    assert twins.set(a=None).apply(rule).desired() == {"a": {"b": 1}}
    assert twins.set(a="x").apply(rule).desired() == {"a": {"b": 1}}


def test_module_configurations_target_the_modules_of_all_devices():
    rule = for_modules("c", {"a": 1}, "moduleId = 'm1' AND tags.x = 1")
    twins = Twins.new(modules=["m1", "m2"])
    twins.patch("m1", {"tags": {"x": 1}})
    twins.apply(rule)
    assert (twins.desired("m1"), twins.desired("m2"), twins.desired()) == ({"a": 1}, {}, {})
    assert (twins.statuses("m1"), twins.statuses()) == ({"c": "A"}, {})
    assert twins.apply().desired("m1") == {}


def test_module_configurations_leave_system_modules_to_deployments():
    twins = Twins.new(edge=True).apply(for_modules("c", {"a": 1}, "deviceId = 'd1'"))
    assert not twins.written


def test_module_configurations_come_on_top_of_deployments():
    deployment = base("b", "m1", twins={"m1": {"a": 1, "b": 1}})
    rule = for_modules("c", {"a": 2}, "moduleId = 'm1'")
    twins = Twins.new(edge=True).apply(deployment, rule)
    assert twins.desired("m1") == {"a": 2, "b": 1}
    assert not twins.apply(deployment, rule).written
    assert twins.apply(deployment).desired("m1") == {"a": 1, "b": 1}


def test_only_what_changes_gets_a_new_version():
    first = base("first", "m1", "m2", twins={"m1": {"a": 1}, "m2": {"a": 1}})
    second = base("second", "m1", "m2", twins={"m1": {"a": 1}, "m2": {"a": 2}}, priority=1)
    twins = Twins.new(edge=True).apply(first)
    versions = twins.versions()
    assert twins.apply(first, second).versions() == versions | {"m2": 3}
    assert [(change.module, change.patch) for change in twins.changes] == [("m2", {"a": 2})]


BIG = {f"k{n}": "x" * 4000 for n in range(5)}


def test_settings_that_break_a_limit_are_refused_and_the_twin_stays():
    first, second = (for_devices(name, {name: BIG}) for name in ("c1", "c2"))
    twins = Twins.new().apply(first)
    before = twins.desired()
    twins.apply(first, second)
    assert (twins.desired(), twins.statuses()) == (before, {"c1": "T", "c2": "T"})
    assert "should be less than" in twins.refusals[0]
    assert not twins.apply(first, second).written
    assert twins.apply(first).statuses() == {"c1": "A"}


@pytest.mark.parametrize(
    "top",
    [
        {"$edgeAgent": {"modules": {f"m{n}": {} for n in range(51)}}},
        {"$edgeAgent": {"modules": 1}},
        {"$edgeAgent": {"modules.x": 1}, "m1": {"z": BIG}},
        {"$edgeNothing": {"a": 1}},
    ],
)
def test_deployments_that_break_a_limit_change_nothing_of_an_edge_device(top):
    bottom = base("b", "m1", twins={"m1": {"a": BIG}})
    twins = Twins.new(edge=True, modules=["own"]).apply(bottom)
    versions = twins.versions()
    rule = for_modules("c", {"a": 1}, "moduleId = 'own'")
    twins.apply(bottom, layer("l", top, priority=1), rule)
    assert twins.versions() == versions | {"own": 2}
    assert twins.statuses("$edgeAgent") == {"b": "T", "l": "T"}
    assert len(twins.refusals) == 1


def test_a_module_configuration_that_breaks_a_limit_spares_the_deployment():
    deployment = base("b", "m1", twins={"m1": {"a": BIG}})
    twins = Twins.new(edge=True)
    twins.apply(deployment, for_modules("c", {"b": BIG}, "moduleId = 'm1'"))
    assert (twins.desired("m1"), twins.statuses("m1")) == ({"a": BIG}, {"c": "T"})
    assert twins.statuses("$edgeAgent") == {"b": "A"}
    assert [refusal[:10] for refusal in twins.refusals] == ["module m1:"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"deviceContent": {"tags.a": 1}}, "not a desired property"),
        ({"deviceContent": 1}, "must be an object"),
        ({"moduleContent": {"properties.desired": 1}}, "must be an object"),
        ({"deviceContent": {"properties.desired.a": "x" * 5000}}, "at most 4,096 bytes"),
        (
            {"deviceContent": {"properties.desired..$x": 1}},
            "A key cannot have",
        ),
        ({"deviceContent": {"properties.desired." + "a." * 11 + "a": 1}}, "deeper than 10 levels"),
        (
            {"deviceContent": {f"properties.desired.a{n}": 1 for n in range(5001)}},
            "larger than the desired properties",
        ),
        ({"modulesContent": {"m1": {"properties.desired.a": 1}}}, "must have \\$edgeAgent"),
        (
            {"modulesContent": {"$edgeAgent": {}, "m1": {"properties.desired.a": "x" * 5000}}},
            "Module m1: A text can have .* Error in Property/Tag properties.desired.a\\.",
        ),
    ],
)
def test_content_that_no_twin_can_have_is_refused(content, message):
    with pytest.raises(HubFault, match=message) as caught:
        configuration("c", content)
    assert caught.value.code == "InvalidConfigurationContent"
