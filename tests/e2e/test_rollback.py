"""The way back: a commit with the fleet as it was, its plan, and the hub that follows."""

import subprocess

import pytest

SLOW, FAST = "interval: 60", "interval: 30"


def state(repo):
    """The branch, its commit, and what is not committed."""
    return (
        repo.git("symbolic-ref", "HEAD"),
        repo.git("rev-parse", "HEAD"),
        repo.git("status", "--porcelain"),
        (repo.root / "fleet/fleet.yaml").read_text(),
    )


@pytest.fixture
def faster(hub_repo):
    """A synced fleet whose last commit has another interval, one device more and one less."""
    assert hub_repo.edgeops("sync").code == 0
    hub_repo.edit("fleet/fleet.yaml", SLOW, FAST)
    hub_repo.write("fleet/more.yaml", "apiVersion: edgeops/v1\nkind: Device\nmetadata: {name: c}\n"
                                      "spec: {}\n")  # fmt: skip
    hub_repo.write("models/m/model.txt", "new")
    hub_repo.commit("faster")
    assert hub_repo.edgeops("sync").code == 0
    return hub_repo


def test_a_dry_run_changes_nothing(faster, registry):
    before = state(faster)
    shown = faster.edgeops("rollback", "--to", "HEAD~1", "--dry-run")
    assert (shown.code, "desired.interval: 30 -> 60" in shown.out) == (0, True)
    assert state(faster) == before
    assert registry.get_twin("a").properties.desired["interval"] == 30


def test_the_fleet_comes_back_as_a_commit_and_on_the_hub(faster, registry):
    to = faster.git("rev-parse", "HEAD~1")
    faster.write("notes.txt", "mine")
    faster.write("README.md", "staged")
    faster.git("add", "README.md")
    done = faster.edgeops("rollback", "--to", "HEAD~1")
    assert done.code == 0, done.err
    assert "publish it with `git push origin main`" in done.out
    assert faster.git("diff", "--name-only", to, "HEAD", "--", "fleet", "schemas") == ""
    assert faster.git("log", "--format=%s", "-1") == f"Roll back the fleet to {to[:7]}"
    assert (faster.root / "models/m/model.txt").read_text() == "new"
    assert faster.git("status", "--porcelain").split() == ["A", "README.md", "??", "notes.txt"]
    assert registry.get_twin("a").properties.desired["interval"] == 60
    assert faster.edgeops("sync", "--since-last", "--dry-run").out.startswith("No changes.")
    assert f"Roll back the fleet to {to[:7]}" in faster.edgeops("history").out
    assert registry.get_device("c").status == "enabled"  # only --prune deletes


def test_releases_come_back_and_newer_ones_stay(faster, release_in_git):
    release_in_git(faster, "m", "1.0.0")
    first = faster.commit("one release")
    (faster.root / "models/m/releases/1.0.0.yaml").unlink()
    release_in_git(faster, "m", "2.0.0")
    faster.commit("another release")
    done = faster.edgeops("rollback", "--to", first)
    assert done.code == 0, done.err
    releases = faster.root / "models/m/releases"
    assert sorted(path.name for path in releases.glob("*.yaml")) == ["1.0.0.yaml", "2.0.0.yaml"]
    assert faster.git("status", "--porcelain") == ""


def test_a_fleet_comes_back_with_the_keys_that_it_trusts(faster, tmp_path):
    made = faster.edgeops(
        "model", "key", str(tmp_path / "k.pem"), "--public", str(faster.root / "keys/k.pub")
    )
    assert made.code == 0, made.err
    faster.edit(
        "fleet/fleet.yaml", "spec:\n  hubs", "spec:\n  trust: {releases: [keys/k.pub]}\n  hubs"
    )
    trusting = faster.commit("signed releases only")
    faster.edit("fleet/fleet.yaml", "  trust: {releases: [keys/k.pub]}\n", "")
    (faster.root / "keys/k.pub").unlink()
    faster.commit("no longer")
    done = faster.edgeops("rollback", "--to", trusting)
    assert done.code == 0, done.err
    assert (faster.root / "keys/k.pub").is_file()
    assert faster.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda repo: repo.git("checkout", "--quiet", "--detach"), "no branch is checked out"),
        (lambda repo: repo.write("fleet/new.yaml", "# x"), "not committed"),
        (lambda repo: repo.edit("fleet/fleet.yaml", FAST, "interval: 1"), "not committed"),
        (lambda repo: repo.git("revert", "--no-edit", "HEAD"), "already"),
    ],
)
def test_it_is_refused_where_something_would_be_lost(faster, spoil, why):
    to = faster.git("rev-parse", "HEAD~1")
    spoil(faster)
    before = faster.git("rev-parse", "HEAD"), faster.git("status", "--porcelain")
    refused = faster.edgeops("rollback", "--to", to)
    assert (refused.code, why in refused.err) == (5, True), refused.err
    assert (faster.git("rev-parse", "HEAD"), faster.git("status", "--porcelain")) == before


def test_a_revision_that_is_not_there(faster):
    assert faster.edgeops("rollback", "--to", "nothing").code == 1
    assert faster.edgeops("rollback").code == 64


def test_an_ignored_file_in_the_way_stays(faster):
    faster.write("fleet/local.yaml", "# committed\n")
    to = faster.commit("with a file")
    (faster.root / "fleet/local.yaml").unlink()
    faster.write(".gitignore", ".edgeops\nfleet/local.yaml\n")
    faster.edit("fleet/fleet.yaml", FAST, SLOW)
    head = faster.commit("ignored now")
    faster.write("fleet/local.yaml", "# mine\n")
    refused = faster.edgeops("rollback", "--to", to)
    assert (refused.code, "git cannot move the branch main" in refused.err) == (5, True)
    assert faster.git("rev-parse", "HEAD") == head
    assert (faster.root / "fleet/local.yaml").read_text() == "# mine\n"


def test_git_without_a_name_says_so(faster, monkeypatch):
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{name}_NAME")
        monkeypatch.delenv(f"GIT_{name}_EMAIL")
    subprocess.run(["git", "config", "user.useConfigOnly", "true"], cwd=faster.root, check=True)
    refused = faster.edgeops("rollback", "--to", "HEAD~1")
    assert (refused.code, "git config user.name" in refused.err) == (1, True), refused.err


def test_a_fleet_that_may_write_no_device_does_not_come_back(hub_repo):
    """The devices bear the uid of the Fleet, which it did not have then."""
    hub_repo.edit("fleet/fleet.yaml", "hubs:", "uid: 0f5c8a7e-tiny\n  hubs:")
    hub_repo.edit("fleet/fleet.yaml", SLOW, FAST)
    hub_repo.commit("with a uid")
    assert hub_repo.edgeops("sync").code == 0
    before = state(hub_repo)
    refused = hub_repo.edgeops("rollback", "--to", "HEAD~1")
    assert (refused.code, "every device would be refused" in refused.err) == (5, True)
    assert state(hub_repo) == before


def test_settings_of_merges_do_not_keep_the_branch(faster):
    to = faster.git("rev-parse", "HEAD~1")
    for name, value in (
        ("branch.main.mergeOptions", "--squash --no-ff -s ours"),
        ("merge.ff", "false"),
        ("merge.verifySignatures", "true"),
    ):
        faster.git("config", name, value)
    done = faster.edgeops("rollback", "--to", "HEAD~1")
    assert done.code == 0, done.err
    assert faster.git("log", "--format=%s", "-1") == f"Roll back the fleet to {to[:7]}"
    assert faster.git("status", "--porcelain") == ""


def test_no_hook_of_git_runs(faster):
    hooks = faster.root / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "post-merge", "post-checkout", "reference-transaction"):
        (hooks / name).write_text('#!/bin/sh\necho "$0" >> hooks-that-ran\nexit 1\n')
        (hooks / name).chmod(0o755)
    assert faster.edgeops("rollback", "--to", "HEAD~1").code == 0
    assert not (faster.root / "hooks-that-ran").exists()
    assert not (faster.root / ".git/hooks-that-ran").exists()


def test_a_merge_that_has_begun_is_in_the_way(faster):
    faster.git("checkout", "--quiet", "-b", "other", "HEAD~1")
    faster.write("notes.txt", "theirs")
    faster.commit()
    faster.git("checkout", "--quiet", "main")
    faster.write("notes.txt", "ours")
    head = faster.commit()
    subprocess.run(["git", "merge", "--quiet", "other"], cwd=faster.root, capture_output=True)
    refused = faster.edgeops("rollback", "--to", "HEAD~2")
    assert (refused.code, "git merge failed: " in refused.err) == (5, True), refused.err
    assert faster.git("rev-parse", "HEAD") == head


def test_a_fleet_that_is_not_valid_can_be_rolled_back(faster, registry):
    to = faster.git("rev-parse", "HEAD~1")
    faster.write("fleet/broken.yaml", "kind: [\n")
    faster.commit("broken")
    assert faster.edgeops("sync").code == 3
    assert faster.edgeops("rollback", "--to", "HEAD").code == 5  # as it is already
    done = faster.edgeops("rollback", "--to", to)
    assert done.code == 0, done.err
    assert registry.get_twin("a").properties.desired["interval"] == 60


def test_a_fleet_that_was_not_valid_does_not_come_back(faster):
    faster.write("fleet/broken.yaml", "kind: [\n")
    broken = faster.commit("broken")
    faster.git("revert", "--no-edit", "HEAD")
    before = state(faster)
    assert faster.edgeops("rollback", "--to", broken).code == 3
    assert state(faster) == before
