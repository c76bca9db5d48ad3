"""The key files that a Fleet trusts are read where the Fleet is: on disk, or at a commit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeops.fleet.model import KeyFile
from edgeops.source.revision import load_revision
from edgeops.source.worktree import load_worktree

Git = Callable[..., str]
FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: demo}
spec: {hubs: {local: {}}, trust: {releases: [keys/a.pub, keys/deep/b.pub]}}
"""
A, B = "keys/a.pub", "keys/deep/b.pub"


@pytest.fixture
def trusting(committed: Path) -> Path:
    (committed / "fleet/fleet.yaml").write_text(FLEET)
    (committed / "keys/deep").mkdir(parents=True)
    (committed / A).write_bytes(b"key a")
    (committed / B).write_bytes(b"key b")
    return committed


def commit(git: Git, root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "-m", "x")


def test_keys_on_disk_and_at_a_commit(trusting: Path, git: Git) -> None:
    both = {A: KeyFile(b"key a"), B: KeyFile(b"key b")}
    assert load_worktree(trusting).keys == both
    assert load_revision(trusting, "HEAD").keys == {}  # the commit is as it was
    commit(git, trusting)
    (trusting / A).write_bytes(b"another")
    assert load_revision(trusting, "HEAD").keys == both
    assert load_worktree(trusting).keys[A] == KeyFile(b"another")


def test_a_fleet_in_a_folder_of_the_repository(trusting: Path, git: Git, tmp_path: Path) -> None:
    inner = tmp_path / "outer/inner"
    inner.mkdir(parents=True)
    for folder in ("fleet", "keys"):
        (trusting / folder).rename(inner / folder)
    git(tmp_path / "outer", "init")
    commit(git, tmp_path / "outer")
    assert load_revision(inner, "HEAD").keys == load_worktree(inner).keys
    assert load_revision(inner, "HEAD").keys[B] == KeyFile(b"key b")


def absent(file: Path) -> None:
    file.unlink()


def link(file: Path) -> None:
    file.unlink()
    file.symlink_to("deep/b.pub")


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "x").write_text("x")


def large(file: Path) -> None:
    file.write_bytes(bytes(4097))


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (absent, "does not exist"),
        (link, "is a symbolic link"),
        (folder, "is a folder, not a file"),
        (large, "at most 4,096 are allowed"),
    ],
)
def test_what_is_not_a_key_file(
    trusting: Path, git: Git, damage: Callable[[Path], None], fault: str
) -> None:
    damage(trusting / A)
    commit(git, trusting)
    for snapshot in (load_worktree(trusting), load_revision(trusting, "HEAD")):
        assert fault in snapshot.keys[A].fault
        assert snapshot.keys[A].data == b""
        assert snapshot.keys[B] == KeyFile(b"key b")


def test_a_folder_that_is_a_link_leads_nowhere(trusting: Path, git: Git, tmp_path: Path) -> None:
    (trusting / "keys").rename(tmp_path / "elsewhere")
    (trusting / "keys").symlink_to(tmp_path / "elsewhere")
    commit(git, trusting)
    for snapshot in (load_worktree(trusting), load_revision(trusting, "HEAD")):
        assert snapshot.keys[A].fault
        assert snapshot.keys[A].data == b""
