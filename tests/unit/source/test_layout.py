"""Files that look like manifests and are not read are told, on disk and in a commit alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeops.source.layout import unread_problem
from edgeops.source.revision import load_revision
from edgeops.source.worktree import load_worktree

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("fleet/pump.YAML", "rename it to pump.yaml"),
        ("fleet/a/pump.Yml", "rename it to pump.yaml"),
        ("models/m/releases/1.0.0.YAML", "rename it to 1.0.0.yaml"),
        ("fleet/valve.json", "rename it to valve.yaml: edgeops reads JSON as YAML"),
        ("fleet/valve.JSON", "rename it to valve.yaml: edgeops reads JSON as YAML"),
    ],
)
def test_a_manifest_with_another_extension_is_a_problem(path: str, hint: str) -> None:
    problem = unread_problem(path)
    assert problem is not None
    assert (problem.place.file, problem.hint, problem.warning) == (path, hint, False)


@pytest.mark.parametrize("path", ["fleet/pump.yaml.bak", "fleet/pump.yml.txt", "fleet/a.YAML.j2"])
def test_what_was_or_will_be_a_manifest_is_a_warning(path: str) -> None:
    problem = unread_problem(path)
    assert problem is not None
    assert problem.warning


@pytest.mark.parametrize(
    "path",
    [
        "fleet/README.md",
        "fleet/pump.yaml",
        "fleet/.pump.YAML",
        "fleet/.old/pump.json",
        "fleet/Makefile",
        "fleet/yaml",
        "models/m/releases/1.0.0.json",
        "models/m/model.yaml",
        "models/a.json",
        "schemas/a.json",
        "pump.YAML",
    ],
)
def test_other_files_are_silent(path: str) -> None:
    assert unread_problem(path) is None


def test_on_disk_as_in_a_commit(committed: Path, git: Callable[..., str]) -> None:
    write(committed, "fleet/pump.YAML", "a: 1\n")
    write(committed, "fleet/valve.yaml.bak", "a: 1\n")
    write(committed, "fleet/lfs.yaml", POINTER)
    write(committed, "schemas/lfs.json", POINTER)
    git(committed, "add", ".")
    git(committed, "commit", "-m", "x")
    on_disk, in_commit = load_worktree(committed), load_revision(committed, "HEAD")
    assert [(problem.place.file, problem.message) for problem in on_disk.problems] == [
        ("fleet/lfs.yaml", "is a pointer of Git LFS, not the file itself"),
        ("fleet/pump.YAML", "is not read: it ends in .YAML"),
        ("schemas/lfs.json", "is a pointer of Git LFS, not the file itself"),
    ]
    assert [warning.place.file for warning in on_disk.warnings] == ["fleet/valve.yaml.bak"]
    assert (on_disk.problems, on_disk.warnings) == (in_commit.problems, in_commit.warnings)


def test_a_submodule_on_disk_is_a_problem_as_in_a_commit(fleet: Path) -> None:
    write(fleet, "fleet/site/.git", "gitdir: ../../.git/modules/site\n")
    write(fleet, "fleet/site/pump.yaml", "a: 1\n")
    (problem,) = load_worktree(fleet).problems
    assert (problem.place.file, problem.message) == ("fleet/site", "is a submodule")
