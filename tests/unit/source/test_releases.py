"""Release files without a fleet."""

import pytest

from edgeops.source.releases import load_releases

TEXT = """\
apiVersion: edgeops/v1
kind: ModelRelease
metadata: {{name: {0}, version: {1}}}
spec: {{path: {0}/m.onnx, fileName: m.onnx, size: 1, sha256: {2}, md5: {3}, format: onnx}}
"""


def write(root, name, version, text=TEXT):
    file = root / "models" / name / "releases" / f"{version}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text.format(name, version, "a" * 64, "b" * 32))


def test_every_release_file_on_disk(tmp_path):
    write(tmp_path, "a", "1.0.0")
    write(tmp_path, "a", "1.1.0")
    write(tmp_path, "b", "1.0.0")
    (tmp_path / "models/a/releases/m.onnx").write_bytes(b"no manifest")
    (tmp_path / "models/a/model.yaml").write_text("kind: Model")
    loaded = load_releases(tmp_path)
    assert (sorted(loaded.releases), loaded.problems) == (["a@1.0.0", "a@1.1.0", "b@1.0.0"], ())
    assert [release.version for release in loaded.of("a")] == ["1.0.0", "1.1.0"]
    assert loaded.file("b@1.0.0") == tmp_path / "models/b/releases/1.0.0.yaml"
    ((part, copy),) = loaded.copies("b@1.0.0")
    assert (part.name, copy) == ("m.onnx", tmp_path / "models/b/releases/m.onnx")


def test_broken_files_and_links_are_problems(tmp_path):
    write(tmp_path, "a", "1.0.0")
    write(tmp_path, "a", "2.0.0", "kind: [")
    (tmp_path / "models/a/releases/3.0.0.yaml").symlink_to("1.0.0.yaml")
    loaded = load_releases(tmp_path)
    assert list(loaded.releases) == ["a@1.0.0"]
    assert [problem.place.file for problem in loaded.problems] == [
        "models/a/releases/2.0.0.yaml",
        "models/a/releases/3.0.0.yaml",
    ]


@pytest.mark.parametrize("link", ["models", "models/a", "models/a/releases"])
def test_release_files_that_are_elsewhere_are_not_read(tmp_path, link):
    write(tmp_path / "elsewhere", "a", "1.0.0")
    root = tmp_path / "root"
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(tmp_path / "elsewhere" / link)
    loaded = load_releases(root)
    assert loaded.releases == {}
    assert [problem.message for problem in loaded.problems] == [
        f"cannot be read: {link} is a symbolic link"
    ]


def test_a_repository_without_releases(tmp_path):
    assert load_releases(tmp_path).releases == {}
