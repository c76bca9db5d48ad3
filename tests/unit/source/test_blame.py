"""The commits that wrote lines."""

import subprocess

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.source.blame import blame
from edgeops.source.commits import found_commits


def git(root, *arguments):
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path):
    """Three commits of one file in a folder of the repository."""
    root = tmp_path / "repo" / "edge fleet"
    (root / "fleet").mkdir(parents=True)
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", "repo")
    commits = []
    for text in ("a\nb\nc\n", "a\nB\nc\n", "new\na\nB\nc\n"):
        (root / "fleet/x.yaml").write_text(text)
        git(root, "add", ".")
        git(root, "commit", "--quiet", "--message", f"\tauthor 1 2 {text!r}")
        commits.append(git(root, "rev-parse", "HEAD"))
    return root, commits


def test_each_line_has_its_commit(repo):
    root, (first, second, third) = repo
    found = blame(root, "HEAD", "fleet/x.yaml", {1, 2, 3, 4})
    assert {line: one.commit for line, one in found.items()} == {
        1: third,
        2: first,
        3: second,
        4: first,
    }
    assert found[1].when.timestamp() == found_commits(root, [third])[third].when


def test_only_the_asked_lines_at_the_asked_revision(repo):
    root, (first, _, _) = repo
    assert [one.commit for one in blame(root, first, "fleet/x.yaml", [2]).values()] == [first]
    assert blame(root, first, "fleet/x.yaml", []) == {}


def test_what_is_older_than_a_shallow_clone_is_not_known(repo, tmp_path):
    root, (_, _, third) = repo
    git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{root.parent}", "shallow")
    found = blame(tmp_path / "shallow/edge fleet", "HEAD", "fleet/x.yaml", [1, 2, 3])
    assert {line: one.commit for line, one in found.items()} == {1: third}


def test_a_file_or_line_that_is_not_there(repo):
    root, _ = repo
    with pytest.raises(EdgeOpsError):
        blame(root, "HEAD", "fleet/y.yaml", [1])
    with pytest.raises(EdgeOpsError):
        blame(root, "HEAD", "fleet/x.yaml", [99])
