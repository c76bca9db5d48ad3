"""Releases of several files and with variants: whether they are as published, and where they are."""

import json

import pytest

from edgeops.api import list_releases, validate, verify
from edgeops.api.hubs import seed_artifacts
from edgeops.artifacts.verify import Found
from edgeops.digest import digest_of

CONTENT = {"model.onnx": b"weights", "labels/en.txt": b"cat\ndog\n"}


def entry(name, content, **more):
    digest = digest_of([content])
    path = more.get("path", f"inspection/1.0.0/{name}")
    return {"name": name, "path": path, "size": digest.size, "sha256": digest.sha256}


def write(root, spec, version="1.0.0"):
    folder = root / "models/inspection/releases"
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {
        "apiVersion": "edgeops/v1",
        "kind": "ModelRelease",
        "metadata": {"name": "inspection", "version": version},
        "spec": spec,
    }
    (folder / f"{version}.yaml").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def folder(root):
    """A release of two files, with copies in git."""
    files = [entry(name, content) for name, content in CONTENT.items()]
    folder = write(root, {"format": "onnx", "files": files})
    for name, content in CONTENT.items():
        copy = folder / "1.0.0" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    return folder


def test_every_file_is_checked_by_its_name(folder, workspace):
    (row,) = verify(workspace)
    assert row.good
    assert [(check.file, check.place, check.found) for check in row.checks] == [
        ("model.onnx", "git", Found.SAME),
        ("model.onnx", "store", Found.ABSENT),
        ("labels/en.txt", "git", Found.SAME),
        ("labels/en.txt", "store", Found.ABSENT),
    ]
    (folder / "1.0.0/labels/en.txt").write_bytes(b"dog\ncat\n")
    (row,) = verify(workspace)
    changed = [(check.file, check.place) for check in row.checks if check.found is Found.CHANGED]
    assert (row.good, changed) == (False, [("labels/en.txt", "git")])


def test_one_file_that_is_nowhere_is_not_what_was_published(folder, workspace):
    (folder / "1.0.0/labels/en.txt").unlink()
    (row,) = verify(workspace)
    assert not row.good


def test_the_local_hub_serves_every_file(folder, workspace):
    seed_artifacts(workspace)
    served = workspace.state / "artifacts/inspection/1.0.0"
    assert {name: (served / name).read_bytes() for name in CONTENT} == CONTENT
    (row,) = verify(workspace)
    assert {check.found for check in row.checks} == {Found.SAME}


def test_files_of_variants_with_one_name_are_told_apart_by_their_paths(root, workspace):
    variants = [
        {"when": {"class": "a"}, "format": "x", "files": [entry("m", b"a", path="i/a/m")]},
        {"when": {}, "format": "x", "files": [entry("m", b"b", path="i/b/m"), entry("n", b"n")]},
    ]
    write(root, {"variants": variants}, "2.0.0")
    (row,) = verify(workspace)
    assert {check.file for check in row.checks} == {"i/a/m", "i/b/m", "n"}
    (listed,) = list_releases(workspace)
    assert listed.release.reference == "inspection@2.0.0"


def test_validate_finds_a_device_that_no_variant_fits(root, workspace):
    variants = [{"when": {"ring": "canary"}, "format": "x", "files": [entry("m", b"a")]}]
    write(root, {"variants": variants})
    fleet = root / "fleet/fleet.yaml"
    loader = 'kind: Module\nmetadata: {name: model_loader}\nspec: {image: "loader:1"}\n'
    text = fleet.read_text().replace(
        "desired: {interval: 60}}",
        "modules: {model_loader: {}}, models: {camera: inspection@1.0.0}}",
    )
    fleet.write_text(f"{text}---\napiVersion: edgeops/v1\n{loader}")
    (problem,) = validate(workspace).problems
    assert problem.pointer == "/spec/models/camera"
    assert problem.message.startswith(
        "no variant of `inspection@1.0.0` fits: the device is without"
    )
    assert problem.message.endswith("(device a)")
