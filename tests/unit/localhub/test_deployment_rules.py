"""What applying a deployment does to the modules of a device."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edgeops.localhub.state.deployment import content_applied
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.identities import device_created
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.steps import finish

MOMENT = Moment(datetime(2026, 1, 2, tzinfo=UTC), new_key=lambda: "key")
DEVICE, *SYSTEM = device_created("gw", {"capabilities": {"iotEdge": True}}, MOMENT, ()).save
MODULES = {entry.identity.module: entry for entry in SYSTEM}


def apply(modules, content):
    return finish(content_applied(DEVICE, modules, {"modulesContent": content}, MOMENT))


def agent(*names):
    return {"$edgeAgent": {"properties.desired": {"modules": {name: {} for name in names}}}}


def after(modules, deployed):
    kept = {name: entry for name, entry in modules.items() if name not in deployed.delete}
    return kept | {entry.identity.module: entry for entry in deployed.save}


def test_each_module_that_was_written_gets_a_change():
    deployed = apply(MODULES, agent("m1") | {"m1": {"properties.desired": {"a": 1}}})

    changes = [(change.module, change.version) for change in deployed.changes]
    assert changes == [("$edgeAgent", 2), ("m1", 2)]
    assert deployed.changes[1].patch == {"a": 1}


def test_a_path_sets_one_value_and_leaves_the_others():
    first = apply(MODULES, agent("m1") | {"m1": {"properties.desired": {"a": {"x": 1}, "b": 2}}})
    modules = after(MODULES, first)

    second = apply(modules, {"m1": {"properties.desired.a.y": 3}})

    assert second.delete == ()
    desired = after(modules, second)["m1"].twin.desired.values
    assert desired == {"a": {"x": 1, "y": 3}, "b": 2}


def test_without_an_edge_agent_no_module_is_removed():
    modules = after(MODULES, apply(MODULES, agent("m1")))
    assert apply(modules, {"m2": {"properties.desired": {}}}).delete == ()
    assert apply(modules, agent("m2")).delete == ("m1",)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"modulesContent": {}},
        {"modulesContent": {"m": 1}},
        {"modulesContent": {"m": {"properties.desired": 1}}},
        {"modulesContent": {"$edgeAgent": {"properties.desired": {"modules": []}}}},
    ],
)
def test_content_of_the_wrong_shape_is_refused(body):
    with pytest.raises(HubFault) as caught:
        finish(content_applied(DEVICE, MODULES, body, MOMENT))
    assert caught.value.code == "InvalidConfigurationContent"


def test_a_module_of_a_reserved_name_is_refused():
    with pytest.raises(HubFault) as caught:
        apply(MODULES, agent("$edgeX"))
    assert caught.value.status == 401


@pytest.mark.parametrize("levels", [12, 3000])
def test_a_path_of_too_many_levels_is_refused(levels):
    path = "properties.desired." + "a." * (levels - 1) + "a"
    with pytest.raises(HubFault, match="deeper than 10 levels"):
        apply(MODULES, {"m1": {path: 1}})
    assert apply(MODULES, {"m1": {"properties.desired." + "a." * 10 + "a": 1}}).save


def test_content_of_too_many_values_is_refused():
    paths = {f"properties.desired.a{number}": number for number in range(10_000)}
    with pytest.raises(HubFault, match="more than 10,000 values"):
        apply(MODULES, {"m1": paths})


def test_paths_change_nothing_but_the_result():
    content = {"m1": {"properties.desired": {"a": {"x": 1}}, "properties.desired.a.y": 2}}
    deployed = apply(MODULES, content)
    assert deployed.changes[0].patch == {"a": {"x": 1, "y": 2}}
    assert content["m1"]["properties.desired"] == {"a": {"x": 1}}

    modules = after(MODULES, deployed)
    apply(modules, {"m1": {"properties.desired.a.z": 3}})
    assert modules["m1"].twin.desired.values == {"a": {"x": 1, "y": 2}}
