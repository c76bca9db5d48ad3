"""The fleet at a git revision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.source.cache import Cache
from edgeops.source.revision import load_revision, resolve_commit, uncommitted
from edgeops.source.worktree import load_worktree

Git = Callable[..., str]
DEVICE = "apiVersion: edgeops/v1\nkind: Device\nmetadata: {name: d1}\nspec: {}\n"


def error(call: Callable[[], object]) -> str:
    with pytest.raises(EdgeOpsError) as caught:
        call()
    assert caught.value.hint
    return caught.value.message


def test_a_commit_gives_what_the_working_tree_gave(committed: Path, git: Git) -> None:
    snapshot, tree = load_revision(committed, "HEAD"), load_worktree(committed)
    assert snapshot.commit == git(committed, "rev-parse", "HEAD")
    assert snapshot.documents == tree.documents
    assert snapshot.schemas == tree.schemas
    assert not snapshot.problems


def test_the_working_tree_plays_no_part(committed: Path) -> None:
    (committed / "fleet" / "fleet.yaml").write_text("{broken")
    (committed / "schemas" / "modules" / "m.json").unlink()
    snapshot = load_revision(committed, "HEAD")
    assert len(snapshot.documents) == 2
    assert list(snapshot.schemas) == ["schemas/modules/m.json"]


def test_any_revision(committed: Path, git: Git) -> None:
    git(committed, "tag", "-a", "v1", "-m", "x")
    (committed / "fleet" / "devices" / "d1.yaml").unlink()
    git(committed, "commit", "-am", "second")
    assert len(load_revision(committed, "HEAD").documents) == 1
    first = resolve_commit(committed, "HEAD~1")
    for rev in ("v1", "HEAD~1", first, first[:8]):
        assert load_revision(committed, rev).commit == first


def test_three_dots_are_where_the_branch_left(committed: Path, git: Git) -> None:
    left = resolve_commit(committed, "HEAD")
    git(committed, "branch", "trunk")
    for branch in ("trunk", "work"):
        git(committed, "checkout", "-B", branch, left)
        git(committed, "commit", "--allow-empty", "-m", branch)
    assert resolve_commit(committed, "trunk...") == left
    assert resolve_commit(committed, "work...") == resolve_commit(committed, "HEAD")
    assert error(lambda: resolve_commit(committed, "nowhere...")) == "unknown revision `nowhere`"
    git(committed, "checkout", "--orphan", "other")
    git(committed, "commit", "-m", "x")
    message = error(lambda: resolve_commit(committed, "work..."))
    assert message == "HEAD and `work` have no commit in common"


def test_a_cache_serves_commits_and_the_working_tree_alike(committed: Path) -> None:
    class Counting(Cache):
        puts = 0

        def put(self, key: str, value: bytes) -> None:
            self.puts += key.startswith("file/")
            super().put(key, value)

    with Counting(committed / ".edgeops") as cache:
        fresh = load_revision(committed, "HEAD", cache)
        assert cache.puts == 3
        assert load_worktree(committed, cache).documents == fresh.documents
        assert cache.puts == 3


def test_paths_with_spaces_and_other_letters(committed: Path, git: Git) -> None:
    folder = committed / "fleet" / "Tāmaki Makaurau"
    folder.mkdir()
    (folder / 'queen "street".yaml').write_text(DEVICE)
    assert uncommitted(committed) == ('fleet/Tāmaki Makaurau/queen "street".yaml',)
    git(committed, "add", ".")
    git(committed, "commit", "-m", "x")
    assert load_revision(committed, "HEAD").documents[0].file.startswith("fleet/Tāmaki Makaurau/")


def test_the_root_may_be_a_folder_of_the_repository(fleet: Path, git: Git) -> None:
    top = fleet.parent
    git(top, "init")
    git(top, "add", "repo")
    git(top, "commit", "-m", "x")
    snapshot = load_revision(fleet, "HEAD")
    assert [d.file for d in snapshot.documents] == ["fleet/devices/d1.yaml", "fleet/fleet.yaml"]
    (fleet / "fleet" / "new.yaml").write_text(DEVICE)
    (top / "fleet").mkdir()
    (top / "fleet" / "not-ours.yaml").write_text(DEVICE)
    assert uncommitted(fleet) == ("fleet/new.yaml",)


def test_worktrees_and_shallow_clones(committed: Path, git: Git, tmp_path: Path) -> None:
    first = resolve_commit(committed, "HEAD")
    git(committed, "commit", "--allow-empty", "-m", "second")
    git(committed, "worktree", "add", str(tmp_path / "tree"), "HEAD~1")
    assert load_revision(tmp_path / "tree", "HEAD").commit == first
    git(tmp_path, "clone", "--depth", "1", committed.as_uri(), "shallow")
    shallow = tmp_path / "shallow"
    assert len(load_revision(shallow, "HEAD").documents) == 2
    with pytest.raises(EdgeOpsError, match="unknown revision") as caught:
        load_revision(shallow, first)
    assert "shallow" in caught.value.hint
    assert "fetch-depth: 0" in caught.value.hint


def test_uncommitted_changes_of_every_sort(committed: Path, git: Git) -> None:
    assert uncommitted(committed) == ()
    (committed / "README.md").write_text("edgeops does not read it")
    (committed / "fleet" / "fleet.yaml").write_text("changed")
    (committed / "fleet" / "untracked.yaml").write_text("new")
    git(committed, "mv", "fleet/devices/d1.yaml", "fleet/devices/d2.yaml")
    assert uncommitted(committed) == (
        "fleet/devices/d1.yaml",
        "fleet/devices/d2.yaml",
        "fleet/fleet.yaml",
        "fleet/untracked.yaml",
    )


def test_links_huge_files_and_submodules_are_refused(committed: Path, git: Git) -> None:
    (committed / "fleet" / "link.yaml").symlink_to("fleet.yaml")
    (committed / "fleet" / "folder").symlink_to("/etc")
    with (committed / "fleet" / "huge.yaml").open("wb") as file:
        file.truncate(5_000_000)
    git(committed, "add", ".")
    git(committed, "commit", "-m", "x")
    assert [(p.place.file, p.message) for p in load_revision(committed, "HEAD").problems] == [
        ("fleet/folder", "is a symbolic link"),
        ("fleet/huge.yaml", "is 5,000,000 bytes; a file can have at most 1,048,576"),
        ("fleet/link.yaml", "is a symbolic link"),
    ]


@pytest.mark.parametrize(
    "name", [".edgeops", ".EdgeOps", ".edge\u200cops", ".edgeop\u017f"], ids=ascii
)
@pytest.mark.parametrize("form", ["folder", "file", "link", "submodule"])
def test_committed_local_state_is_refused(
    committed: Path, commit_state: Callable[[str, str], None], name: str, form: str
) -> None:
    commit_state(name, form)
    message = error(lambda: load_revision(committed, "HEAD"))
    assert message.startswith(f"{name!a} is committed at ")


def test_files_that_only_look_like_local_state_are_fine(committed: Path, git: Git) -> None:
    (committed / "part").mkdir()
    for name in (".edgeopsx", "edgeops", ".edgeops.yaml", "part/.edgeops"):
        (committed / name).write_text("")
    git(committed, "add", "-f", ".")
    git(committed, "commit", "-m", "x")
    assert load_revision(committed, "HEAD").documents


def test_not_a_repository(fleet: Path) -> None:
    assert error(lambda: load_revision(fleet, "HEAD")) == f"{fleet} is not in a git repository"
    assert error(lambda: uncommitted(fleet)) == f"{fleet} is not in a git repository"


def test_no_commits_yet(fleet: Path, git: Git) -> None:
    git(fleet, "init")
    assert error(lambda: load_revision(fleet, "HEAD")) == "the repository has no commits yet"


@pytest.mark.parametrize("rev", ["nowhere", "HEAD~9", "HEAD:fleet", "deadbeef", "a b"])
def test_an_unknown_revision(committed: Path, rev: str) -> None:
    assert error(lambda: load_revision(committed, rev)) == f"unknown revision `{rev}`"


@pytest.mark.parametrize("rev", ["--all", "--output=x", "^HEAD", ""])
def test_an_option_or_a_range_is_not_a_revision(committed: Path, rev: str) -> None:
    assert error(lambda: resolve_commit(committed, rev)) == f"`{rev}` is not a revision"


def test_no_fleet_at_that_commit(committed: Path, git: Git) -> None:
    git(committed, "rm", "-r", "fleet", "schemas")
    git(committed, "commit", "-m", "gone")
    assert error(lambda: load_revision(committed, "HEAD")).startswith(
        "there is no fleet/ folder in"
    )
    inner = committed / "inner"
    inner.mkdir()
    assert error(lambda: load_revision(inner, "HEAD")).startswith("there is no fleet/ folder in")
