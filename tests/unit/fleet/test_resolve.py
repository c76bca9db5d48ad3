"""Overlays: what a device ends up with."""

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeops.errors import UsageError
from edgeops.fleet.model import ArtifactTarget, Snapshot, StoreKind
from edgeops.fleet.resolve import resolve as resolve_snapshot
from edgeops.jsonvalue import leaves
from edgeops.source.schemas import packaged_schemas

resolve = partial(resolve_snapshot, local_artifacts_url="https://localhost:8443/artifacts")
LOADER = "kind: Module\nmetadata: {name: model_loader}\nspec: {image: loader:1}"
RELEASE = """
kind: ModelRelease
metadata: {name: crowds, version: 1.2.0}
spec: {path: crowds/1.2.0/c.onnx, fileName: c.onnx, size: 9, sha256: aa, md5: bb, format: onnx}
"""


def device_of(snapshot, name="d", **options):
    resolution = resolve(snapshot, **options)
    assert resolution.problems == ()
    return resolution.fleet.devices[name]


class TestOrderOfLayers:
    def test_defaults_then_groups_by_priority_then_device(self, snapshot_of):
        device = device_of(
            snapshot_of(
                {
                    "a.yaml": """
kind: Fleet
metadata: {name: f}
spec: {defaults: {tags: {a: default, b: default, c: default, d: default}}}
---
kind: Group
metadata: {name: high, priority: 20}
spec: {selector: {}, tags: {c: high, d: high}}
---
kind: Group
metadata: {name: low, priority: 10}
spec: {selector: {}, tags: {b: low, c: low, d: low}}
---
kind: Device
metadata: {name: d}
spec: {tags: {d: device}}
"""
                }
            )
        )
        assert device.tags == {"a": "default", "b": "low", "c": "high", "d": "device"}
        assert device.groups == ("low", "high")

    def test_null_removes_and_is_not_in_the_result(self, snapshot_of):
        device = device_of(
            snapshot_of(
                {
                    "f.yaml": "kind: Fleet\nmetadata: {name: f}\n"
                    "spec: {defaults: {desired: {a: 1, b: {c: 2, d: 3}}}}",
                    "d.yaml": "kind: Device\nmetadata: {name: d}\n"
                    "spec: {desired: {a: null, b: {c: null}, never: null, new: {x: null}}}",
                }
            )
        )
        assert device.desired == {"b": {"d": 3}, "new": {}}

    def test_labels_stay_in_git(self, snapshot_of):
        text = "kind: Device\nmetadata: {name: d, labels: {ring: canary}}\nspec: {}"
        device = device_of(snapshot_of({"d.yaml": text}))
        assert device.labels == {"ring": "canary"}
        assert (device.tags, device.desired) == ({}, {})


class TestModules:
    MODULE = (
        "kind: Module\nmetadata: {name: m}\nspec: {image: m:1, env: {A: 1, B: 2}, desired: {x: 1}}"
    )

    def test_an_overlay_merges_over_the_spec_of_the_module(self, snapshot_of):
        overlay = "{env: {A: null, C: 3}, desired: {y: 2}}"
        text = f"kind: Device\nmetadata: {{name: d}}\nspec: {{modules: {{m: {overlay}}}}}"
        module = device_of(snapshot_of({"m.yaml": self.MODULE, "d.yaml": text})).modules["m"]
        assert module.spec == {"image": "m:1", "env": {"B": 2, "C": 3}}
        assert module.desired == {"x": 1, "y": 2}

    def test_a_device_has_only_the_modules_that_a_layer_names(self, snapshot_of):
        text = "kind: Device\nmetadata: {name: d}\nspec: {}"
        assert device_of(snapshot_of({"m.yaml": self.MODULE, "d.yaml": text})).modules == {}

    def test_null_takes_a_module_off_a_device(self, snapshot_of):
        files = {
            "m.yaml": self.MODULE,
            "g.yaml": "kind: Group\nmetadata: {name: g}\nspec: {selector: {}, modules: {m: {}}}",
            "d.yaml": "kind: Device\nmetadata: {name: d}\nspec: {modules: {m: null}}",
        }
        assert device_of(snapshot_of(files)).modules == {}

    def test_a_module_removed_and_named_again_starts_from_its_spec(self, snapshot_of):
        group = (
            "kind: Group\nmetadata: {{name: {0}, priority: {0}}}\n"
            "spec: {{selector: {{}}, modules: {{m: {1}}}}}"
        )
        files = {
            "m.yaml": self.MODULE,
            "g.yaml": group.format(1, "{env: {Z: 9}}") + "\n---\n" + group.format(2, "null"),
            "d.yaml": "kind: Device\nmetadata: {name: d}\nspec: {modules: {m: {}}}",
        }
        assert device_of(snapshot_of(files)).modules["m"].spec["env"] == {"A": 1, "B": 2}


class TestModels:
    DEVICE = """
kind: Device
metadata: {name: d}
spec:
  models: {crowds: crowds@1.2.0}
  modules: {model_loader: {desired: {keepVersions: 2}}}
"""
    FLEET = """
kind: Fleet
metadata: {name: f}
spec:
  hubs:
    local: {}
    azure: {hostname: h.azure-devices.net, auth: entra, artifacts: {url: https://store/models/}}
    bare: {hostname: h.azure-devices.net, connectionStringEnv: X, sku: S2, units: 3}
    blob:
      hostname: h.azure-devices.net
      auth: entra
      artifacts: {store: azure-blob, url: https://store/models, connectionStringEnv: STORAGE}
"""

    @pytest.fixture
    def snapshot(self, snapshot_of) -> Snapshot:
        return snapshot_of(
            {"f.yaml": self.FLEET, "d.yaml": self.DEVICE, "l.yaml": LOADER, "r.yaml": RELEASE}
        )

    def test_a_slot_becomes_desired_state_of_the_model_loader(self, snapshot):
        device = device_of(snapshot, local_artifacts_url="https://localhost:9/artifacts")
        assert device.models["crowds"].reference == "crowds@1.2.0"
        assert device.modules["model_loader"].desired == {
            "keepVersions": 2,
            "models": {
                "crowds": {
                    "name": "crowds",
                    "version": "1.2.0",
                    "url": "https://localhost:9/artifacts/crowds/1.2.0/c.onnx",
                    "fileName": "c.onnx",
                    "size": 9,
                    "sha256": "aa",
                    "md5": "bb",
                    "format": "onnx",
                }
            },
        }

    def test_each_hub_has_its_own_artifact_store(self, snapshot):
        loader = device_of(snapshot, hub="azure").modules["model_loader"]
        assert (
            loader.desired["models"]["crowds"]["url"] == "https://store/models/crowds/1.2.0/c.onnx"
        )

    def test_what_devices_download_from_and_whether_they_need_access(self, snapshot):
        hubs = resolve(snapshot, local_artifacts_url="https://localhost:9/artifacts").fleet.hubs
        assert hubs["local"].artifacts == ArtifactTarget(
            "https://localhost:9/artifacts", StoreKind.LOCAL
        )
        assert hubs["azure"].artifacts == ArtifactTarget("https://store/models/")
        assert hubs["blob"].artifacts == ArtifactTarget(
            "https://store/models", StoreKind.AZURE_BLOB, "STORAGE"
        )
        assert hubs["bare"].artifacts is None
        private = [name for name, hub in hubs.items() if hub.artifacts and hub.artifacts.private]
        assert private == ["blob"]

    def test_the_schema_has_each_kind_of_store_but_the_local_one(self):
        hub = packaged_schemas().documents["Fleet"]["$defs"]["hub"]["properties"]
        stores = hub["artifacts"]["properties"]["store"]["enum"]
        assert sorted(stores) == sorted(set(StoreKind) - {StoreKind.LOCAL})

    def test_a_hub_without_a_store_is_a_problem_when_models_need_one(self, snapshot):
        (problem,) = resolve(snapshot, hub="bare").problems
        assert str(problem.place) == "f.yaml:8:5"
        assert problem.message == "hub `bare` has no artifact store, but devices need crowds@1.2.0"

    def test_hubs(self, snapshot):
        hubs = resolve(snapshot).fleet.hubs
        assert hubs["local"].local
        assert hubs["local"].create_devices
        assert hubs["azure"].entra
        assert not hubs["azure"].create_devices
        assert (hubs["bare"].sku, hubs["bare"].units) == ("S2", 3)
        assert hubs["bare"].connection_string_env == "X"

    def test_an_unknown_hub_is_an_error_of_the_command_line(self, snapshot):
        with pytest.raises(UsageError) as error:
            resolve(snapshot, hub="azur")
        assert error.value.hint == "did you mean `azure`?"


class TestDeviceSet:
    TEXT = """
kind: DeviceSet
metadata: {name: street}
spec:
  template:
    labels: {class: rpi4, ring: all}
    spec: {edge: true, authentication: x509CA, protect: true, tags: {kind: street}}
  devices:
    - {name: s1}
    - {name: s2, labels: {ring: canary}}
"""

    def test_every_member_is_like_the_template(self, snapshot_of):
        fleet = resolve(snapshot_of({"s.yaml": self.TEXT})).fleet
        assert list(fleet.devices) == ["s1", "s2"]
        for device in fleet.devices.values():
            assert device.tags == {"kind": "street"}
            assert (device.edge, device.authentication, device.protect) == (True, "x509CA", True)

    def test_labels_of_a_member_go_over_those_of_the_template(self, snapshot_of):
        fleet = resolve(snapshot_of({"s.yaml": self.TEXT})).fleet
        assert fleet.devices["s2"].labels == {"class": "rpi4", "ring": "canary"}

    def test_a_member_that_another_group_selects_gets_what_the_group_sets(self, snapshot_of):
        group = """
kind: Group
metadata: {name: canary}
spec: {selector: {matchLabels: {ring: canary}}, desired: {fast: true}}
"""
        fleet = resolve(snapshot_of({"s.yaml": f"{self.TEXT}---{group}"})).fleet
        assert (fleet.devices["s1"].desired, fleet.devices["s2"].desired) == ({}, {"fast": True})

    def test_values_that_python_calls_equal_are_not_mixed_up(self, snapshot_of):
        values = ["1", "true", "1.0", "'1'"]
        text = "---".join(
            f"""
kind: DeviceSet
metadata: {{name: set{n}}}
spec: {{template: {{spec: {{desired: {{a: {value}}}}}}}, devices: [{{name: d{n}}}]}}
"""
            for n, value in enumerate(values)
        )
        devices = resolve(snapshot_of({"s.yaml": text})).fleet.devices.values()
        assert [repr(device.desired["a"]) for device in devices] == ["1", "True", "1.0", "'1'"]

    def test_a_problem_of_the_template_names_the_members(self, snapshot_of):
        bad = self.TEXT.replace("{kind: street}", "{edgeops: mine}")
        (problem,) = resolve(snapshot_of({"s.yaml": bad})).problems
        assert problem.message.endswith("(devices s1, s2)")


# --- properties --------------------------------------------------------------------

GOOD = """
kind: Fleet
metadata: {name: f}
spec: {defaults: {tags: {site: cbd, x: null}, modules: {model_loader: {}}}, limits: {maxDeletes: 3}}
---
kind: Group
metadata: {name: a}
spec: {selector: {matchLabels: {ring: canary}}, tags: {ring: canary}}
---
kind: Group
metadata: {name: b}
spec: {selector: {}, desired: {seconds: 60}, models: {crowds: crowds@1.2.0}}
---
kind: Group
metadata: {name: c, priority: 5}
spec: {selector: {}, desired: {seconds: 30}}
---
kind: Device
metadata: {name: d1, labels: {ring: canary}}
spec: {edge: true, tags: {site: null}}
---
kind: Device
metadata: {name: d2}
spec: {modules: {model_loader: {env: {A: 1}}}}
"""
BAD = """
kind: Device
metadata: {name: d1}
spec: {modules: {nope: {}}}
---
kind: Group
metadata: {name: c2, priority: 5}
spec: {selector: {}, desired: {seconds: 10}, tags: {"a b": 1}}
---
kind: DeviceSet
metadata: {name: s}
spec: {devices: [{name: d2}, {name: d3}]}
"""


@pytest.mark.parametrize("text", [GOOD, GOOD + "---" + BAD], ids=["valid", "invalid"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_order_of_files_does_not_matter(snapshot_of, text, data):
    snapshot = snapshot_of({"all.yaml": f"{text}---{RELEASE}---\n{LOADER}"})
    shuffled = data.draw(st.permutations(snapshot.documents))
    resolution = resolve(snapshot)
    assert (resolution.fleet is None) == bool(resolution.problems)
    assert resolve(Snapshot("c0ffee", tuple(shuffled), ())) == resolution


members = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        st.none() | st.integers(0, 3) | st.just([1]),
        lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        max_leaves=6,
    ),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(low=members, high=members, own=members)
def test_the_result_holds_no_nulls(snapshot_of, low, high, own):
    template = snapshot_of(
        {
            "g.yaml": "kind: Group\nmetadata: {name: a, priority: 1}\nspec: {selector: {}}\n"
            "---\nkind: Group\nmetadata: {name: b, priority: 2}\nspec: {selector: {}}",
            "d.yaml": "kind: Device\nmetadata: {name: d}\nspec: {}",
        }
    )
    for document, value in zip(template.documents[1:], (low, high, own), strict=True):
        document.value["spec"]["desired"] = value
    desired = device_of(template).desired
    assert all(value is not None for _, value in leaves(desired))
    for path, value in leaves(own):
        if value not in (None, {}):
            resolved = desired
            for key in path:
                resolved = resolved[key]
            assert resolved == value
