"""What is wrong with the name of an image."""

import pytest

from edgeops.fleet.image import image_fault
from edgeops.fleet.manifest import parse
from edgeops.fleet.resolve import resolve
from edgeops.source.schemas import packaged_schemas

HEAD = "apiVersion: edgeops/v1\nkind: Module\nmetadata: {name: x}\nspec: "
GOOD = [
    "registry.example/x:1.0",
    "localhost:5000/x:1.0",
    "x@sha256:abc",
    "registry.example:443/a/x:latest@sha256:abc",
    "$upstream:443/azureiotedge-agent:1.5",
    "$upstream:8000/x:1",
]


@pytest.mark.parametrize("image", GOOD)
def test_a_version_or_digest_is_good(image):
    assert image_fault(image) is None


@pytest.mark.parametrize("image", [*GOOD, "${registry}/x:${tag}", "https://registry.example/x:1"])
def test_the_schema_leaves_judging_to_the_check(image):
    assert parse("a.yaml", f"{HEAD}{{image: '{image}'}}".encode(), packaged_schemas())[1] == ()


@pytest.mark.parametrize("image", ["x", "registry.example/x", "registry.example:443/x"])
def test_without_tag_or_digest(image):
    fault = image_fault(image)
    assert fault.warning
    assert fault.message.startswith(f"`{image}` has neither tag nor digest")


def test_the_tag_latest():
    assert image_fault("registry.example/x:latest").warning


@pytest.mark.parametrize("scheme", ["https", "http", "docker"])
def test_a_scheme_is_a_problem(scheme):
    fault = image_fault(f"{scheme}://registry.example/x:1")
    assert not fault.warning
    assert fault.hint == "write registry.example/x:1"


def test_faults_are_told_once_where_the_image_is_set(snapshot_of):
    devices = (
        "kind: DeviceSet\nmetadata: {name: s}\nspec:\n"
        "  template: {spec: {edge: true, modules: {m: {}}}}\n  devices: [{name: a}, {name: b}]\n"
    )
    module = "kind: Module\nmetadata: {name: m}\nspec:\n  image: registry.example/m\n"
    fleet = (
        "kind: Fleet\nmetadata: {name: f}\n"
        "spec: {hubs: {local: {}}, defaults: {edge: {agentImage: 'https://x/agent:1.5'}}}\n"
    )
    found = resolve(snapshot_of({"f.yaml": fleet, "m.yaml": module, "s.yaml": devices}))
    assert [(str(p.place), p.pointer) for p in found.warnings] == [("m.yaml:4:3", "/spec/image")]
    (problem,) = found.problems
    assert (str(problem.place), problem.pointer) == (
        "f.yaml:3:45",
        "/spec/defaults/edge/agentImage",
    )
