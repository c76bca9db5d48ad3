"""Which modules of a device have a say in its health."""

import pytest

from edgeops.fleet.model import HealthCheck
from edgeops.fleet.resolve import resolve

VISION = """kind: Module
metadata: {name: vision}
spec: {image: "example/vision:1", health: {path: /a~1b/state, good: [ok, 1, true]}}
"""
FORECASTER = """kind: Module
metadata: {name: forecaster}
spec: {image: "${registry}/edgeops-forecaster:1.0.0", desired: {model: crowds}}
"""
LOADER = "kind: Module\nmetadata: {name: model_loader}\nspec: {image: 'example/loader:1'}\n"
RELEASE = """kind: ModelRelease
metadata: {name: m, version: 1.0.0}
spec: {path: m, fileName: m, size: 1, sha256: SHA, md5: MD5, format: onnx}
""".replace("SHA", "a" * 64).replace("MD5", "b" * 32)
DEFAULT = HealthCheck(
    path=("model", "state"),
    good=("Ready", "Warming"),
    digests=(("model", "error", "sha256"), ("model", "sha256")),
    slot="crowds",
)


@pytest.fixture
def resolution(snapshot_of):
    def make(modules, models="{}"):
        return resolve(
            snapshot_of(
                {
                    "fleet.yaml": "kind: Fleet\nmetadata: {name: f}\n"
                    "spec: {hubs: {local: {}}, variables: {registry: example.com:5000/x}}",
                    "modules.yaml": f"{VISION}---\n{FORECASTER}---\n{LOADER}",
                    "release.yaml": RELEASE,
                    "device.yaml": "kind: Device\nmetadata: {name: d}\n"
                    f"spec: {{edge: true, modules: {modules}, models: {models}}}",
                }
            ),
            local_artifacts_url="https://localhost/artifacts",
        )

    return make


@pytest.fixture
def check(resolution):
    def make(module, said="{}"):
        found = resolution(f"{{{module}: {said}}}")
        assert (found.problems, found.warnings) == ((), ())
        return found.fleet.devices["d"].modules[module].health

    return make


def test_a_module_says_what_it_reports_and_what_is_good(check):
    assert check("vision") == HealthCheck(("a/b", "state"), ("ok", 1, True))


def test_layers_change_parts_of_it_and_null_removes_it(check):
    stricter = check("vision", "{health: {good: [best], digest: /sha, slot: crowds}}")
    assert stricter == HealthCheck(("a/b", "state"), ("best",), (("sha",),), "crowds")
    assert check("vision", "{health: null}") is None


def test_an_instance_of_a_module_inherits_it(check):
    assert check("left", "{from: vision}") == check("vision")
    assert check("left", "{from: forecaster, desired: {model: s}}").slot == "s"


def test_our_forecaster_has_a_say_by_its_image_in_any_registry(check):
    assert check("forecaster") == DEFAULT
    assert check("forecaster", "{desired: {model: other}}").slot == "other"
    assert check("forecaster", "{desired: {model: null}}").slot == ""  # it uses no model
    assert check("forecaster", "{health: {good: [Ready]}}").good == ("Ready",)
    assert check("forecaster", "{health: null}") is None
    assert check("forecaster", "{image: 'example/my-forecaster:1'}") is None
    assert check("vision", "{image: 'a/edgeops-forecaster@sha256:0', health: null}") is None


def test_nothing_is_assumed_of_other_modules(check):
    assert check("model_loader") is None


def test_it_is_not_written_to_the_device(resolution):
    with_it = resolution("{vision: {}}").fleet.devices["d"]
    without = resolution("{vision: {health: null}}").fleet.devices["d"]
    assert with_it.edge_content == without.edge_content
    assert with_it.edge_defaults == without.edge_defaults
    assert "health" not in str(with_it.edge_content)


@pytest.mark.parametrize(
    ("said", "missing"),
    [("{path: /a}", "`good`"), ("{good: [1]}", "`path`"), ("{}", "`path` and `good`")],
)
def test_half_of_it_is_a_problem_where_it_is_resolved(resolution, said, missing):
    (problem,) = resolution(f"{{model_loader: {{health: {said}}}}}").problems
    assert problem.message == f"`health` of `model_loader` needs {missing}"
    assert "Module `model_loader`" in problem.hint


def test_a_slot_that_the_device_has_no_model_in_is_a_warning(resolution):
    modules = "{model_loader: {}, vision: {health: {slot: crowd}}}"
    found = resolution(modules, "{crowds: m@1.0.0}")
    assert found.problems == ()
    (warning,) = found.warnings
    assert warning.message == (
        "`health` of `vision` is about the slot `crowd`, where the device has no model"
    )
    assert warning.hint == "name one of its slots (crowds), or none"
    assert resolution(modules).warnings == ()
