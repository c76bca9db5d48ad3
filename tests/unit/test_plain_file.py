"""What is read below a folder: plain files, and nothing that a link or a name leads to."""

from __future__ import annotations

import errno
import os
import socket
import threading
from pathlib import Path

import pytest

from edgeops.plain_file import is_absent, open_plain, read_plain

MOST = 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, beside one that is none of its business."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("secret")
    folder = tmp_path / "folder"
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/b/file").write_text("text")
    return folder


@pytest.mark.parametrize("name", ["a/b/file", "./a//b/./file"])
def test_a_file_is_read(folder: Path, name: str) -> None:
    assert read_plain(folder, name, MOST) == b"text"


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert read_plain(tmp_path / "link", "a/b/file", MOST) == b"text"


@pytest.mark.parametrize(
    ("link", "target", "name"),
    [
        ("link", "../outside/secret", "link"),
        ("link", "a/b/file", "link"),
        ("link", "nowhere", "link"),
        ("link", "link", "link"),
        ("link", "../outside", "link/secret"),
        ("a/link", "..", "a/link/a/b/file"),
        ("link", "/dev/zero", "link"),
        ("link", "/proc/self/environ", "link"),
    ],
)
def test_no_link_is_followed(folder: Path, link: str, target: str, name: str) -> None:
    (folder / link).symlink_to(target)
    with pytest.raises(OSError, match=f"{link} is a symbolic link") as caught:
        read_plain(folder, name, MOST)
    assert caught.value.errno == errno.ELOOP


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../outside/secret", "leads out"),
        ("a/../../outside/secret", "leads out"),
        ("/etc/passwd", "leads out"),
        ("", "an empty path is a folder"),
        (".", "is a folder, not a file"),
        ("a", "a is a folder, not a file"),
    ],
)
def test_only_names_of_files_below_are_read(folder: Path, name: str, message: str) -> None:
    with pytest.raises(OSError, match=message):
        read_plain(folder, name, MOST)


@pytest.mark.parametrize("name", ["none", "a/none/file", "a/b/file/none"])
def test_a_missing_file_counts_as_absent(folder: Path, name: str) -> None:
    with pytest.raises(OSError) as caught:
        read_plain(folder, name, MOST)
    assert is_absent(caught.value)


def test_only_regular_files_are_read_and_nothing_is_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(folder)  # the name of a socket may not be long
        try:
            server.bind("socket")
        finally:
            os.chdir(before)
        for name in ("fifo", "socket"):
            with pytest.raises(OSError, match=f"{name} is not a file"):
                read_plain(folder, name, MOST)


def test_a_file_may_have_so_many_bytes(folder: Path) -> None:
    assert read_plain(folder, "a/b/file", 4) == b"text"
    with pytest.raises(OSError, match="a/b/file has 4 bytes, allowed are 3") as caught:
        read_plain(folder, "a/b/file", 3)
    assert caught.value.errno == errno.EFBIG


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc")
def test_a_file_that_says_it_is_empty_and_is_not() -> None:
    with pytest.raises(OSError, match="has more bytes than it says"):
        read_plain(Path("/proc"), f"{os.getpid()}/environ", MOST)


def test_a_folder_that_becomes_a_link_meanwhile(folder: Path, tmp_path: Path) -> None:
    """However often it is swapped: the file that was meant, or an error."""
    (tmp_path / "outside/file").write_text("secret")
    real, done = folder / "a/b", threading.Event()

    def swap() -> None:
        while not done.is_set():
            real.rename(folder / "a/was")
            real.symlink_to(tmp_path / "outside")
            real.unlink()
            (folder / "a/was").rename(real)

    swapping = threading.Thread(target=swap)
    swapping.start()
    contents = set()
    try:
        for _ in range(2000):
            try:
                contents.add(read_plain(folder, "a/b/file", MOST))
            except OSError:
                continue
    finally:
        done.set()
        swapping.join()
    assert contents <= {b"text"}


def test_nothing_is_left_open(folder: Path) -> None:
    (folder / "link").symlink_to("a")
    before = len(list(Path("/dev/fd").iterdir()))
    for name in ("a", "link/b/file", "none", "a/b/file"):
        try:
            open_plain(folder, name).close()
        except OSError:
            continue
    assert len(list(Path("/dev/fd").iterdir())) == before
