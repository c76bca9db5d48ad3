"""Several files, the name of a device, and values in `.env` files."""

from __future__ import annotations

import json

import pytest

from edgeops.adopt.read_file import ImportFile, device_name, dotenv_values, read_files

from .conftest import agent

MANIFEST = {"modulesContent": {"$edgeAgent": {"properties.desired": agent()}}}
TWIN = {"deviceId": "gateway", "tags": {"site": "north"}}


def files(**values: object) -> list[ImportFile]:
    return [
        ImportFile(f"{name}.json", json.dumps(value).encode()) for name, value in values.items()
    ]


def test_files_complete_each_other():
    found = read_files(files(gateway=MANIFEST, twins=[TWIN]))
    (device,) = found.devices
    assert device.tags == {"site": "north"}
    assert "$edgeAgent" in device.modules
    assert not found.problems


def test_a_file_that_cannot_be_read_leaves_the_others():
    broken = ImportFile("broken.json", b"{")
    found = read_files([broken, *files(gateway=MANIFEST)])
    assert [str(problem.place) for problem in found.problems] == ["broken.json:1:2"]
    assert len(found.devices) == 1


def test_two_files_that_describe_one_device_differently_are_a_problem():
    other = {"modulesContent": {"$edgeAgent": {"properties.desired": {"systemModules": {}}}}}
    one, two = files(gateway=MANIFEST, copy=other)
    found = read_files([one, ImportFile(two.name, two.data, device="gateway")])
    (problem,) = found.problems
    assert str(problem.place) == "copy.json:1:2"
    assert problem.message == (
        "describes the device `gateway` otherwise than gateway.json:1:2: the module `$edgeAgent`"
    )


def test_the_same_said_twice_is_not_a_problem():
    found = read_files(files(gateway=MANIFEST, twin=TWIN, again=[TWIN]))
    assert len(found.devices) == 1
    assert not found.problems


def test_ids_that_differ_in_case_only_are_a_problem():
    found = read_files(files(a=TWIN, b={**TWIN, "deviceId": "Gateway"}))
    assert [problem.message for problem in found.problems] == [
        "the device `Gateway` differs from `gateway` in case only"
    ]


def test_manifests_without_a_name_stay_apart():
    found = read_files(files(deployment=MANIFEST, manifest=MANIFEST))
    assert [device.id for device in found.devices] == [None, None]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("fleet/gateway-7.json", "gateway-7"),
        (r"fleet\gateway-7.template.json", "gateway-7"),
        ("press-1.debug.template.json", "press-1"),
        ("Press 1.amd64.json", None),
        ("deployment.prod.template.json", None),
        ("layered_deployment.json", None),
        ("deployment.arm32v7.json", None),
        ("deployment.json", None),
        ("deployment.debug.template.json", None),
        ("edge-deployment.json", None),
        ("two words.json", None),
    ],
)
def test_the_name_of_a_device(file, name):
    assert device_name(file) == name


def test_values_of_dotenv_files():
    text = "\ufeff# comment\nA=1\nexport B = \"two words\" \nC=\n\nD='x=y'\nE=a#b # c\nF=#\nnone\n"
    assert dotenv_values(text) == {
        "A": "1",
        "B": "two words",
        "C": "",
        "D": "x=y",
        "E": "a#b",
        "F": "",
    }
