"""Model files are checked against their schema, without being part of the desired state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeops.fleet.resolve import resolve
from edgeops.source.cache import Cache
from edgeops.source.revision import load_revision
from edgeops.source.worktree import load_worktree

OURS = Path(__file__).parents[3] / "models/crowdedness-24h/model.yaml"
FILE = "models/crowdedness-24h/model.yaml"


def write_model(root: Path, text: str) -> None:
    (root / FILE).parent.mkdir(parents=True, exist_ok=True)
    (root / FILE).write_text(text)


@pytest.mark.parametrize(
    ("old", "new", "pointer", "message"),
    [
        ("spec:\n", "spec:\n  colour: red\n", "/spec/colour", "unknown key `colour`"),
        ("kind: Model\n", "kind: Modle\n", "/kind", "unknown kind `Modle`"),
        ("name: crowdedness-24h", "name: other", "/metadata/name", "is `other`"),
        ("spec:\n", "spec: [\n", "", "is not YAML"),
    ],
)
def test_a_wrong_model_file_is_told_with_its_place(
    fleet: Path, tmp_path: Path, old: str, new: str, pointer: str, message: str
) -> None:
    text = OURS.read_text()
    assert old in text
    write_model(fleet, text.replace(old, new, 1))
    for _ in range(2):  # the second time from the cache
        with Cache(tmp_path / "cache") as cache:
            snapshot = load_worktree(fleet, cache)
        (problem,) = snapshot.model_problems
        assert (problem.place.file, problem.pointer) == (FILE, pointer)
        assert problem.place.line > 1
        assert problem.message.startswith(message)
    assert resolve(snapshot).problems == ()


@pytest.mark.parametrize("text", ["", "# later\n"])
def test_an_empty_model_file_is_a_problem(fleet: Path, text: str) -> None:
    write_model(fleet, text)
    (problem,) = load_worktree(fleet).model_problems
    assert problem.message == "has 0 YAML documents; a model file must have one"


def test_a_link_is_a_problem_of_the_model_only(fleet: Path) -> None:
    (fleet / FILE).parent.mkdir(parents=True)
    (fleet / FILE).symlink_to(OURS)
    snapshot = load_worktree(fleet)
    assert [problem.message for problem in snapshot.model_problems] == ["is a symbolic link"]
    assert snapshot.problems == ()


def test_ours_are_good_on_disk_and_in_a_commit(committed: Path, git: Callable[..., str]) -> None:
    write_model(committed, OURS.read_text())
    git(committed, "add", ".")
    git(committed, "commit", "-m", "x")
    assert load_worktree(committed).model_problems == ()
    assert load_revision(committed, "HEAD").model_problems == ()
    write_model(committed, "{}")
    git(committed, "commit", "-am", "x")
    in_commit = load_revision(committed, "HEAD").model_problems
    assert in_commit == load_worktree(committed).model_problems != ()
