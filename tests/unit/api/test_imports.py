"""Importing files of deployments into a repository."""

from __future__ import annotations

import json
import os
import re
import shutil

import pytest

from edgeops.api import ImportRequest, InvalidFleet, Unreadable, Workspace, import_fleet, validate
from edgeops.api.import_write import move
from edgeops.errors import EdgeOpsError, UsageError
from edgeops.fleet.model import Place
from edgeops.stamp import Stamp, encode

IMAGE = {"settings": {"image": "camera:1", "createOptions": "{}"}, "type": "docker"}


def manifest(**modules):
    agent = {
        "schemaVersion": "1.1",
        "runtime": {"type": "docker", "settings": {}},
        "systemModules": {
            "edgeAgent": {"type": "docker", "settings": {"image": "agent:1.5"}},
            "edgeHub": {"type": "docker", "settings": {"image": "hub:1.5"}},
        },
        "modules": modules,
    }
    return {"modulesContent": {"$edgeAgent": {"properties.desired": agent}}}


@pytest.fixture
def new(tmp_path):
    """An empty repository."""
    root = tmp_path / "plants"
    root.mkdir()
    return Workspace(root)


@pytest.fixture
def file(tmp_path):
    def write(name, value):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path

    return write


def left(workspace):
    return sorted(path.name for path in workspace.root.iterdir())


def test_a_manifest_becomes_a_fleet_that_is_valid(new, file):
    done = import_fleet(new, ImportRequest((file("a.json", manifest(camera=IMAGE)),), device="gw"))
    assert (done.devices, done.differences) == (1, ())
    assert done.files == (
        "fleet/devices/gw.yaml",
        "fleet/fleet.yaml",
        "fleet/modules/camera.yaml",
    )
    checked = validate(new)
    assert checked.problems == ()
    fleet = new.at(None).fleet
    assert fleet.name == "plants"
    assert re.fullmatch("[0-9a-f]{16}", fleet.uid)
    assert left(new) == ["fleet"]


def test_several_files_several_devices(new, file):
    names = ("one.json", "two.json")
    files = tuple(file(f"{n}/deployment.json", manifest(camera=IMAGE)) for n in names)
    done = import_fleet(new, ImportRequest(files))
    assert done.differences == ()
    assert sorted(new.at(None).fleet.devices) == ["edge-1", "edge-2"]
    with pytest.raises(UsageError, match="--device names the device of one file"):
        import_fleet(new, ImportRequest(files, device="gw"))


def test_the_same_file_twice_is_one_device(new, file):
    state = {"deviceId": "m", "tags": {"site": "s1"}, "properties": {"desired": {"rate": 5}}}
    path = file("m.json", state)
    done = import_fleet(new, ImportRequest((path, path), group_by="tags.site"))
    assert (done.devices, done.differences) == (1, ())


def stamped(device, uid):
    stamp = encode(Stamp("plants", None, "d", uid=uid, device=device))
    tags, desired = {"edgeops": stamp}, {"rate": 5}
    return {"deviceId": device, "tags": tags, "properties": {"desired": desired}}


def test_a_repository_that_was_lost_comes_back_with_its_identity(new, file):
    done = import_fleet(new, ImportRequest((file("m.json", stamped("m", "theirs-0001")),)))
    assert (done.devices, done.differences) == (1, ())
    (note,) = done.notes
    assert "manages these devices already; this repository takes its place" in note.text
    assert (new.at(None).fleet.name, new.at(None).fleet.uid) == ("plants", "theirs-0001")


def test_devices_of_several_repositories_are_written_and_told(new, file):
    state = [stamped("m", "theirs-0001"), stamped("n", "theirs-0002")]
    done = import_fleet(new, ImportRequest((file("m.json", state),), uid="0123456789abcdef"))
    assert (done.devices, done.differences) == (2, ())
    assert [note.text[:1] for note in done.notes] == ["m", "n"]
    for note in done.notes:
        assert "is managed by another repository, whose Fleet has the same name" in note.text


def test_devices_are_added_to_a_fleet_that_exists(new, file):
    import_fleet(new, ImportRequest((file("a.json", manifest(camera=IMAGE)),), device="a"))
    before = {p: p.read_text() for p in new.root.rglob("*.yaml")}
    other = {**IMAGE, "settings": {"image": "camera:2"}}
    done = import_fleet(new, ImportRequest((file("b.json", manifest(camera=other)),), device="b"))
    assert done.differences == ()
    assert "fleet/modules/camera-2.yaml" in done.files
    assert {p: p.read_text() for p in before} == before
    fleet = new.at(None).fleet
    images = {name: d.modules["camera"].spec["image"] for name, d in fleet.devices.items()}
    assert images == {"a": "camera:1", "b": "camera:2"}
    with pytest.raises(EdgeOpsError, match="git has each of these devices already: 1"):
        import_fleet(new, ImportRequest((file("b.json", manifest(camera=other)),), device="b"))


def test_defaults_of_a_fleet_that_exists_do_not_reach_new_devices(new, file):
    text = "apiVersion: edgeops/v1\nkind: Fleet\nmetadata: {name: mine}\n"
    text += "spec: {hubs: {local: {}}, defaults: {tags: {owner: x}, desired: {rate: 1}}}\n---\n"
    text += "apiVersion: edgeops/v1\nkind: Device\nmetadata: {name: old}\nspec: {}\n"
    (new.root / "fleet").mkdir()
    (new.root / "fleet/x.yaml").write_text(text)
    done = import_fleet(new, ImportRequest((file("b.json", manifest(camera=IMAGE)),), device="b"))
    assert done.differences == ()
    fleet = new.at(None).fleet
    assert (fleet.devices["b"].tags, fleet.devices["old"].tags) == ({}, {"owner": "x"})


def test_a_fleet_that_is_not_valid_is_left_alone(new, file):
    (new.root / "fleet").mkdir()
    text = "apiVersion: edgeops/v1\nkind: Fleet\nmetadata: {name: mine}\nspec: {hubs: 5}\n"
    (new.root / "fleet/x.yaml").write_text(text)
    with pytest.raises(InvalidFleet):
        import_fleet(new, ImportRequest((file("b.json", manifest(camera=IMAGE)),)))
    assert [path.name for path in (new.root / "fleet").iterdir()] == ["x.yaml"]


def test_what_cannot_be_read_is_told_with_its_place(new, file):
    path = file("a.json", '{\n  "modulesContent": {,}\n}')
    with pytest.raises(Unreadable) as told:
        import_fleet(new, ImportRequest((path,)))
    assert told.value.problems[0].place == Place(str(path), 2, 22)
    assert left(new) == []
    with pytest.raises(EdgeOpsError, match="cannot read the file to import"):
        import_fleet(new, ImportRequest((path.parent / "missing.json",)))


def test_secrets_are_never_written(new, file):
    value = manifest(camera={**IMAGE, "env": {"DB_PASSWORD": {"value": "winter24"}}})
    done = import_fleet(new, ImportRequest((file("a.json", value),)))
    assert list(done.secrets) == ["EDGEOPS_SECRET_CAMERA_DB_PASSWORD"]
    assert done.differences == ()
    assert "winter24" not in repr(done)
    assert not [p for p in new.root.rglob("*.yaml") if "winter24" in p.read_text()]


def test_placeholders_without_a_value_are_variables_to_fill_in(new, file):
    module = {**IMAGE, "settings": {"image": "${REGISTRY}/camera:${TAG}"}}
    path = file("deployment.template.json", manifest(camera=module))
    file(".env", "REGISTRY=reg.example\n")
    done = import_fleet(new, ImportRequest((path,)))
    assert [entry.name for entry in done.open] == ["TAG"]
    text = (new.root / "fleet/fleet.yaml").read_text()
    assert "REGISTRY: reg.example" in text


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "import needs files or a hub"),
        ({"hub": "local", "device": "a"}, "--device is for files, not for a hub"),
        ({"hub": "local", "values": {"A": "1"}}, "--set is for files, not for a hub"),
        ({"files": ("x",), "query": "1=1"}, "--query is for a hub, not for files"),
        ({"hub": "other"}, "no Fleet says how to reach the hub `other`"),
        ({"hub": "local", "fleet": "a b"}, "--name 'a b' is not a name"),
        ({"hub": "local", "group_by": "tags."}, "--group-by 'tags.' is not the path of a tag"),
    ],
)
def test_requests_that_contradict_themselves(new, request_, message):
    with pytest.raises(UsageError, match=message):
        import_fleet(new, ImportRequest(**request_))


def test_a_tag_that_no_device_has(new, file):
    twin = {"deviceId": "m", "tags": {"site": "s1"}, "properties": {"desired": {}}}
    with pytest.raises(EdgeOpsError, match=r"no device has the tag sites") as told:
        import_fleet(new, ImportRequest((file("m.json", twin),), group_by="tags.sites"))
    assert "site" in told.value.hint
    assert left(new) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(new, file):
    new.root.chmod(0o500)
    try:
        with pytest.raises(EdgeOpsError, match="cannot write in"):
            import_fleet(new, ImportRequest((file("a.json", manifest(camera=IMAGE)),)))
    finally:
        new.root.chmod(0o700)


def test_a_file_where_a_folder_belongs(new, file):
    import_fleet(new, ImportRequest((file("a.json", manifest(camera=IMAGE)),), device="a"))
    for path in (new.root / "fleet/devices").iterdir():
        path.rename(new.root / "fleet" / path.name)
    (new.root / "fleet/devices").rmdir()
    (new.root / "fleet/devices").write_text("in the way")
    before = sorted(new.root.rglob("*"))
    with pytest.raises(EdgeOpsError, match="cannot write"):
        import_fleet(new, ImportRequest((file("b.json", manifest(camera=IMAGE)),), device="b"))
    assert sorted(new.root.rglob("*")) == before


def test_an_interruption_while_files_are_moved_leaves_the_fleet_as_it_was(new, file):
    import_fleet(new, ImportRequest((file("a.json", manifest(camera=IMAGE)),), device="a"))
    before = sorted(new.root.rglob("*"))
    staged = new.root / "staged"
    (staged / "fleet").mkdir(parents=True)
    (staged / "fleet/b.yaml").write_text("")

    def interrupted():
        yield "fleet/b.yaml"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(staged, new.root, interrupted())
    shutil.rmtree(staged)
    assert sorted(new.root.rglob("*")) == before


def test_a_model_of_several_files_comes_as_it_is(new, file):
    files = [
        {"name": name, "url": f"https://h/{name}", "size": 9, "sha256": "a" * 64}
        for name in ("m.onnx", "labels/en.txt")
    ]
    signature = {"key": "60303ae22b998861", "value": "gxR9JE1mkPq0+k/Y" * 5 + "gxR9JE=="}
    model = {"name": "m", "files": files, "metadata": {"inputSize": "32"}, "signature": signature}
    described = manifest(model_loader=IMAGE)
    models = {"models": {"camera": model}}
    described["modulesContent"]["model_loader"] = {"properties.desired": models}
    done = import_fleet(new, ImportRequest((file("a.json", described),), device="gw"))
    assert (done.differences, done.secrets) == ((), {})
    assert validate(new).fleet.devices["gw"].modules["model_loader"].desired == models
