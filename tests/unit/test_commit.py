"""Ids of commits."""

from edgeops.commit import is_commit_id, short_commit


def test_only_a_full_id_is_one():
    assert is_commit_id("0" * 40)
    assert is_commit_id("a" * 64)
    for other in ("", "0" * 39, "0" * 65, "A" * 40, f"{'0' * 40}\n", 40 * "0" + " HEAD", 7, None):
        assert not is_commit_id(other)


def test_commits_are_short_and_may_be_absent():
    assert short_commit("1a2b3c4d5e6f") == "1a2b3c4"
    assert short_commit(None) == "the working tree"
