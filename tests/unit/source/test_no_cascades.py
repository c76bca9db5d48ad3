"""One mistake is one problem, though many manifests refer to what it breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeops.fleet.resolve import resolve
from edgeops.source.worktree import load_worktree

HEAD = "apiVersion: edgeops/v1\n"
FILES = {
    "fleet/fleet.yaml": "kind: Fleet\nmetadata: {name: f}\nspec: {hubs: {local: {}}}\n",
    "fleet/camera.yaml": "kind: Module\nmetadata: {name: camera}\n"
    "spec: {image: 'r/c:1', schema: schemas/camera.json,"
    " desired: {model: slot, context: [events]}}\n",
    "fleet/events.yaml": "kind: Context\nmetadata: {name: concerts}\n"
    "spec: {names: [concert], events: []}\n",
    "fleet/loader.yaml": "kind: Module\nmetadata: {name: model_loader}\nspec: {image: 'r/l:1'}\n",
    "fleet/group.yaml": "kind: Group\nmetadata: {name: g}\nspec: {selector: {matchLabels: {a: b}},"
    " modules: {model_loader: {}}, models: {slot: m@1.0.0}, contexts: {events: concerts}}\n",
    "fleet/set.yaml": "kind: DeviceSet\nmetadata: {name: s}\nspec:\n"
    "  template: {labels: {a: b}, spec: {edge: true, modules: {camera: {desired: {fps: 5}}}}}\n"
    "  devices: [{name: s1}, {name: s2}]\n",
    **{
        f"fleet/d{number}.yaml": f"kind: Device\nmetadata: {{name: d{number}, labels: {{a: b}}}}\n"
        "spec: {edge: true, modules: {camera: {desired: {fps: 3}}}}\n"
        for number in range(3)
    },
    "models/m/releases/1.0.0.yaml": "kind: ModelRelease\nmetadata: {name: m, version: 1.0.0}\n"
    f"spec: {{path: a, fileName: a, size: 9, sha256: {'a' * 64}, md5: {'b' * 32}, format: onnx,"
    " context: {events: [concert]}}\n",
}
CAMERA, RELEASE = "fleet/camera.yaml", "models/m/releases/1.0.0.yaml"


def found_in(root: Path, file: str, old: str, new: str) -> list[str]:
    for name, text in FILES.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text((HEAD + text).replace(old, new, 1) if name == file else HEAD + text)
    (root / "schemas").mkdir()
    (root / "schemas/camera.json").write_text('{"properties": {"fps": {"type": "integer"}}}')
    if file == "schemas/camera.json":
        (root / file).write_text(new)
    resolution = resolve(load_worktree(root), local_artifacts_url="https://localhost/a")
    return [str(problem.place) for problem in (*resolution.problems, *resolution.warnings)]


@pytest.mark.parametrize("file", FILES)
def test_a_key_that_is_not_known(tmp_path: Path, file: str) -> None:
    assert found_in(tmp_path, file, "spec:", "sepc: 5\nspec:") == [f"{file}:4:1"]


@pytest.mark.parametrize("file", FILES)
def test_a_typing_error_in_the_kind(tmp_path: Path, file: str) -> None:
    assert found_in(tmp_path, file, "kind: ", "kind: x") == [f"{file}:2:1"]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("broken", ["spec: : ", "a: b: c\nspec:", "spec: [\nx:", "spec: \x01"])
def test_a_file_that_is_not_yaml(tmp_path: Path, file: str, broken: str) -> None:
    (only,) = found_in(tmp_path, file, "spec:", broken)
    assert only.startswith(f"{file}:")


@pytest.mark.parametrize("name", ["[camera]", "5", "{a: b}", "null"])
def test_a_name_that_is_not_text(tmp_path: Path, name: str) -> None:
    assert found_in(tmp_path, CAMERA, "name: camera", f"name: {name}") == [f"{CAMERA}:3:12"]


def test_a_release_whose_version_is_a_number(tmp_path: Path) -> None:
    assert found_in(tmp_path, RELEASE, "version: 1.0.0", "version: 1.5") == [f"{RELEASE}:3:21"]


@pytest.mark.parametrize("text", ["{", '{"type": "objct"}', "[]"])
def test_a_schema_that_is_broken(tmp_path: Path, text: str) -> None:
    (only,) = found_in(tmp_path, "schemas/camera.json", "", text)
    assert only.startswith("schemas/camera.json:")


def test_a_name_that_nothing_broken_could_define_is_still_a_problem(tmp_path: Path) -> None:
    found = found_in(tmp_path, "fleet/d0.yaml", "camera:", "camrea:")
    assert found == ["fleet/d0.yaml:4:30"]
    (tmp_path / CAMERA).write_text(HEAD + FILES[CAMERA].replace("spec:", "spec: : "))
    resolution = resolve(load_worktree(tmp_path), local_artifacts_url="https://localhost/a")
    places = [str(problem.place) for problem in resolution.problems]
    assert places == ["fleet/camera.yaml:4:7", "fleet/d0.yaml:4:30"]
