"""Release files: what a JSON Schema cannot say. The problems are in tests/examples/invalid."""

import json

import pytest

from edgeops.fleet.manifest import parse
from edgeops.source.schemas import packaged_schemas

FILE = {"name": "m.onnx", "path": "a", "size": 1, "sha256": "a" * 64}


def found(*whens):
    variants = [{"when": when, "format": "onnx", "files": [FILE]} for when in whens]
    release = {
        "apiVersion": "edgeops/v1",
        "kind": "ModelRelease",
        "metadata": {"name": "m", "version": "1.0.0"},
        "spec": {"variants": variants},
    }
    documents, problems = parse("m.yaml", json.dumps(release).encode(), packaged_schemas())
    assert documents or not all(problem.warning for problem in problems)
    return [(problem.pointer, problem.warning, problem.message) for problem in problems]


@pytest.mark.parametrize(
    "whens",
    [
        [{}],
        [{"class": "jetson"}, {}],
        [{"class": "jetson", "cuda": "12"}, {"class": "jetson"}, {"class": "rpi4"}, {}],
        [{"class": "jetson"}, {"cuda": "12"}],
    ],
)
def test_each_variant_may_be_chosen(whens):
    assert found(*whens) == []


@pytest.mark.parametrize(
    "whens",
    [
        [{}, {"class": "jetson"}],
        [{"class": "jetson"}, {"class": "jetson", "cuda": "12"}],
    ],
)
def test_a_variant_that_is_never_chosen_is_a_warning(whens):
    ((pointer, warning, message),) = found(*whens)
    assert (pointer, warning) == ("/spec/variants/1/when", True)
    assert message.startswith("this variant is never chosen: the one at m.yaml:1:")


def test_two_variants_for_the_same_devices_are_a_problem():
    ((pointer, warning, _),) = found({"class": "jetson"}, {"class": "jetson"}, {})
    assert (pointer, warning) == ("/spec/variants/1/when", False)


def test_every_variant_after_one_for_all_devices_is_told():
    assert [pointer for pointer, _, _ in found({}, {"a": "b"}, {"c": "d"})] == [
        "/spec/variants/1/when",
        "/spec/variants/2/when",
    ]
