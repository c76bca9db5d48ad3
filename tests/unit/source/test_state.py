"""State in `.edgeops` that came with a checkout is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeops.errors import Refused
from edgeops.source.state import is_state_name, refuse_foreign_state

SPELLINGS = [".edgeops", ".EDGEOPS", ".edge\u200cops", "\ufeff.edgeops", ".edgeop\u017f"]


def refusal(root: Path) -> Refused:
    with pytest.raises(Refused) as caught:
        refuse_foreign_state(root)
    return caught.value


def test_state_that_was_made_here_is_fine(committed: Path) -> None:
    refuse_foreign_state(committed)
    (committed / ".edgeops").mkdir()
    (committed / ".edgeops" / "hub.db").write_text("")
    (committed / ".edgeops" / "artifacts").symlink_to("/mnt")  # the user's own doing
    refuse_foreign_state(committed)


def test_state_outside_of_git_needs_no_git(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (fleet / ".edgeops").mkdir()
    monkeypatch.setenv("PATH", "")
    refuse_foreign_state(fleet)


@pytest.mark.parametrize("name", SPELLINGS, ids=ascii)
@pytest.mark.parametrize("form", ["folder", "file", "link", "submodule"])
def test_state_in_git_is_refused(
    committed: Path, commit_state: Callable[[str, str], None], name: str, form: str
) -> None:
    commit_state(name, form)
    error = refusal(committed)
    assert error.message.endswith("edgeops trusts only state that was created on this machine")
    assert error.hint


def test_state_in_git_is_refused_in_a_folder_of_the_repository(
    committed: Path, git: Callable[..., str]
) -> None:
    site = committed / "site"
    (site / ".edgeops").mkdir(parents=True)
    refuse_foreign_state(site)
    (site / ".edgeops" / "hub.json").write_text("{}")
    git(committed, "add", "-f", "site")  # enough: what is in the index was, or will be, checked out
    assert refusal(site).message.startswith("'.edgeops/hub.json' is in git")


def test_files_that_came_into_a_folder_of_ours_by_another_spelling(
    committed: Path, git: Callable[..., str]
) -> None:
    """As where case does not count: the folder keeps its name, git knows the file by another."""
    (committed / ".edgeops").mkdir()
    blob = git(committed, "hash-object", "-w", "fleet/fleet.yaml")
    entry = f"100644,{blob},.EdgeOps/hub.json"
    git(committed, "update-index", "--add", "--cacheinfo", entry)
    assert refusal(committed).message.startswith("'.EdgeOps/hub.json' is in git")


def test_a_link_is_refused_also_outside_of_git(fleet: Path, tmp_path: Path) -> None:
    (fleet / ".edgeops").symlink_to(tmp_path)
    error = refusal(fleet)
    assert (error.message.split(";")[0], error.hint) == (
        "'.edgeops' is a link",
        "remove it: rm '.edgeops'",
    )


def test_state_is_refused_when_git_cannot_tell(committed: Path) -> None:
    (committed / ".edgeops").mkdir()
    (committed / ".git" / "index").write_bytes(b"no index")
    assert "cannot determine whether .edgeops came with the checkout" in refusal(committed).message


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a folder to another user")
def test_state_in_a_repository_of_another_user_is_refused(committed: Path) -> None:
    (committed / ".edgeops").mkdir()
    os.chown(committed / ".git", 12345, 12345)
    os.chown(committed, 12345, 12345)
    assert "cannot determine whether .edgeops came with the checkout" in refusal(committed).message


@pytest.mark.parametrize("name", [".edgeops.bak", "edgeops", ".edgeop", ".edge-ops", ".git"])
def test_names_that_are_not_the_state_folder(name: str) -> None:
    assert not is_state_name(name)
