"""What is found where a published file should be."""

import os
from itertools import repeat

import pytest

from edgeops.artifacts.folder import FolderStore, seed
from edgeops.artifacts.verify import (
    Check,
    Found,
    check_copy,
    check_stored,
    check_url,
    is_good,
    promised,
)
from edgeops.digest import digest_of
from edgeops.release import ReleaseFile

DATA = b"a model"
NAME = "m/1.0.0/m-1.0.0.onnx"


def release_of(data=DATA, **more):
    digest = digest_of([data])
    where = more or {"path": NAME}
    return ReleaseFile("m.onnx", digest.size, digest.sha256, digest.md5, **where)


RELEASE = release_of()


def test_the_copy_in_git(tmp_path):
    copy = tmp_path / "m.onnx"
    assert check_copy(RELEASE, copy) == Check("git", Found.ABSENT)
    copy.write_bytes(DATA)
    assert check_copy(RELEASE, copy) == Check("git", Found.SAME)
    copy.write_bytes(DATA.upper())
    changed = check_copy(RELEASE, copy)
    assert changed.found is Found.CHANGED
    assert changed.reason.startswith("the artifact changed after it was published: it is 7 bytes")
    copy.unlink()
    copy.mkdir()
    assert check_copy(RELEASE, copy).found is Found.UNREADABLE


def test_a_copy_that_is_a_link_or_not_a_file(tmp_path):
    (tmp_path / "elsewhere").write_bytes(DATA)
    copy = tmp_path / "m.onnx"
    copy.symlink_to("elsewhere")
    checked = check_copy(RELEASE, copy)
    assert checked.found is Found.UNREADABLE
    assert checked.reason.endswith("m.onnx is a symbolic link")
    copy.unlink()
    os.mkfifo(copy)  # nobody writes to it: it would be waited for
    assert check_copy(RELEASE, copy).reason.endswith("m.onnx is not a file")


def test_the_file_in_a_store(tmp_path):
    store = FolderStore(tmp_path, "")
    assert check_stored(RELEASE, store).found is Found.ABSENT
    file = tmp_path / NAME
    file.parent.mkdir(parents=True)
    file.write_bytes(DATA)
    assert check_stored(RELEASE, store) == Check("store", Found.SAME)
    file.write_bytes(DATA + b"!")
    assert "it is longer, and was 7" in check_stored(RELEASE, store).reason


def test_no_more_is_read_than_shows_that_it_is_another_file():
    class Endless(FolderStore):
        read = 0

        def sha256_of(self, name):
            return ""

        def open(self, name):
            return self

        def __enter__(self):
            for chunk in repeat(b"1234"):
                self.read += len(chunk)
                yield chunk

        def __exit__(self, *error):
            return None

    store = Endless(None, "")
    assert check_stored(RELEASE, store).found is Found.CHANGED
    assert store.read == 8


def test_the_file_at_a_url(local_hub):
    local_hub.artifacts.mkdir()
    (local_hub.artifacts / "m.onnx").write_bytes(DATA)
    here = f"https://localhost:{local_hub.port}/artifacts"
    trusted = str(local_hub.ca_file)

    def check(release, name="m.onnx", ca_file=trusted):
        return check_url(release, f"{here}/{name}", ca_file=ca_file)

    assert check(RELEASE) == Check("url", Found.SAME)
    assert check(release_of(b"another")).found is Found.CHANGED
    assert check(RELEASE, "none.onnx").found is Found.ABSENT
    untrusted = check(RELEASE, ca_file=None)
    assert (untrusted.found, "is not trusted" in untrusted.reason) == (Found.UNREADABLE, True)
    local_hub.faults.answer("GET", "^/artifacts/", 503)
    assert "answered 503" in check(RELEASE).reason
    local_hub.stop()
    gone = check(RELEASE)
    assert (gone.found, "cannot be reached" in gone.reason) == (Found.UNREADABLE, True)


@pytest.mark.parametrize(
    ("git", "store", "good", "good_if_seeded"),
    [
        (Found.SAME, Found.SAME, True, True),
        (Found.ABSENT, Found.SAME, True, True),
        (Found.SAME, Found.ABSENT, False, True),
        (Found.ABSENT, Found.ABSENT, False, False),
        (Found.CHANGED, Found.SAME, False, False),
        (Found.SAME, Found.CHANGED, False, False),
        (Found.SAME, Found.UNREADABLE, False, False),
    ],
)
def test_whether_devices_get_what_was_published(git, store, good, good_if_seeded):
    checks = (Check("git", git), Check("store", store))
    assert is_good(checks, seeded=False) is good
    assert is_good(checks, seeded=True) is good_if_seeded


class TestSeed:
    def test_a_copy_that_is_not_there_yet_is_put_there(self, tmp_path):
        copy, folder = tmp_path / "m.onnx", tmp_path / "artifacts"
        assert seed([("m@1.0.0", RELEASE, copy)], folder) == ()  # not in git
        assert not folder.exists()
        copy.write_bytes(DATA)
        assert seed([("m@1.0.0", RELEASE, copy)], folder) == ()
        assert (folder / NAME).read_bytes() == DATA

    def test_a_file_that_is_there_stays(self, tmp_path):
        copy, there = tmp_path / "m.onnx", tmp_path / "artifacts" / NAME
        there.parent.mkdir(parents=True)
        there.write_bytes(b"published here")
        copy.write_bytes(DATA)
        assert seed([("m@1.0.0", RELEASE, copy)], tmp_path / "artifacts") == ()
        assert there.read_bytes() == b"published here"

    def test_a_copy_that_changed_is_never_served(self, tmp_path):
        copy, folder = tmp_path / "m.onnx", tmp_path / "artifacts"
        copy.write_bytes(DATA.upper())
        good = tmp_path / "good.onnx"
        good.write_bytes(b"2")
        other = release_of(b"2", path="m/2.onnx")
        (warning,) = seed([("m@1.0.0", RELEASE, copy), ("n@1.0.0", other, good)], folder)
        assert warning.startswith(
            "m@1.0.0 is not served from git: the file does not match its digest"
        )
        assert [file.name for file in folder.rglob("*") if file.is_file()] == ["2.onnx"]

    def test_a_release_with_a_url_of_its_own_is_not_copied(self, tmp_path):
        copy = tmp_path / "m.onnx"
        copy.write_bytes(DATA)
        assert (
            seed([("m@1.0.0", release_of(url="https://x.example/m"), copy)], tmp_path / "a") == ()
        )
        assert not (tmp_path / "a").exists()


def test_the_digest_that_a_release_promises():
    assert promised(RELEASE) == digest_of([DATA])
