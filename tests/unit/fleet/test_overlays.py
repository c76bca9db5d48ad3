"""Overlays on modules and on the runtime, from the lowest layer to the device."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.fleet.explain import explain
from edgeops.fleet.layers import Overlay, lay, merged, with_lists
from edgeops.fleet.resolve import resolve
from edgeops.jsonvalue import merge_patch

CAMERA = """
kind: Module
metadata: {name: camera}
spec:
  image: camera:1
  env: {MODE: day, RATE: 5}
  status: stopped
  createOptions: {Healthcheck: null, HostConfig: {Binds: ["/a:/a"], Privileged: true}}
  storage: [{source: /s, target: /s}]
"""
GPU = "kind: Module\nmetadata: {name: gpu}\nspec: {image: 'gpu:1', env: {CARD: 0}}"


@pytest.fixture
def snapshot(snapshot_of):
    """The layers of one device, each as the text of its spec."""

    def make(device, *, defaults="{}", group="{}", fleet="{}"):
        return snapshot_of(
            {
                "fleet.yaml": "kind: Fleet\nmetadata: {name: f}\n"
                f"spec: {{hubs: {{local: {{defaults: {fleet}}}}}, defaults: {defaults}}}",
                "group.yaml": "kind: Group\nmetadata: {name: g}\n"
                f"spec: {{selector: {{}}, {group[1:-1]}}}",
                "modules.yaml": f"{CAMERA}---\n{GPU}",
                "device.yaml": f"kind: Device\nmetadata: {{name: d}}\nspec: {device}",
            }
        )

    return make


@pytest.fixture
def resolved(snapshot):
    def make(*args, **layers):
        resolution = resolve(snapshot(*args, **layers))
        assert resolution.problems == ()
        return resolution.fleet.devices["d"]

    return make


@pytest.fixture
def problems(snapshot):
    def make(*args, **layers):
        found = resolve(snapshot(*args, **layers))
        return [(str(p.place), p.message) for p in (*found.problems, *found.warnings)]

    return make


def sets(**settings):
    inside = ", ".join(f"{key}: {value}" for key, value in settings.items())
    return f"{{modules: {{camera: {{{inside}}}}}}}"


# --- modules ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "below", "above", "value"),
    [
        ("image", "a:1", "b:1", "b:1"),
        ("status", "stopped", "running", "running"),
        ("status", "stopped", "null", None),
        ("restartPolicy", "never", "null", None),
        ("version", "'1'", "'2'", "2"),
        ("env", "{MODE: night}", "{RATE: null, X: 1}", {"MODE": "night", "X": 1}),
        ("routes", "{a: A, b: B}", "{a: null, c: C}", {"b": "B", "c": "C"}),
        ("storage", "[]", "[{source: /x, target: /y}]", [{"source": "/x", "target": "/y"}]),
        ("createOptions", "{HostConfig: null}", "{User: x}", {"Healthcheck": None, "User": "x"}),
        ("createOptions", "'{}'", "{User: x}", {"User": "x"}),
        ("createOptions", "{User: x}", "'{}'", "{}"),
    ],
)
def test_a_layer_sets_any_part_of_a_module(resolved, key, below, above, value):
    device = resolved(sets(**{key: above}), defaults=sets(**{key: below}))
    assert device.modules["camera"].spec[key] == value


@pytest.mark.parametrize("key", ["version", "imagePullPolicy", "createOptions"])
def test_null_removes_what_a_lower_layer_set(resolved, key):
    device = resolved(sets(**{key: "null"}), defaults=sets(**{key: "{}"}))
    assert key not in device.modules["camera"].spec


def test_a_null_in_the_options_of_a_module_survives_unless_a_layer_removes_it(resolved):
    options = resolved(sets()).modules["camera"].spec["createOptions"]
    assert options["Healthcheck"] is None
    options = resolved(sets(createOptions="{Healthcheck: null}")).modules["camera"].spec
    assert "Healthcheck" not in options["createOptions"]


def test_lists_replace_and_add_over_several_levels(resolved):
    def binds(text):
        return sets(createOptions=f"{{HostConfig: {{Binds: {text}}}}}")

    def added(path):
        return binds(f"{{add: ['{path}:{path}']}}")

    device = resolved(added("/d"), defaults=added("/b"), group=added("/c"))
    options = device.modules["camera"].spec["createOptions"]["HostConfig"]
    assert options == {"Binds": ["/a:/a", "/b:/b", "/c:/c", "/d:/d"], "Privileged": True}
    device = resolved(added("/d"), defaults=added("/b"), group=binds("[]"))
    assert device.modules["camera"].spec["createOptions"]["HostConfig"]["Binds"] == ["/d:/d"]


def test_storage_is_added_to(resolved):
    more = "{add: [{source: /x, target: /x}]}"
    storage = resolved(sets(storage=more)).modules["camera"].spec["storage"]
    assert [mount["source"] for mount in storage] == ["/s", "/x"]
    device = resolved("{modules: {gpu: {storage: " + more + "}}}")
    assert device.modules["gpu"].spec["storage"] == [{"source": "/x", "target": "/x"}]


def test_adding_to_nothing_is_the_list_itself():
    adds = {"HostConfig": {"CapAdd": {"add": ["X"]}, "Healthcheck": None}}
    lists = {"HostConfig": {"CapAdd": ["X"], "Healthcheck": None}}
    assert with_lists(adds) == lists
    below = Overlay()
    above = lay(below, {"edge": {"hub": {"createOptions": adds}}}, {})
    assert above.edge["hub"]["createOptions"] == {"HostConfig": {"CapAdd": ["X"]}}


@pytest.mark.parametrize("options", ["{add: [1]}", "{User: x, add: [1]}"])
def test_at_the_top_of_create_options_add_is_an_option(resolved, options):
    assert resolved(sets(createOptions=options)).modules["camera"].spec["createOptions"]["add"] == [
        1
    ]


def test_elsewhere_add_is_a_key_like_any_other(resolved):
    device = resolved("{desired: {zones: {add: [3]}}}", defaults="{desired: {zones: [1]}}")
    assert device.desired == {"zones": {"add": [3]}}


def test_storage_beside_options_that_are_text_is_a_problem(problems):
    (found,) = problems("{edge: true, modules: {camera: {createOptions: '{}'}}}")
    assert found == (
        "modules.yaml:9:3",
        "createOptions of `camera` are text, to which its storage cannot be added (device d)",
    )


# --- instances -----------------------------------------------------------------------


def test_several_instances_of_one_module(resolved):
    device = resolved(
        "{modules: {front: {from: camera}, back: {from: camera, env: {RATE: 9}}, camera: {}}}",
        group="{modules: {front: {env: {MODE: night}}}}",
    )
    envs = {name: module.spec["env"] for name, module in device.modules.items()}
    assert envs == {
        "front": {"MODE": "night", "RATE": 5},
        "back": {"MODE": "day", "RATE": 9},
        "camera": {"MODE": "day", "RATE": 5},
    }


def test_what_layers_say_of_an_instance_stands_on_whichever_module_it_is_from(resolved):
    front = "{modules: {front: {from: camera, env: {RATE: null, X: 1}}}}"
    device = resolved("{modules: {front: {from: gpu, env: {Y: 2}}}}", defaults=front)
    spec = device.modules["front"].spec
    assert spec == {"image": "gpu:1", "env": {"CARD": 0, "X": 1, "Y": 2}, "from": "gpu"}
    device = resolved(
        "{modules: {front: {from: gpu}}}", group="{modules: {front: null}}", defaults=front
    )
    assert device.modules["front"].spec["env"] == {"CARD": 0}


def test_a_module_of_the_same_name_does_not_show_through_an_instance(snapshot):
    found = explain(snapshot("{modules: {camera: {from: gpu, env: {MODE: x}}}}"), "d", "/modules")
    told = {entry.path: (entry.value, entry.layer, entry.overrode) for entry in found}
    assert told["/modules/camera/env/MODE"] == ("x", "Device d", ())
    assert told["/modules/camera/env/CARD"] == (0, "Module gpu", ())
    assert "/modules/camera/status" not in told


def test_an_instance_of_a_module_that_does_not_exist(problems):
    assert problems("{modules: {front: {from: camra}}}") == [
        ("device.yaml:3:26", "there is no Module `camra`")
    ]


def test_where_the_values_of_an_instance_come_from(snapshot):
    front = "{modules: {front: {from: camera, env: {RATE: 9}, status: null}}}"
    found = explain(snapshot(front), "d", "/modules/front")
    told = {entry.path: (entry.value, str(entry.place), entry.layer) for entry in found}
    assert told["/modules/front/env/MODE"] == ("day", "modules.yaml:6:9", "Module camera")
    assert told["/modules/front/env/RATE"] == (9, "device.yaml:3:46", "Device d")
    assert told["/modules/front/status"] == (None, "device.yaml:3:56", "Device d")
    assert told["/modules/front/createOptions/Healthcheck"][2] == "Module camera"


# --- the runtime -----------------------------------------------------------------------

LEVELS = ("defaults", "fleet", "group", "device")


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_sets_the_runtime_and_a_higher_one_wins(resolved, level):
    def edge(number):
        return (
            f"{{edge: {{agent: {{env: {{A: {number}, L{number}: 1}}}},"
            f" hub: {{startupOrder: {number}}},"
            f" routes: {{up: R{number}, own{number}: X}}, timeToLiveSecs: {number}}}}}"
        )

    layers = {name: edge(at) for at, name in enumerate(LEVELS[: LEVELS.index(level) + 1])}
    top = len(layers) - 1
    device = resolved(layers.pop("device", "{edge: true}"), **layers)
    numbers = range(top + 1)
    assert device.runtime["agent"]["env"] == {"A": top, **{f"L{n}": 1 for n in numbers}}
    assert device.runtime["hub"] == {"startupOrder": top}
    assert device.runtime["routes"] == {"up": f"R{top}", **{f"own{n}": "X" for n in numbers}}
    assert device.runtime["timeToLiveSecs"] == top


def test_null_removes_settings_of_the_runtime(resolved):
    device = resolved(
        "{edge: {routes: {up: null}, registryCredentials: {acr: null}, loggingOptions: null}}",
        defaults="{edge: {routes: {up: X, b: Y}, registryCredentials: {acr: {address: a}},"
        " loggingOptions: l}}",
    )
    assert device.runtime == {"routes": {"b": "Y"}, "registryCredentials": {}}


def test_null_as_a_value_of_the_runtime_means_no_default(resolved):
    device = resolved(
        "{edge: {timeToLiveSecs: null, minDockerVersion: null, hub: {status: null}}}",
        defaults="{edge: {timeToLiveSecs: 5, minDockerVersion: v2, hub: {status: stopped}}}",
    )
    assert device.edge_content == {"$edgeAgent": {}, "$edgeHub": {}}
    agent, hub = device.edge_defaults["$edgeAgent"], device.edge_defaults["$edgeHub"]
    assert "storeAndForwardConfiguration" not in hub
    assert agent["runtime"]["settings"] == {}
    assert "status" not in agent["systemModules"]["edgeHub"]
    assert agent["systemModules"]["edgeHub"]["restartPolicy"] == "always"


@pytest.mark.parametrize(
    ("edge", "kind"),
    [
        ("true", (True, False)),
        ("false", (False, False)),
        ("external", (True, True)),
        ("{}", (True, False)),
    ],
)
def test_what_a_device_is(resolved, edge, kind):
    device = resolved(f"{{edge: {edge}}}", defaults="{edge: {agent: {image: 'a:1'}}}")
    assert (device.edge, device.external) == kind
    assert bool(device.edge_content) == (kind == (True, False))


def test_old_names_of_images(resolved, problems, snapshot):
    old = "{edge: {agentImage: 'a:1', hubImage: 'h:1'}}"
    device = resolved("{edge: {agent: {image: 'b:1'}}}", defaults=old)
    assert device.runtime == {"agent": {"image": "b:1"}, "hub": {"image": "h:1"}}
    found = explain(snapshot("{edge: {agent: {image: 'b:1'}}}", defaults=old), "d", "/edge")
    assert [(str(entry.place), [str(low.place) for low in entry.overrode]) for entry in found] == [
        ("device.yaml:3:23", ["fleet.yaml:3:57"]),
        ("fleet.yaml:3:76", []),
    ]
    assert problems("{edge: {hubImage: 'http://h:1'}}")[0][0] == "device.yaml:3:15"


@pytest.mark.parametrize("level", LEVELS)
def test_the_old_and_the_new_name_in_one_layer(problems, level):
    both = "{edge: {hubImage: 'h:1', hub: {image: 'h:2'}}}"
    ((place, message),) = problems(**{"device": "{edge: true}", level: both})
    assert message == "`hubImage` is another name of `hub.image`, which is set too"
    assert place.startswith({"device": "device", "group": "group"}.get(level, "fleet"))


def test_groups_that_clash_are_told_by_the_names_in_their_files(snapshot_of):
    def group(name, edge):
        return f"kind: Group\nmetadata: {{name: {name}}}\nspec: {{selector: {{}}, edge: {edge}}}"

    files = {
        "a.yaml": group("a", "{agentImage: 'a:1'}"),
        "b.yaml": group("b", "{agent: {image: 'b:1'}}"),
        "d.yaml": "kind: Device\nmetadata: {name: d}\nspec: {}",
    }
    (problem,) = resolve(snapshot_of(files)).problems
    assert str(problem.place) == "b.yaml:3:37"
    assert "both set `edge/agent/image`: here and at a.yaml:3:29" in problem.message


# --- what holds for all values -----------------------------------------------------------

values = st.recursive(
    st.sampled_from([None, 0, True, "x", [1]]),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from("abc"), values, max_size=3)


@given(values, objects)
def test_plain_values_are_merged_by_json_merge_patch(below, above):
    assert merged(below, above) == merge_patch(below, above)


@given(objects, st.lists(objects, max_size=4), objects)
def test_layers_of_an_instance_do_not_depend_on_where_from_is_said(base, layers, other):
    bases = {"x": {"desired": base}, "y": {"desired": other}}
    patches = [{"desired": layer} for layer in layers]
    first = Overlay()
    for patch in [{"from": "y"}, *patches]:
        first = lay(first, {"modules": {"m": patch}}, bases)
    last = Overlay()
    for patch in [{"from": "x"}, *patches, {"from": "y"}]:
        last = lay(last, {"modules": {"m": patch}}, bases)
    assert first.modules == last.modules
