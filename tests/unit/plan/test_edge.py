"""The deployment of an edge device, merged three-way into what the hub has."""

from dataclasses import replace

import pytest

from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.jsonvalue import leaves, merge_patch
from edgeops.plan.device import plan_device
from edgeops.plan.edge import content_patch
from edgeops.plan.model import Action, Reason
from edgeops.plan.offline import carried_out
from edgeops.plan.ownership import Owner
from edgeops.stamp import decode
from edgeops.twin import LiveDevice, Twin

BINDS = '{"HostConfig":{"Binds":["/srv:/models"]}}'


def edge_device(*modules, tags=None, routes=None):
    agent = {"schemaVersion": "1.1", "modules": {name: spec(name) for name in modules}}
    hub = {"routes": routes or {}}
    return DesiredDevice(
        name="d1",
        labels={},
        groups=(),
        edge=True,
        authentication="sas",
        protect=False,
        tags=tags or {},
        desired={},
        modules={name: DesiredModule(name, {}, {"keep": 2}) for name in modules},
        models={},
        edge_content={"$edgeAgent": agent, "$edgeHub": hub},
    )


def spec(name, options=BINDS):
    return {"settings": {"image": f"{name}:1", "createOptions": options}}


def plan(want, live):
    return plan_device(want, live, Owner("f", commit="c"), create=True)


def synced(want):
    return carried_out(LiveDevice(Twin("d1", edge=True)), plan(want, None))


def deployed(live, module, **desired):
    twin = replace(live.modules[module], desired=merge_patch(live.modules[module].desired, desired))
    return replace(live, modules=live.modules | {module: twin})


def test_the_deployment_makes_the_modules():
    changes = plan(edge_device("loader"), None)
    assert [change.action.value for change in changes] == [
        "create-device",
        "patch-device",
        "deploy",
        "patch-module",
    ]
    assert plan(edge_device("loader"), synced(edge_device("loader"))) == ()


def test_drift_of_an_image_is_found_and_foreign_content_survives():
    want = edge_device("loader", routes={"up": "FROM /* INTO $upstream"})
    live = deployed(
        synced(want),
        "$edgeAgent",
        runtime={"settings": {"registryCredentials": {"acr": {"username": "u"}}}},
        modules={"loader": {"settings": {"image": "evil:1"}}, "theirs": spec("theirs")},
    )
    live = deployed(live, "$edgeHub", routes={"theirs": "FROM /theirs INTO $upstream"})
    (change,) = plan(want, live)
    assert (change.action, change.reason) == (Action.DEPLOY, Reason.DRIFT)
    assert change.patch == {
        "$edgeAgent": {"modules": {"loader": {"settings": {"image": "loader:1"}}}}
    }
    after = carried_out(live, [change]).modules
    assert after["$edgeAgent"].desired["modules"]["theirs"] == spec("theirs")
    assert "registryCredentials" in after["$edgeAgent"].desired["runtime"]["settings"]
    assert after["$edgeHub"].desired["routes"].keys() == {"up", "theirs"}


@pytest.mark.parametrize("desired", [{"keep": 2}, {}])
def test_a_module_without_an_identity_is_deployed_again(desired):
    want = edge_device("loader")
    want = replace(want, modules={"loader": DesiredModule("loader", {}, desired)})
    live = synced(want)
    gone = replace(live, modules={name: live.modules[name] for name in ("$edgeAgent", "$edgeHub")})
    changes = plan(want, gone)
    assert changes[0].action is Action.DEPLOY
    assert changes[0].patch == {"$edgeAgent": {"modules": {"loader": {}}}}
    assert plan(want, carried_out(gone, changes)) == ()


def test_a_module_that_git_gave_up_goes_whole_with_what_others_wrote_in_it():
    live = deployed(
        synced(edge_device("loader", "old")),
        "$edgeAgent",
        modules={"old": {"env": {"DEBUG": {"value": "1"}}}},
    )
    deploy, stamp = plan(edge_device("loader"), live)
    assert deploy.patch == {"$edgeAgent": {"modules": {"old": None}}}
    after = carried_out(live, [deploy, stamp])
    assert plan(edge_device("loader"), after) == ()
    assert "old" not in {path[2] for path in owned_modules(after)}


def test_until_the_deployment_is_done_old_and_new_are_owned_together():
    live = synced(edge_device("old"))
    want = edge_device("new")
    changes = plan(want, live)
    assert names(changes) == ["patch-device", "deploy", "patch-module", "stamp-device"]
    between = carried_out(live, changes[:1])
    assert {path[2] for path in owned_modules(between)} == {"old", "new"}
    # The run died here: the next one does the rest, and still says why.
    remaining = plan(want, between)
    assert names(remaining) == ["deploy", "patch-module", "stamp-device"]
    assert remaining[0].reason is Reason.CHANGED
    after = carried_out(between, remaining)
    assert plan(want, after) == ()
    assert {path[2] for path in owned_modules(after)} == {"new"}


def names(changes):
    return [change.action.value for change in changes]


def owned_modules(live):
    owned = decode(live.twin.tags).owned
    return {path for path in owned if path[:2] == ("$edgeAgent", "modules")}


def test_only_tags_changed_means_no_deployment():
    live = synced(edge_device("loader"))
    (change,) = plan(edge_device("loader", tags={"a": 1}), live)
    assert change.action is Action.PATCH_DEVICE


def settings_patch(live, want):
    units = ({"modules": {"m": {"settings": settings}}} for settings in (live, want))
    patch = content_patch(*units, {}, (), "$edgeAgent", new=False)
    return patch.get("modules", {}).get("m", {}).get("settings", {})


@pytest.mark.parametrize(
    "live",
    [
        {"createOptions": '{"HostConfig": {"Binds": ["/srv:/models"]}}'},
        {
            "createOptions": BINDS[:10],
            "createOptions01": BINDS[10:20],
            "createOptions02": BINDS[20:],
        },
    ],
)
def test_create_options_are_compared_by_what_they_say(live):
    assert settings_patch(live, {"createOptions": BINDS}) == {}


def test_create_options_in_another_key_order_are_not_a_change():
    assert (
        settings_patch({"createOptions": '{"a":1,"b":2}'}, {"createOptions": '{"b":2,"a":1}'}) == {}
    )
    assert settings_patch({"createOptions": ""}, {"createOptions": "{}"}) == {}


def test_other_create_options_replace_every_chunk():
    live = {"createOptions": '{"a":', "createOptions01": "1}", "image": "i"}
    want = {"createOptions": '{"a":2}'}
    assert settings_patch(live, want) == {"createOptions": '{"a":2}', "createOptions01": None}


@pytest.mark.parametrize("broken", ["{", "[" * 100_000, 7])
def test_broken_create_options_are_replaced(broken):
    want = {"createOptions": "{}"}
    assert settings_patch({"createOptions": broken}, want) == want


def test_broken_create_options_on_both_sides_are_compared_as_text():
    assert settings_patch({"createOptions": "{"}, {"createOptions": "{"}) == {}


def test_live_content_of_any_shape_is_taken():
    want = {"modules": {"m": {"settings": {"image": "i", "createOptions": "{}"}}}}
    for live in ({}, {"modules": 1}, {"modules": {"m": 1}}, {"modules": {"m": {"settings": []}}}):
        patch = content_patch(live, want, {}, (), "$edgeAgent", new=False)
        assert merge_patch(live, patch) == want


# --- values that mean the same, and what stays --------------------------------------

UP = "FROM /* INTO $upstream"


def agent_patch(live, want, owned=(), new=False, defaults=None):
    return content_patch(live, want, defaults or {}, owned, "$edgeAgent", new=new)


def hub_patch(live, want, owned=()):
    return content_patch(live, want, {}, owned, "$edgeHub", new=False)


@pytest.mark.parametrize(
    ("live", "want"),
    [
        ({"env": {"A": {"value": 5}}}, {"env": {"A": {"value": "5"}}}),
        ({"env": {"A": {"value": "5"}}}, {"env": {"A": {"value": 5}}}),
        ({"env": {"A": {"value": True}}}, {"env": {"A": {"value": "true"}}}),
        ({}, {"imagePullPolicy": "on-create"}),
        ({}, {"startupOrder": 4294967295}),
        ({"settings": {}}, {"settings": {"createOptions": "{}"}}),
        ({"settings": {"createOptions": "null"}}, {"settings": {"createOptions": "{}"}}),
        ({"settings": {"createOptions": '{"a":null}'}}, {"settings": {"createOptions": "{}"}}),
        ({"settings": {"createOptions": {"a": 1}}}, {"settings": {"createOptions": '{"a":1}'}}),
    ],
)
def test_the_same_to_iot_edge_is_no_change(live, want):
    for group in ("modules", "systemModules"):
        assert agent_patch({group: {"m": live}}, {group: {"m": want}}) == {}


@pytest.mark.parametrize(
    ("live", "want"),
    [
        ({"env": {"A": {"value": "1.10"}}}, {"env": {"A": {"value": 1.1}}}),
        ({"env": {"A": {"value": True}}}, {"env": {"A": {"value": "True"}}}),
        ({"imagePullPolicy": "never"}, {"imagePullPolicy": "on-create"}),
        ({"startupOrder": 0}, {"startupOrder": 4294967295}),
        ({"settings": {"createOptions": "[null]"}}, {"settings": {"createOptions": "{}"}}),
        (
            {"settings": {"createOptions": '{"a":[null]}'}},
            {"settings": {"createOptions": '{"a":[]}'}},
        ),
    ],
)
def test_what_iot_edge_tells_apart_is_a_change(live, want):
    assert agent_patch({"modules": {"m": live}}, {"modules": {"m": want}}) == {
        "modules": {"m": want}
    }


@pytest.mark.parametrize(
    ("live", "want", "patch"),
    [
        (UP, {"route": UP}, {}),
        ({"route": UP, "priority": 3}, UP, {}),
        ({"route": UP, "priority": 3}, {"route": UP}, {}),
        (
            {"route": UP, "priority": 3},
            "FROM /a INTO $upstream",
            {"route": "FROM /a INTO $upstream"},
        ),
        (UP, {"route": "FROM /a INTO $upstream"}, "FROM /a INTO $upstream"),
        (UP, {"route": UP, "priority": 3}, {"route": UP, "priority": 3}),
    ],
)
def test_a_route_as_text_or_object(live, want, patch):
    given = hub_patch({"routes": {"up": live}}, {"routes": {"up": want}})
    assert given == ({"routes": {"up": patch}} if patch else {})


def test_a_priority_that_git_gives_up_goes_and_the_route_stays():
    live = {"schemaVersion": "1.0", "routes": {"up": {"route": UP, "priority": 3}}}
    owned = {("routes", "up", "route"), ("routes", "up", "priority")}
    for want in (UP, {"route": UP}):
        patch = hub_patch(live, {"routes": {"up": want}}, owned)
        assert patch == {"routes": {"up": {"priority": None}}}


ORDERED = {"modules": {"m": {"startupOrder": 1}}}
PRIORITY = {"routes": {"up": {"route": UP, "priority": 3}}}


def test_schema_version_1_0_is_raised_only_where_the_patch_needs_it():
    one = {"schemaVersion": "1.0"}
    assert agent_patch(one, ORDERED) == ORDERED | {"schemaVersion": "1.1"}
    assert hub_patch(one, PRIORITY) == PRIORITY | {"schemaVersion": "1.1"}
    assert agent_patch(one | ORDERED, ORDERED) == {}
    assert agent_patch(one, {"modules": {"m": {"status": "stopped"}}}).keys() == {"modules"}
    assert hub_patch(one, {"routes": {"up": UP}}) == {"routes": {"up": UP}}
    for version in ("1.1", "1.2"):
        assert agent_patch({"schemaVersion": version}, ORDERED) == ORDERED
    gone = agent_patch(one | ORDERED, {"modules": {"m": {}}}, {("modules", "m", "startupOrder")})
    assert gone == {"modules": {"m": {"startupOrder": None}}}


def test_a_schema_version_that_git_names_is_the_last_word():
    want = {"schemaVersion": "1.0", **PRIORITY}
    assert hub_patch({"schemaVersion": "1.0"}, want) == PRIORITY
    assert hub_patch({"schemaVersion": "1.2"}, want) == want


def test_keys_that_edgeops_does_not_know_survive():
    live = {"mqttBroker": {"bridges": [1]}, "routes": {"theirs": UP}, "schemaVersion": "1.2"}
    assert hub_patch(live, {"routes": {"up": UP}}) == {"routes": {"up": UP}}


def owned_by(content):
    return {path for path, _ in leaves(content)}


def test_what_iot_edge_needs_stays_when_git_gives_it_up():
    agent = {
        "schemaVersion": "1.1",
        "runtime": {"settings": {"minDockerVersion": "v1.25"}},
        "systemModules": {"edgeHub": {"type": "docker", "settings": {"image": "h:1"}}},
        "modules": {
            "m": {"status": "stopped", "restartPolicy": "never", "settings": {"image": "i"}}
        },
    }
    kept = {"modules": {"m": {"settings": {"image": "i"}}}}
    assert agent_patch(agent, kept, owned_by(agent)) == {}
    hub = {"schemaVersion": "1.1", "storeAndForwardConfiguration": {"timeToLiveSecs": 1}}
    assert hub_patch(hub, {}, owned_by(hub)) == {}


def test_the_objects_that_iot_edge_reads_stay_when_their_last_member_goes():
    agent = {"runtime": {"settings": {"loggingOptions": "x"}}, "modules": {"m": {"version": "1"}}}
    assert agent_patch(agent, {}, owned_by(agent)) == {
        "runtime": {"settings": {"loggingOptions": None}},
        "modules": {"m": None},
    }
    hub = {"routes": {"up": UP}}
    assert hub_patch(hub, {}, owned_by(hub)) == {"routes": {"up": None}}


def test_create_options_that_git_gives_up_go_with_every_chunk():
    live = {"image": "i", "createOptions": '{"a":', "createOptions01": "1}"}
    live = {"modules": {"m": {"settings": live}}}
    want = {"modules": {"m": {"settings": {"image": "i"}}}}
    owned = {("modules", "m", "settings", "createOptions")}
    assert agent_patch(live, want, owned)["modules"]["m"]["settings"] == {
        "createOptions": None,
        "createOptions01": None,
    }
    assert agent_patch(live, want) == {}


def test_empty_create_options_that_git_gives_up_stay():
    live = {"modules": {"m": {"settings": {"image": "i", "createOptions": "{}"}}}}
    want = {"modules": {"m": {"settings": {"image": "i"}}}}
    assert agent_patch(live, want, owned_by(live)) == {}


DEFAULTS = {
    "schemaVersion": "1.1",
    "runtime": {"type": "docker", "settings": {"minDockerVersion": "v1.25"}},
    "systemModules": {"edgeHub": {"type": "docker", "settings": {"image": "h:1"}}},
    "modules": {"m": {"type": "docker", "status": "running", "settings": {"createOptions": "{}"}}},
}
M = {"modules": {"m": {"settings": {"image": "i"}}}}


def test_defaults_are_for_what_is_new():
    whole = merge_patch(DEFAULTS, M)
    assert agent_patch({}, M, new=True, defaults=DEFAULTS) == whole
    assert agent_patch({"theirs": 1}, M, new=True, defaults=DEFAULTS) == whole
    on_device = {"systemModules": {"edgeHub": {"type": "docker"}}}
    added = agent_patch(on_device, M, defaults=DEFAULTS)
    assert added == {"modules": {"m": whole["modules"]["m"]}}
    half = {"modules": {"m": {"settings": {"image": "old"}}}}
    assert agent_patch(half, M, defaults=DEFAULTS) == M
