"""What git says of commits and of the user."""

from edgeops.source.commits import differ, subjects, user_name


def test_subjects_of_known_commits(committed, git):
    head = git(committed, "rev-parse", "HEAD")
    assert subjects(committed, [head, "e" * 40]) == {head: "first"}


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
