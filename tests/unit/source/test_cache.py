"""The cache of read manifests."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from edgeops.source.cache import Cache, cache_folder
from edgeops.source.worktree import load_worktree


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "edgeops"


def remember(folder: Path, **entries: str) -> None:
    with Cache(folder) as cache:
        for key, value in entries.items():
            cache.put(key, value.encode())


def recall(folder: Path, key: str) -> bytes | None:
    with Cache(folder) as cache:
        return cache.get(key)


def test_the_cache_remembers_between_runs(folder: Path) -> None:
    remember(folder, a="1")
    remember(folder, a="2", b="3")
    assert (recall(folder, "a"), recall(folder, "b"), recall(folder, "c")) == (b"2", b"3", None)
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("others", [0o770, 0o702])
def test_a_cache_that_others_can_write_is_not_read(folder: Path, others: int) -> None:
    remember(folder, a="1")
    folder.chmod(others)
    assert recall(folder, "a") is None
    remember(folder, b="1")
    folder.chmod(0o755)
    assert (recall(folder, "a"), recall(folder, "b")) == (b"1", None)


def test_without_a_folder_the_cache_forgets() -> None:
    with Cache(None) as cache:
        cache.put("a", b"1")
        assert cache.get("a") == b"1"
    with Cache(None) as cache:
        assert cache.get("a") is None


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {}, "home/.cache/edgeops"),
        ("darwin", {}, "home/Library/Caches/edgeops"),
        ("linux", {"XDG_CACHE_HOME": "{}/else"}, "else/edgeops"),
        ("darwin", {"XDG_CACHE_HOME": "{}/else"}, "else/edgeops"),
        ("linux", {"XDG_CACHE_HOME": "not/absolute"}, "home/.cache/edgeops"),
        ("linux", {"XDG_CACHE_HOME": "{}/checkout/site/cache"}, None),
        ("linux", {"XDG_CACHE_HOME": "{}/checkout/cache"}, None),
        ("linux", {"XDG_CACHE_HOME": "{}/link"}, None),
        ("linux", {"HOME": ""}, None),
        ("linux", {"HOME": "", "XDG_CACHE_HOME": "{}/else"}, "else/edgeops"),
        ("linux", {"HOME": "not/absolute"}, None),
    ],
)
def test_the_cache_of_a_user_lies_outside_the_checkout(
    tmp_path: Path, platform: str, environ: dict[str, str], expected: str | None
) -> None:
    root = tmp_path / "checkout" / "site"
    root.mkdir(parents=True)
    (tmp_path / "checkout" / ".git").mkdir()
    (tmp_path / "link").symlink_to("checkout")
    given = {"HOME": "{}/home", **environ}
    given = {name: value.format(tmp_path) for name, value in given.items()}
    cache = cache_folder(root, given, platform)
    assert cache == (tmp_path / expected if expected else None)


def test_the_oldest_entries_are_dropped(folder: Path) -> None:
    with Cache(folder, max_rows=2) as cache:
        for key in "abc":
            cache.put(key, b"x")
    assert [recall(folder, key) for key in "abc"] == [None, b"x", b"x"]


def test_an_entry_can_be_read_before_it_is_saved(folder: Path) -> None:
    cache = Cache(folder)
    cache.put("a", b"1")
    assert cache.get("a") == b"1"
    cache.close()
    cache.close()


@pytest.mark.parametrize(
    "content", [b"no database at all" * 100, b"SQLite format 3\0" + b"x" * 4096]
)
def test_a_broken_file_is_rebuilt(folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / "cache.sqlite").write_bytes(content)
    remember(folder, a="1")
    remember(folder, a="1")
    assert recall(folder, "a") == b"1"


def test_a_database_of_another_shape_is_rebuilt(folder: Path) -> None:
    folder.mkdir(parents=True)
    db = sqlite3.connect(folder / "cache.sqlite")
    db.execute("CREATE TABLE memo (something TEXT)")
    db.close()
    assert recall(folder, "a") is None
    remember(folder, a="1")
    assert recall(folder, "a") == b"1"


def test_a_file_damaged_in_its_middle_is_rebuilt(folder: Path) -> None:
    remember(folder, **{f"key{n}": "x" * 500 for n in range(500)})
    path = folder / "cache.sqlite"
    data = bytearray(path.read_bytes())
    data[4096:-4096] = b"\xff" * (len(data) - 8192)
    path.write_bytes(bytes(data))
    assert recall(folder, "key7") is None
    remember(folder, key7="y")
    assert recall(folder, "key7") == b"y"


@pytest.mark.slow
def test_a_locked_file_is_skipped(folder: Path) -> None:
    remember(folder, a="1")
    db = sqlite3.connect(folder / "cache.sqlite", isolation_level=None)
    db.execute("BEGIN EXCLUSIVE")
    assert recall(folder, "a") is None
    remember(folder, b="1")
    db.execute("ROLLBACK")
    db.close()
    assert recall(folder, "a") == b"1"


def test_a_cache_without_a_folder_of_its_own_is_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file where the folder should be")
    remember(tmp_path / "file", a="1")
    assert recall(tmp_path / "file", "a") is None
    assert recall(tmp_path / "file" / "below", "a") is None


def test_a_remembered_snapshot_is_the_same_with_places_and_problems(
    fleet: Path, tmp_path: Path
) -> None:
    (fleet / "fleet" / "bad.yaml").write_text("a: 1\na: 2\n---\nkind: Devise\n")
    (fleet / "schemas" / "bad.json").write_text('{"type": 7}')
    fresh = load_worktree(fleet)
    with Cache(tmp_path / "cache") as cache:
        assert load_worktree(fleet, cache) == fresh
    with Cache(tmp_path / "cache") as cache:
        assert load_worktree(fleet, cache) == fresh


def test_a_changed_file_is_read_again(fleet: Path, tmp_path: Path) -> None:
    with Cache(tmp_path / "cache") as cache:
        load_worktree(fleet, cache)
    (fleet / "fleet" / "devices" / "d1.yaml").write_text("a: 1\na: 2\n")
    with Cache(tmp_path / "cache") as cache:
        assert load_worktree(fleet, cache).problems


def test_a_manifest_whose_entry_is_damaged_is_read_again(fleet: Path) -> None:
    class Rubbish:
        def get(self, key: str) -> bytes | None:
            return b'[[["x"]], 7]'

        def put(self, key: str, value: bytes) -> None:
            pass

    assert load_worktree(fleet, Rubbish()) == load_worktree(fleet)
