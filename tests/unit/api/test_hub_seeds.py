"""Seed files of the local hub: what is wrong is told with its place, and nothing is written."""

from __future__ import annotations

import json

import pytest

from edgeops.api.hub_devices import HubIdentity, create_device, delete_device, list_devices
from edgeops.api.hub_seeds import Seeded, read_seed, seed
from edgeops.api.workspace import InvalidFleet
from edgeops.errors import EdgeOpsError, UsageError


@pytest.fixture
def file(tmp_path):
    return tmp_path / "devices.yaml"


def problems(file, text):
    file.write_text(text)
    with pytest.raises(InvalidFleet) as caught:
        read_seed(file)
    assert all(problem.place.file == str(file) for problem in caught.value.problems)
    return [
        (problem.place.line, problem.pointer, problem.message) for problem in caught.value.problems
    ]


def test_yaml_and_json_are_read(file):
    document = {"devices": {"d1": {"edge": False, "tags": {"a": [1, {"b": "x"}]}, "modules": {}}}}
    file.write_text(json.dumps(document, indent=2))
    assert read_seed(file).value == document
    file.write_text("devices: {d1: {edge: false, tags: {a: [1, {b: x}]}, modules: {}}}\n")
    assert read_seed(file).value == document


@pytest.mark.parametrize(
    ("text", "line", "pointer", "message"),
    [
        ("devices: [d1]", 1, "/devices", "is a list; it must be an object"),
        ("devices:\n  d1:\n    desird: {}", 3, "/devices/d1/desird", "unknown key `desird`"),
        ("devices:\n  d1:\n    edge: yes", 3, "/devices/d1/edge", "is the text `yes`; it must be"),
        ("devices:\n  d1:\n    status: on", 3, "/devices/d1/status", "is `on`; it must be enabled"),
        ("devices:\n  a b: {}", 2, "/devices/a b", "the key `a b` is not valid as device id"),
        (
            "devices:\n  d1:\n    modules:\n      $edgeHub: {}",
            4,
            "/devices/d1/modules/$edgeHub",
            "the key `$edgeHub` is not valid as module id",
        ),
        (
            "devices:\n  d1:\n    tags:\n      a: {b.c: 1}",
            4,
            "/devices/d1/tags/a/b.c",
            "key contains '.'",
        ),
        (
            "devices:\n  d1:\n    modules:\n      m:\n        desired: {a: [null]}",
            5,
            "/devices/d1/modules/m/desired/a/0",
            "is null inside an array",
        ),
        ("device: {}", 1, "", "needs `devices`"),
        ("devices:\n  d1: {}\n  d1: {}", 3, "/devices/d1", "duplicate key"),
        ("devices:\n\td1: {}", 2, "", "is not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(file, text, line, pointer, message):
    found = problems(file, text)
    told = [(at, where) for at, where, words in found if message in words]
    assert told == [(line, pointer)], found


def test_what_is_no_seed_file_is_told(file, tmp_path):
    with pytest.raises(UsageError, match="is a folder") as caught:
        read_seed(tmp_path)
    assert "edgeops sync" in caught.value.hint
    with pytest.raises(EdgeOpsError, match="cannot read the seed file"):
        read_seed(file)
    for text in ("", "devices: {}\n---\ndevices: {}\n"):
        file.write_text(text)
        with pytest.raises(UsageError, match="YAML documents; a seed file has one"):
            read_seed(file)


def test_a_fleet_of_its_own_is_seeded_and_changed_by_hand(with_hub, file):
    file.write_text("devices:\n  g1:\n    edge: true\n    modules: {camera: {desired: {fps: 5}}}\n")
    assert seed(with_hub, file) == Seeded(created=2, changed=0, unchanged=0)
    assert seed(with_hub, file) == Seeded(created=0, changed=0, unchanged=2)

    assert ";DeviceId=d1;SharedAccessKey=" in create_device(with_hub, "d1", status="disabled")
    assert ";ModuleId=m1;" in create_device(with_hub, "g1", module="m1")
    delete_device(with_hub, "g1", module="camera")
    assert list_devices(with_hub) == [
        HubIdentity("d1", "", "disabled", edge=False, connected=False),
        *(
            HubIdentity("g1", module, "enabled", edge=True, connected=False)
            for module in ("", "$edgeAgent", "$edgeHub", "m1")
        ),
    ]
    delete_device(with_hub, "g1")
    assert [one.device for one in list_devices(with_hub)] == ["d1"]


def test_what_the_hub_refuses_is_told_with_its_place_too(with_hub, file):
    modules = ", ".join(f"m{number}: {{}}" for number in range(51))
    file.write_text(f"devices:\n  d1: {{}}\n  d2:\n    modules: {{{modules}}}\n")
    with pytest.raises(InvalidFleet) as caught:
        seed(with_hub, file)
    [problem] = caught.value.problems
    assert (problem.place.line, problem.pointer) == (4, "/devices/d2/modules/m50")
    assert "can have at most 50 modules" in problem.message
    assert list_devices(with_hub) == []


def test_what_the_hub_does_not_do_by_hand_is_told(with_hub):
    create_device(with_hub, "d1")
    with pytest.raises(EdgeOpsError, match="'d1' is already registered") as caught:
        create_device(with_hub, "d1")
    assert "connection-string --device d1" in caught.value.hint
    with pytest.raises(EdgeOpsError, match="Device nobody not registered"):
        delete_device(with_hub, "nobody")
    with pytest.raises(EdgeOpsError, match="Device nobody not registered"):
        create_device(with_hub, "nobody", module="m")
    with pytest.raises(EdgeOpsError, match="An id has 1 to 128"):
        create_device(with_hub, "a b")
    with pytest.raises(UsageError, match="are for devices, not for modules"):
        create_device(with_hub, "d1", module="m", edge=True)
