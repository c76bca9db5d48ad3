"""Where each value of a device comes from."""

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.fleet.explain import explain

FILES = {
    "fleet.yaml": """\
kind: Fleet
metadata: {name: f}
spec: {defaults: {tags: {site: cbd}, modules: {model_loader: {}}}}
""",
    "groups.yaml": """\
kind: Group
metadata: {name: low, priority: 1}
spec: {selector: {}, tags: {site: low, list: [1]}, models: {crowds: c@1.0.0}}
---
kind: Group
metadata: {name: high, priority: 2}
spec: {selector: {}, tags: {site: null}, modules: {model_loader: {env: {A: null}}}}
""",
    "device.yaml": """\
kind: Device
metadata: {name: queen-street-210}
spec: {tags: {site: queen}, models: {crowds: c@1.1.0}}
""",
    "module.yaml": """\
kind: Module
metadata: {name: model_loader}
spec: {image: loader:1, env: {A: 1, B: 2}}
""",
    "releases.yaml": """\
kind: ModelRelease
metadata: {name: c, version: 1.0.0}
spec: {path: p, fileName: f, size: 1, sha256: a, md5: b, format: onnx}
---
kind: ModelRelease
metadata: {name: c, version: 1.1.0}
spec: {path: q, fileName: f, size: 1, sha256: a, md5: b, format: onnx}
""",
}


@pytest.fixture
def snapshot(snapshot_of):
    return snapshot_of(FILES)


def lines(snapshot, pointer=""):
    return [
        (explained.path, explained.value, str(explained.place), explained.layer)
        for explained in explain(snapshot, "queen-street-210", pointer)
    ]


def test_every_value_with_the_line_that_set_it(snapshot):
    assert lines(snapshot)[:7] == [
        ("/edge", False, "None", "default"),
        ("/models/crowds", "c@1.1.0", "device.yaml:3:38", "Device queen-street-210"),
        ("/modules/model_loader/desired/models/crowds/fileName", "f", "device.yaml:3:38",
         "Device queen-street-210"),
        ("/modules/model_loader/desired/models/crowds/format", "onnx", "device.yaml:3:38",
         "Device queen-street-210"),
        ("/modules/model_loader/desired/models/crowds/md5", "b", "device.yaml:3:38",
         "Device queen-street-210"),
        ("/modules/model_loader/desired/models/crowds/name", "c", "device.yaml:3:38",
         "Device queen-street-210"),
        ("/modules/model_loader/desired/models/crowds/sha256", "a", "device.yaml:3:38",
         "Device queen-street-210"),
    ]  # fmt: skip
    assert lines(snapshot, "/modules/model_loader/env") == [
        ("/modules/model_loader/env/B", 2, "module.yaml:3:37", "Module model_loader")
    ]
    assert lines(snapshot, "/tags/list") == [("/tags/list", [1], "groups.yaml:3:40", "Group low")]


def test_what_a_value_overrode_highest_first(snapshot):
    (site,) = explain(snapshot, "queen-street-210", "/tags/site")
    assert (site.value, str(site.place)) == ("queen", "device.yaml:3:15")
    # What lies below a removal did not count any more.
    assert [(layer.value, str(layer.place), layer.layer) for layer in site.overrode] == [
        (None, "groups.yaml:7:29", "Group high"),
    ]
    (crowds,) = explain(snapshot, "queen-street-210", "/models")
    assert [(layer.value, layer.layer) for layer in crowds.overrode] == [("c@1.0.0", "Group low")]


def test_works_while_another_device_is_broken(snapshot_of):
    broken = {"x.yaml": "kind: Device\nmetadata: {name: x}\nspec: {modules: {nope: {}}}"}
    assert lines(snapshot_of(FILES | broken), "/tags/site")


def test_an_unknown_device(snapshot):
    with pytest.raises(EdgeOpsError, match="no device `queen-street-211`") as error:
        explain(snapshot, "queen-street-211")
    assert error.value.hint == "did you mean `queen-street-210`?"


@pytest.mark.parametrize(
    ("pointer", "message", "hint"),
    [
        ("/tag", "nothing at /tag", "the root has: desired, edge, models"),
        ("/tags/nope/deep", "nothing at /tags/nope", "/tags has: list, site"),
        ("/tags/site/deep", "nothing at /tags/site/deep", "/tags/site is a single value"),
        ("tags", "not a JSON pointer", "start it with a slash: `/tags`"),
        ("/desired/x", "nothing at /desired/x", "/desired has: nothing"),
    ],
)
def test_an_unknown_pointer_says_what_there_is(snapshot, pointer, message, hint):
    with pytest.raises(EdgeOpsError, match=message) as error:
        explain(snapshot, "queen-street-210", pointer)
    assert error.value.hint.startswith(hint)


def test_a_reference_to_a_secret_is_one_value_with_its_place(snapshot_of):
    files = {
        "group.yaml": """\
kind: Group
metadata: {name: all}
spec: {selector: {}, desired: {pin: {a: 1}}}
""",
        "device.yaml": """\
kind: Device
metadata: {name: d}
spec:
  desired:
    pin: {fromEnv: EDGEOPS_SECRET_PIN, version: 2}
""",
    }
    (pin,) = explain(snapshot_of(files), "d", "/desired")
    assert (pin.path, str(pin.place)) == ("/desired/pin", "device.yaml:5:5")
    assert pin.value == {"fromEnv": "EDGEOPS_SECRET_PIN", "version": 2}
