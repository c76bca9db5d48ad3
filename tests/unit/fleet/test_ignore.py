"""What git leaves to others: `ignore` of all layers, and what of a device it takes away."""

import pytest

from edgeops.fleet.edge import deployed
from edgeops.fleet.explain import explain
from edgeops.fleet.resolve import resolve

FLEET = "kind: Fleet\nmetadata: {name: f}\nspec: {defaults: {ignore: [/desired/a]}}\n"
MODULES = """\
kind: Module
metadata: {name: opc}
spec:
  image: opc:1
  env: {LEVEL: info, RATE: "5"}
  createOptions: {HostConfig: {Privileged: true}}
  status: stopped
  routes: {up: "FROM /messages/* INTO $upstream"}
  desired: {x: {y: 1, z: 2}, list: [1, 2]}
---
kind: Module
metadata: {name: model_loader}
spec: {image: loader:1}
---
kind: ModelRelease
metadata: {name: c, version: 1.0.0}
spec: {url: "https://h/c", fileName: f, size: 1, sha256: a, md5: b, format: onnx}
"""
SPEC = """\
  edge: {routes: {own: "FROM /x INTO $upstream"}, timeToLiveSecs: 60, agent: {image: "agent:1"}}
  tags: {site: cbd, "a~/b": 1}
  desired: {a: 1, b: {c: 2}}
  modules: {opc: {}, model_loader: {}}
  models: {crowds: c@1.0.0}
"""


@pytest.fixture
def resolution(snapshot_of):
    def make(*ignore, fleet=FLEET):
        listed = "".join(f"\n  - {pointer}" for pointer in ignore) or " []"
        device = f"kind: Device\nmetadata: {{name: d}}\nspec:\n{SPEC}  ignore:{listed}\n"
        return resolve(
            snapshot_of({"fleet.yaml": fleet, "modules.yaml": MODULES, "device.yaml": device})
        )

    return make


@pytest.fixture
def device(resolution):
    def make(*ignore):
        found = resolution(*ignore)
        assert found.problems == ()
        return found.fleet.devices["d"]

    return make


def agent(device):
    return device.edge_content["$edgeAgent"]


def test_the_lists_of_all_layers_add_up(device):
    found = device("/tags/site", "/desired/a")
    assert found.ignore == ("/desired/a", "/tags/site")
    assert (found.desired, found.tags) == ({"b": {"c": 2}}, {"a~/b": 1})
    assert found.ignored == {"desired": {("a",)}, "tags": {("site",)}}


@pytest.mark.parametrize(
    ("pointer", "desired"),
    [
        ("/desired/b/c", {}),
        ("/desired/b", {}),
        ("/desired/b/other", {"b": {"c": 2}}),
        ("/desired/not-in-git", {"b": {"c": 2}}),
        ("/desired", {}),
    ],
)
def test_a_value_or_all_below_it_is_taken_out(device, pointer, desired):
    assert device(pointer).desired == desired


def test_a_key_with_a_slash_and_a_tilde(device):
    assert device("/tags/a~0~1b").tags == {"site": "cbd"}
    assert device("/tags").tags == {}


@pytest.mark.parametrize(
    ("pointer", "path"),
    [
        ("/modules/opc/env/LEVEL", ("modules", "opc", "env", "LEVEL")),
        ("/modules/opc/env", ("modules", "opc", "env")),
        ("/modules/opc/status", ("modules", "opc", "status")),
        ("/modules/opc/createOptions", ("modules", "opc", "settings", "createOptions")),
        ("/modules/opc/storage", ("modules", "opc", "settings", "createOptions")),
        ("/modules/opc/image", ("modules", "opc", "settings", "image")),
        ("/edge/agent/image", ("systemModules", "edgeAgent", "settings", "image")),
        ("/edge/agentImage", ("systemModules", "edgeAgent", "settings", "image")),
    ],
)
def test_what_is_part_of_the_deployment(device, pointer, path):
    found = device(pointer)
    value = agent(found)
    for key in path:
        value = value.get(key, {})
    assert value == {}
    assert path in found.ignored["$edgeAgent"]
    assert found.modules.keys() == {"opc", "model_loader"}


def test_a_new_module_gets_what_it_cannot_start_without(device):
    found = device("/modules/opc/image", "/modules/opc/status", "/edge/agent/image")
    new = deployed(found.edge_content, found.edge_defaults)["$edgeAgent"]
    assert new["modules"]["opc"]["settings"]["image"] == "opc:1"
    assert new["modules"]["opc"]["status"] == "running"
    assert new["systemModules"]["edgeAgent"]["settings"]["image"] == "agent:1"


def test_routes(device):
    def routes(*ignore):
        return device(*ignore).edge_content["$edgeHub"].get("routes", {}).keys()

    assert routes("/edge/routes/own") == {"up"}
    assert routes("/modules/opc/routes/up") == {"own"}
    assert routes("/modules/opc/routes") == {"own"}
    assert routes("/edge/routes") == set()


def test_a_setting_of_the_runtime(device):
    found = device("/edge/timeToLiveSecs", "/edge/registryCredentials/hub")
    assert "storeAndForwardConfiguration" not in found.edge_content["$edgeHub"]
    assert ("runtime", "settings", "registryCredentials", "hub") in found.ignored["$edgeAgent"]


def test_a_module_is_left_to_others_as_a_whole(device):
    found = device("/modules/opc")
    assert found.modules.keys() == {"model_loader"}
    assert agent(found)["modules"].keys() == {"model_loader"}
    assert found.edge_defaults["$edgeAgent"]["modules"].keys() == {"model_loader"}
    assert found.edge_content["$edgeHub"]["routes"].keys() == {"own"}
    assert found.ignored["modules"] == {("opc",)}


def test_the_desired_properties_of_a_module(device):
    found = device("/modules/opc/desired/x/y").modules["opc"]
    assert (found.desired, found.ignored) == ({"x": {"z": 2}, "list": [1, 2]}, {("x", "y")})
    assert device("/modules/opc/desired").modules["opc"].desired == {}


@pytest.mark.parametrize(
    "pointer",
    ["/models/crowds", "/models", "/modules/model_loader/desired", "/modules/model_loader"],
)
def test_a_model_that_is_left_to_others_is_not_awaited(device, pointer):
    found = device(pointer)
    assert found.models == {}
    loader = found.modules.get("model_loader")
    assert loader is None or "crowds" not in loader.desired.get("models", {})


# --- what is wrong, or surely not meant -----------------------------------------------


@pytest.mark.parametrize(
    ("pointer", "message"),
    [
        ("/variables/x", "does not name a value in a twin"),
        ("/protect", "does not name a value in a twin"),
        ("/Desired/a", "does not name a value in a twin"),
        ("/", "has an empty key"),
        ("/desired/a/", "has an empty key"),
        ("/desired/a~b", "has a `~` that is not part of `~0` or `~1`"),
        ("/modules", "names all modules"),
        ("/modules/opc/from", "does not name a setting of a module on the hub"),
        ("/modules/opc/image/x", "does not name a setting of a module on the hub"),
        ("/modules/opc/createOptions/HostConfig", "names a part of the create options"),
        ("/edge", "names the whole runtime"),
        ("/edge/unknown", "does not name a setting of the runtime"),
        ("/models/crowds/sha256", "names a part of a model"),
        ("/modules/model_loader/desired/models/crowds/url", "names a part of a model"),
    ],
)
def test_a_pointer_to_nothing_on_the_hub_is_a_problem_where_it_is_written(
    resolution, pointer, message
):
    (problem,) = resolution("/tags/x", pointer).problems
    assert message in problem.message
    assert f"`{pointer}`" in problem.message
    assert str(problem.place) == "device.yaml:11:5"


@pytest.mark.parametrize("pointer", ["/desired/unknown", "/modules/none/env/A", "/models/none"])
def test_git_need_not_name_what_it_ignores(resolution, pointer):
    found = resolution(pointer, fleet="kind: Fleet\nmetadata: {name: f}\nspec: {}\n")
    assert (found.problems, found.warnings) == ((), ())


def test_a_value_that_git_sets_too_is_a_warning_at_the_value(resolution):
    found = resolution("/modules/opc/env/LEVEL")
    assert [(str(w.place), w.message) for w in found.warnings] == [
        ("device.yaml:6:13", "`desired/a` is not written: `ignore` leaves `/desired/a` to others"),
        (
            "modules.yaml:5:9",
            "`modules/opc/env/LEVEL` is not written: `ignore` leaves `/modules/opc/env/LEVEL` to"
            " others (device d)",
        ),
    ]


def test_an_element_of_a_list_is_a_problem(resolution):
    (problem,) = resolution("/modules/opc/desired/list/0").problems
    assert "`modules/opc/desired/list` is a list here" in problem.message
    assert problem.hint == "ignore `/modules/opc/desired/list`"


# --- paused, and what explain shows ---------------------------------------------------


def test_a_higher_layer_decides_whether_a_device_is_paused(snapshot_of):
    files = {
        "fleet.yaml": "kind: Fleet\nmetadata: {name: f}\nspec: {defaults: {paused: true}}\n",
        "set.yaml": "kind: DeviceSet\nmetadata: {name: s}\nspec:\n"
        "  template: {spec: {paused: false}}\n"
        "  devices: [{name: d1, paused: true}, {name: d2}]\n",
        "device.yaml": "kind: Device\nmetadata: {name: d3}\n",
    }
    devices = resolve(snapshot_of(files)).fleet.devices
    assert {name: device.paused for name, device in devices.items()} == {
        "d1": True,
        "d2": False,
        "d3": True,
    }
    (told,) = explain(snapshot_of(files), "d1", "/paused")
    assert (told.value, str(told.place)) == (True, "set.yaml:5:24")


def test_a_paused_device_of_another_hub_is_held(snapshot_of):
    files = {
        "fleet.yaml": "kind: Fleet\nmetadata: {name: f}\nspec: {hubs: {us: {hostname: h}}}\n",
        "device.yaml": "kind: Device\nmetadata: {name: d}\nspec: {hubs: [us], paused: true}\n",
    }
    assert resolve(snapshot_of(files)).fleet.paused_elsewhere == {"d"}


def test_explain_shows_what_is_ignored_and_by_what(snapshot_of):
    device = f"kind: Device\nmetadata: {{name: d}}\nspec:\n{SPEC}  ignore: [/desired/b]\n"
    snapshot = snapshot_of({"fleet.yaml": FLEET, "modules.yaml": MODULES, "device.yaml": device})
    told = {each.path: each for each in explain(snapshot, "d", "/desired")}
    assert (told["/desired/b/c"].value, str(told["/desired/b/c"].ignored)) == (
        2,
        "device.yaml:9:12",
    )
    assert str(told["/desired/a"].ignored) == "fleet.yaml:3:28"
    listed = explain(snapshot, "d", "/ignore")
    assert [(each.value, each.layer) for each in listed] == [
        ("/desired/b", "Device d"),
        ("/desired/a", "Fleet defaults"),
    ]
