"""What git says of commits: which a clone has, their subjects, and whether they differ."""

import subprocess

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.source.commits import differ, found_commits, user_name

OTHER = "0123456789abcdef" * 2 + "01234567"


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    for text in ("one", "two"):
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", text)
    return tmp_path


def test_a_commit_is_known_and_anything_else_is_not(clone):
    first, head = git(clone, "rev-list", "--reverse", "HEAD").split()
    tree = git(clone, "rev-parse", "HEAD^{tree}")
    assert found_commits(clone, {first, head, OTHER, tree}).keys() == {first, head}
    assert found_commits(clone, set()) == {}


def test_a_commit_of_no_branch_is_known_while_the_clone_has_it(clone):
    head = git(clone, "rev-parse", "HEAD")
    git(clone, "reset", "-q", "--hard", "HEAD^")
    assert found_commits(clone, {head}).keys() == {head}


def test_a_shallow_clone_does_not_have_what_came_before(clone, tmp_path_factory):
    shallow = tmp_path_factory.mktemp("shallow")
    git(shallow, "clone", "-q", "--depth", "1", f"file://{clone}", "c")
    first, head = git(clone, "rev-list", "--reverse", "HEAD").split()
    assert found_commits(shallow / "c", {first, head}).keys() == {head}
    git(shallow / "c", "fetch", "-q", "--unshallow")
    assert found_commits(shallow / "c", {first, head}).keys() == {first, head}


def test_thousands_are_one_question(clone):
    head = git(clone, "rev-parse", "HEAD")
    many = {f"{number:040x}" for number in range(20_000)}
    assert found_commits(clone, many | {head}).keys() == {head}


def test_outside_git(tmp_path):
    with pytest.raises(EdgeOpsError):
        found_commits(tmp_path, {OTHER})


def test_times_and_subjects(committed, git):
    git(committed, "commit", "--allow-empty", "-m", "second line\nbegins here\n\nand more")
    first, head = git(committed, "rev-list", "--reverse", "HEAD").split()
    found = found_commits(committed, [head, first, "e" * 40])
    assert found == {
        commit: (int(git(committed, "show", "-s", "--format=%ct", commit)), subject)
        for commit, subject in ((first, "first"), (head, "second line begins here"))
    }


def test_an_empty_message(committed, git):
    git(committed, "commit", "--allow-empty", "--allow-empty-message", "-m", "")
    head = git(committed, "rev-parse", "HEAD")
    assert found_commits(committed, [head])[head].subject == ""


def test_whether_folders_differ(committed, git):
    first = git(committed, "rev-parse", "HEAD")
    (committed / "notes").write_text("x")
    git(committed, "add", "notes")
    git(committed, "commit", "-m", "second")
    second = git(committed, "rev-parse", "HEAD")
    assert not differ(committed, first, second, ("fleet", "models"))
    assert differ(committed, first, second, ("fleet", "notes"))
    assert differ(committed, first, "e" * 40, ("fleet",))  # who knows


def test_the_name_of_the_user(committed, git, tmp_path):
    git(committed, "config", "user.name", "Ada")
    assert user_name(committed) == "Ada"
    assert user_name(tmp_path) == ""
