"""A file is the old or the new one, and nothing else lies beside it afterwards."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from edgeops.files import CACHE, Disk, beside, put, write_blocks, write_private, write_whole


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with an earlier content."""
    file = tmp_path / "file"
    file.write_bytes(b"old")
    return file


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_gets_its_content_and_its_folder(tmp_path):
    write_whole(tmp_path / "a/b/file", b"new")
    assert (tmp_path / "a/b/file").read_bytes() == b"new"
    assert names(tmp_path / "a/b") == ["file"]


def test_a_name_as_long_as_names_can_be_is_written(tmp_path):
    write_whole(tmp_path / ("n" * 255), b"new")
    assert (tmp_path / ("n" * 255)).read_bytes() == b"new"


def test_the_status_is_that_of_the_file(file):
    status = write_blocks(file, [b"two", memoryview(b"blocks")])
    assert file.read_bytes() == b"twoblocks"
    assert os.path.samestat(status, file.stat())
    assert status.st_size == 9


def test_a_link_is_replaced_and_not_followed(file, tmp_path):
    (tmp_path / "link").symlink_to(file)
    write_whole(tmp_path / "link", b"new")
    assert not (tmp_path / "link").is_symlink()
    assert file.read_bytes() == b"old"


@pytest.mark.parametrize("sole_writer", [True, False])
@pytest.mark.parametrize("first_wins", [True, False])
def test_a_write_that_ends_in_the_middle_leaves_the_old_file_alone(file, sole_writer, first_wins):
    def blocks():
        yield b"new"
        raise ValueError

    with pytest.raises(ValueError):
        write_blocks(file, blocks(), sole_writer=sole_writer, first_wins=first_wins)
    assert (file.read_bytes(), names(file.parent)) == (b"old", ["file"])


@pytest.mark.parametrize("failing", ["write", "sync"])
def test_a_write_that_the_disk_refuses_leaves_the_old_file_alone(file, failing):
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no room")

    with pytest.raises(OSError, match="no room"):
        write_blocks(file, [b"new"], disk=Disk(**{failing: full}))
    assert (file.read_bytes(), names(file.parent)) == (b"old", ["file"])


def test_a_disk_that_takes_a_part_is_asked_again(file):
    write_blocks(file, [b"blocks"], disk=Disk(write=lambda at, data: os.write(at, data[:1])))
    assert file.read_bytes() == b"blocks"


@pytest.mark.parametrize("blocks", [[], [b"a"], [b"a", b"b"]])
def test_the_disk_is_synced_once_and_behind_all_blocks(file, blocks):
    calls: list[object] = []
    disk = Disk(lambda _at, data: calls.append(bytes(data)) or len(data), calls.append)
    put(7, blocks, disk)
    assert calls == [*blocks, 7]


def test_the_first_writer_wins_where_that_is_asked(file):
    with pytest.raises(FileExistsError):
        write_blocks(file, [b"new"], first_wins=True)
    assert (file.read_bytes(), names(file.parent)) == (b"old", ["file"])


def test_a_private_file_is_its_owners_and_one_before_it_stays_where_it_won(tmp_path):
    key = tmp_path / "key"
    write_private(key, b"first", first_wins=True)
    assert (key.read_bytes(), stat.S_IMODE(key.stat().st_mode)) == (b"first", 0o600)
    with pytest.raises(FileExistsError):
        write_private(key, b"second", first_wins=True)
    write_private(key, b"third")
    assert (key.read_bytes(), stat.S_IMODE(key.stat().st_mode)) == (b"third", 0o600)
    assert names(tmp_path) == ["key"]


def test_a_private_file_in_place_of_a_public_one_is_private(file):
    file.chmod(0o644)
    write_private(file, b"new")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_only_writer_takes_over_what_a_killed_one_left(file):
    with beside(file, sole_writer=True) as part:
        assert part.name == ".file.part"
    part.write_text("half of")
    write_blocks(file, [b"new"], sole_writer=True, disk=CACHE)
    assert (file.read_bytes(), names(file.parent)) == (b"new", ["file"])


def test_the_only_writer_follows_no_link_in_its_way(file, tmp_path):
    (tmp_path / "mine").write_text("untouched")
    (tmp_path / ".file.part").symlink_to(tmp_path / "mine")
    write_blocks(file, [b"new"], sole_writer=True)
    assert (file.read_bytes(), (tmp_path / "mine").read_text()) == (b"new", "untouched")


def test_several_writers_are_not_in_each_others_way(file):
    with beside(file) as first, beside(file) as other:
        assert first != other
        assert {first.parent, other.parent} == {file.parent}
