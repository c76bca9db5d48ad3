"""Files on disk that are as the last run saw them are not read again."""

from __future__ import annotations

import os
from pathlib import Path
from struct import pack

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.fleet.model import Snapshot
from edgeops.source import worktree
from edgeops.source.cache import Cache
from edgeops.source.stat_index import is_settled
from edgeops.source.worktree import list_worktree, load_worktree

OLD = 1_000_000_000  # a time long ago, in seconds
OLD_TIME = pack("<q", OLD * 10**9)


@pytest.fixture
def read(fleet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read since the list was cleared; a run went before."""
    names: list[str] = []
    plain = worktree.read_plain

    def noted(root: Path, name: str, most: int) -> bytes:
        names.append(name)
        return plain(root, name, most)

    # Times of change cannot be set: all that was written before the run counts as long ago.
    monkeypatch.setattr(worktree, "is_settled", lambda state, _: OLD_TIME in state)
    for path in fleet.rglob("*.*"):
        os.utime(path, (OLD, OLD))
    run(fleet, tmp_path)
    monkeypatch.setattr(worktree, "read_plain", noted)
    return names


def run(fleet: Path, tmp_path: Path) -> Snapshot:
    with Cache(tmp_path / "cache") as cache:
        snapshot = load_worktree(fleet, cache)
    assert snapshot == load_worktree(fleet)
    return snapshot


def listed(fleet: Path, tmp_path: Path) -> None:
    with Cache(tmp_path / "cache") as cache:
        list_worktree(fleet, cache)


def test_unchanged_files_are_not_read(fleet: Path, tmp_path: Path, read: list[str]) -> None:
    listed(fleet, tmp_path)
    assert read == []


def test_a_changed_file_is_read_even_with_its_old_time_and_size(
    fleet: Path, tmp_path: Path, read: list[str]
) -> None:
    path = fleet / "fleet" / "devices" / "d1.yaml"
    path.write_text(path.read_text().replace("d1", "d2"))
    os.utime(path, (OLD, OLD))
    listed(fleet, tmp_path)
    assert read == ["fleet/devices/d1.yaml"]
    assert "d2" in {d.value["metadata"]["name"] for d in run(fleet, tmp_path).documents}


def test_another_file_in_its_place_is_read(fleet: Path, tmp_path: Path, read: list[str]) -> None:
    path = fleet / "fleet" / "devices" / "d1.yaml"
    other = path.with_name("other")
    other.write_text(path.read_text())
    os.utime(other, (OLD, OLD))
    other.replace(path)
    listed(fleet, tmp_path)
    assert read == ["fleet/devices/d1.yaml"]


def test_a_file_as_new_as_the_run_is_read_again(
    fleet: Path, tmp_path: Path, read: list[str]
) -> None:
    os.utime(fleet / "fleet" / "devices" / "d1.yaml")
    for _ in range(2):
        read.clear()
        listed(fleet, tmp_path)
        assert read == ["fleet/devices/d1.yaml"]


def test_deleted_and_new_files(fleet: Path, tmp_path: Path, read: list[str]) -> None:
    (fleet / "fleet" / "devices" / "d1.yaml").rename(fleet / "fleet" / "d1.yaml")
    files = [document.file for document in run(fleet, tmp_path).documents]
    assert files == ["fleet/d1.yaml", "fleet/fleet.yaml"]


def test_a_folder_that_became_a_link_is_refused(
    fleet: Path, tmp_path: Path, read: list[str]
) -> None:
    for folder in ("schemas/modules", "schemas"):
        (fleet / folder).rename(tmp_path / "moved")
        (fleet / folder).symlink_to(tmp_path / "moved")
        assert run(fleet, tmp_path).problems
        (fleet / folder).unlink()
        (tmp_path / "moved").rename(fleet / folder)


def test_a_file_that_changes_meanwhile_is_an_error(
    fleet: Path, tmp_path: Path, read: list[str]
) -> None:
    with Cache(tmp_path / "cache") as cache:
        listing = list_worktree(fleet, cache)
    (fleet / "fleet" / "fleet.yaml").write_text("kind: Fleet")
    with pytest.raises(EdgeOpsError, match="changes while it is read"):
        listing.snapshot()


@pytest.mark.parametrize("stored", [b"", b"{}", b'[[1], [], ""]', b'[["a"], ["b"], "0g"]', b"["])
def test_a_damaged_index_is_not_used(fleet: Path, stored: bytes) -> None:
    class Rubbish:
        def get(self, key: str) -> bytes | None:
            return stored if key.startswith("stat/") else None

        def put(self, key: str, value: bytes) -> None:
            pass

    assert load_worktree(fleet, Rubbish()) == load_worktree(fleet)


def test_times_near_the_start_of_a_run_are_not_settled() -> None:
    start = 10_000_000_000
    assert is_settled(pack("<qqqQ", 1, 7_000_000_000, 7_000_000_000, 1), start)
    assert not is_settled(pack("<qqqQ", 1, 7_000_000_000, 9_000_000_000, 1), start)
    assert not is_settled(pack("<qqqQ", 1, 11_000_000_000, 7_000_000_000, 1), start)
