"""Bad repositories, caches, disks and plan files: what the command line says, and how it ends."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from shared_state import share_state

PREVIEW = "2 devices to create, 0 to change, 0 to delete; 0 in sync"
NO_FLEET = "hint: put manifests into fleet/, as YAML files in any layout\n"


def dry_run(repo, *args: str):
    return repo.edgeops("sync", "--dry-run", *args)


# --- git --------------------------------------------------------------------------


def test_not_a_repository(tiny_repo):
    shutil.rmtree(tiny_repo.root / ".git")
    for command in (("sync", "--dry-run"), ("status",), ("validate", "--rev", "HEAD")):
        result = tiny_repo.edgeops(*command)
        assert (result.code, result.out) == (1, "")
        assert result.err == (
            f"error: {tiny_repo.root} is not in a git repository\n"
            "hint: run `git init` and commit the manifests; `edgeops validate` works without git\n"
        )
    assert tiny_repo.edgeops("validate").out == "tiny: 2 devices, no problems\n"


def test_not_even_a_folder(tiny_repo, tmp_path, edgeops):
    result = edgeops("--repo", str(tmp_path / "none"), "validate")
    assert (result.code, result.err) == (
        1,
        f"error: {tmp_path}/none does not exist\nhint: check the path\n",
    )


def test_no_commits(empty_repo):
    empty_repo.write("fleet/fleet.yaml", "")
    result = dry_run(empty_repo)
    assert (result.code, result.err) == (
        1,
        "error: the repository has no commits yet\nhint: commit fleet/ first\n",
    )


def test_no_fleet_folder(empty_repo):
    commit = empty_repo.commit()
    result = dry_run(empty_repo)
    assert (result.code, result.err) == (
        1,
        f"error: there is no fleet/ folder in the repository at {commit[:7]}\n{NO_FLEET}",
    )
    result = empty_repo.edgeops("validate")
    assert (result.code, result.err) == (
        1,
        f"error: there is no fleet/ folder in {empty_repo.root}\n{NO_FLEET}",
    )


@pytest.mark.parametrize(
    ("rev", "error"),
    [
        ("nowhere", "unknown revision `nowhere`"),
        ("HEAD:fleet", "unknown revision `HEAD:fleet`"),
        ("a\nerror: b\x1b[31m", r"unknown revision `a\nerror: b\u001b[31m`"),
        ("\udcff", r"unknown revision `\udcff`"),
        # what git would take for an option, or for the opposite
        ("--output=stolen", "`--output=stolen` is not a revision"),
        ("-h", "`-h` is not a revision"),
        ("^HEAD", "`^HEAD` is not a revision"),
        ("", "`` is not a revision"),
    ],
)
def test_no_such_revision(tiny_repo, rev, error):
    commands = [
        ("sync", "--dry-run", f"--rev={rev}"),
        ("validate", f"--rev={rev}"),
        ("render", f"--rev={rev}"),
        ("explain", "a", f"--rev={rev}"),
        ("status", f"--rev={rev}"),
        *([("sync", "--dry-run", "--offline", f"--changed-since={rev}")] if rev else []),
    ]
    for command in commands:
        result = tiny_repo.edgeops(*command)
        assert (result.code, result.out) == (1, "")
        message, hint, remainder = result.err.split("\n", 2)
        assert (message, remainder) == (f"error: {error}", "")
        assert hint.startswith("hint: name a branch, tag or commit")
    assert not (tiny_repo.root / "stolen").exists()


def test_a_shallow_clone_has_no_old_commits(hub_repo, tmp_path, edgeops):
    old = hub_repo.git("rev-parse", "HEAD")
    hub_repo.edit("fleet/fleet.yaml", "floor: 1", "floor: 3")
    hub_repo.commit()
    clone = tmp_path / "clone"
    hub_repo.git("clone", "--quiet", "--depth=1", hub_repo.root.as_uri(), str(clone))
    share_state(clone, hub_repo.root / ".edgeops")
    assert PREVIEW in edgeops("--repo", str(clone), "sync", "--dry-run").out
    result = edgeops("--repo", str(clone), "sync", "--dry-run", "--rev", old)
    assert (result.code, result.err) == (
        1,
        f"error: unknown revision `{old}`\nhint: this clone is shallow: `git fetch --unshallow`,"
        " or `fetch-depth: 0` in a workflow\n",
    )


def test_a_worktree_and_a_sub_folder_are_as_good(hub_repo, tmp_path, edgeops):
    worktree = tmp_path / "work tree"
    hub_repo.git("worktree", "add", "--quiet", "--detach", str(worktree))
    share_state(worktree, hub_repo.root / ".edgeops")
    assert PREVIEW in edgeops("--repo", str(worktree), "sync", "--dry-run").out

    (hub_repo.root / "part").mkdir()
    hub_repo.git("mv", "fleet", "part")
    hub_repo.commit()
    part = hub_repo.root / "part"
    share_state(part, hub_repo.root / ".edgeops")
    result = edgeops("--repo", str(part / "fleet"), "sync", "--dry-run")
    assert (result.code, PREVIEW in result.out) == (0, True)


def test_a_dirty_tree_is_noted_and_not_synced(hub_repo):
    hub_repo.edit("fleet/fleet.yaml", "floor: 1", "floor: 3")
    hub_repo.write("fleet/new\nline.yaml", "")
    hub_repo.write("elsewhere.txt", "")
    result = dry_run(hub_repo)
    assert (result.code, "floor: 3" in result.out) == (0, False)
    assert result.err.startswith(
        "note: not committed, so not included in HEAD: fleet/fleet.yaml, fleet/new\\nline.yaml\n"
    )
    assert "note:" not in dry_run(hub_repo, "--quiet").err


def test_a_submodule_in_the_fleet_is_not_silently_left_out(tiny_repo, tmp_path):
    tiny_repo.git("clone", "--quiet", ".", "fleet/sub")
    tiny_repo.git("-c", "advice.addEmbeddedRepo=false", "add", "--all")
    tiny_repo.commit()
    result = dry_run(tiny_repo)
    assert result.code == 3
    assert result.err.startswith("fleet/sub:1:1: is a submodule\n")


@pytest.mark.parametrize("damage", ["", "junk"])
def test_a_damaged_clone(tiny_repo, damage):
    blob = tiny_repo.git("rev-parse", "HEAD:fleet/fleet.yaml")
    loose = tiny_repo.root / ".git/objects" / blob[:2] / blob[2:]
    loose.unlink()
    if damage:
        loose.write_text(damage)
    result = dry_run(tiny_repo)
    assert (result.code, result.err) == (
        1,
        "error: git cannot read fleet/fleet.yaml\n"
        "hint: the clone is damaged: see `git fsck`, or clone again\n",
    )


# --- the cache of the user, and .edgeops --------------------------------------------


@pytest.fixture
def cache_file():
    """Where the cache of this user is."""
    return Path(os.environ["XDG_CACHE_HOME"], "edgeops/cache.sqlite")


def junk(cache: Path) -> None:
    cache.write_bytes(b"no database " * 1000)


def folder(cache: Path) -> None:
    cache.mkdir()


def dangling(cache: Path) -> None:
    cache.symlink_to("/proc/none/cache.sqlite")


def other_table(cache: Path) -> None:
    import sqlite3

    with sqlite3.connect(cache) as db:
        db.execute("CREATE TABLE memo (other TEXT)")
    db.close()


@pytest.mark.parametrize("spoil", [junk, folder, dangling, other_table])
def test_an_unreadable_cache_is_rebuilt_or_done_without_silently(tiny_repo, cache_file, spoil):
    cache_file.parent.mkdir(parents=True)
    spoil(cache_file)
    for _ in range(2):
        result = tiny_repo.edgeops("validate")
        assert (result.code, result.out, result.err) == (0, "tiny: 2 devices, no problems\n", "")


def test_results_in_the_cache_that_make_no_sense_are_computed_again(tiny_repo, cache_file):
    import sqlite3

    assert tiny_repo.edgeops("validate").code == 0
    for value in (b"", b"junk", b"[]", b"[[[7,[],[]]],[]]", b"[[[{},[1],[[1,1]]]],[]]", "text"):
        with sqlite3.connect(cache_file) as db:
            assert db.execute("UPDATE memo SET value = ?", (value,)).rowcount > 0
        db.close()
        result = tiny_repo.edgeops("validate")
        assert (result.code, result.out, result.err) == (0, "tiny: 2 devices, no problems\n", "")


def test_a_place_for_state_that_cannot_be_written(tiny_repo):
    state = tiny_repo.root / ".edgeops"
    state.mkdir()
    (state / ".gitignore").symlink_to("/proc/none/file")
    assert tiny_repo.edgeops("validate").code == 0
    result = tiny_repo.edgeops("sync")
    assert result.code == 1
    assert result.err.startswith(f"error: cannot keep the local hub's state in {state}: ")


# --- files that are written ----------------------------------------------------------


def offline(base: str, out: Path) -> tuple[str, ...]:
    return ("sync", "--dry-run", "--offline", "--changed-since", base, "--out", str(out))


def test_a_full_disk_leaves_the_old_plan_and_nothing_else(tiny_repo, tmp_path):
    base = tiny_repo.git("rev-parse", "HEAD")
    folder = tmp_path / "out"
    folder.mkdir()
    plan = folder / "plan.json"
    plan.write_text("the old one")
    result = tiny_repo.process(
        *offline(base, plan),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        # Python would cut the bytecode of a module that is imported first here, for all tests after
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        f"error: cannot write {plan}: File too large\n"
        "hint: nothing was written; choose another path\n"
    )
    assert [(file.name, file.read_text()) for file in folder.iterdir()] == [
        ("plan.json", "the old one")
    ]


def test_a_plan_goes_into_a_pipe_and_through_a_link_and_replaces_neither(tiny_repo, tmp_path):
    base = tiny_repo.git("rev-parse", "HEAD")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert tiny_repo.edgeops(*offline(base, pipe)).code == 0
    reader.join(10)
    assert (json.loads(read[0])["kind"], pipe.is_fifo()) == ("Plan", True)

    link = tmp_path / "link"
    link.symlink_to(tmp_path / "plan.json")
    assert tiny_repo.edgeops(*offline(base, link)).code == 0
    assert (link.is_symlink(), json.loads(link.read_text())["kind"]) == (True, "Plan")


def test_a_place_that_cannot_be_written(tiny_repo, tmp_path):
    base = tiny_repo.git("rev-parse", "HEAD")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for out, why in {
        tmp_path: "Is a directory",
        tiny_repo.root / ".gitignore" / "plan.json": "Not a directory",
        tmp_path / ("n" * 300): "File name too long",
        tmp_path / "circle": "Too many levels of symbolic links",
    }.items():
        result = tiny_repo.edgeops(*offline(base, out))
        assert (result.code, result.out) == (1, "")
        assert result.err.startswith(f"error: cannot write {out}: {why}")


def test_git_itself_is_missing(tiny_repo, tmp_path):
    result = tiny_repo.process("sync", "--dry-run", env={**os.environ, "PATH": str(tmp_path)})
    assert (result.code, result.err) == (
        1,
        "error: the git command was not found\nhint: install git\n",
    )


def test_a_reader_that_goes_away_is_no_error(tiny_repo):
    process = tiny_repo.start("render", stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert err == ""
