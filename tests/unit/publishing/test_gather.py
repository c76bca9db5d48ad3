"""Which files a user means, and what cannot be published."""

import os
import tarfile

import pytest

from edgeops.digest import digest_of
from edgeops.errors import EdgeOpsError, UsageError
from edgeops.publishing.gather import Given, gather


def names(*given, scratch=None):
    return [artifact.name for artifact in gather(given, scratch)]


def test_a_file_is_named_as_it_is_or_as_the_user_says(write):
    (artifact,) = gather([Given(write("Labels (1).txt", b"cat"), "labels.txt")])
    assert (artifact.name, artifact.digest) == ("labels.txt", digest_of([b"cat"]))
    assert names(Given(write("model.onnx"))) == ["model.onnx"]


def test_a_folder_is_all_its_files_the_model_first(write, tmp_path):
    for name in ("assets/labels.txt", "variables/variables.index", "saved_model.pb", "a/b.onnx"):
        write(name)
    folder = tmp_path / "mine"
    expected = ["saved_model.pb", "a/b.onnx", "assets/labels.txt", "variables/variables.index"]
    assert names(Given(folder)) == expected
    assert names(Given(folder, "sm")) == [f"sm/{name}" for name in expected]


def test_files_that_say_no_format_keep_their_order(write):
    assert names(Given(write("b.bin")), Given(write("a.onnx"))) == ["b.bin", "a.onnx"]


def test_what_is_not_a_file_with_content(write, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(write("model.onnx"))
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path, message in (
        (link, "link is a symbolic link"),
        (fifo, "fifo is not a file"),
        (write("none", b""), "none is empty"),
        (tmp_path / "absent", "No such file or directory"),
    ):
        with pytest.raises(EdgeOpsError, match=message) as caught:
            gather([Given(path)])
        assert "nothing was published" in caught.value.hint


def test_folders_that_cannot_be_published(write, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UsageError, match="is empty"):
        gather([Given(empty)])
    write("linked/model.onnx").with_name("elsewhere").symlink_to(tmp_path)
    with pytest.raises(EdgeOpsError, match=r"elsewhere: it is a symbolic link"):
        gather([Given(tmp_path / "mine/linked")])
    for number in range(51):
        write(f"many/{number}")
    with pytest.raises(UsageError, match="at most 50"):
        gather([Given(tmp_path / "mine/many")])


@pytest.mark.parametrize(
    "name", ["Labels (1).txt", ".hidden", "-x", "a/../b", "a//b", "/a", "übersicht", "x" * 129]
)
def test_a_name_that_devices_cannot_have_says_how_to_rename(write, name):
    with pytest.raises(UsageError, match="cannot be named") as caught:
        gather([Given(write("x"), name)])
    assert "--file NAME=PATH" in caught.value.hint


@pytest.mark.parametrize("name", ["own", "a/OWN/b", "current.json"])
def test_names_with_a_meaning_on_devices(write, name):
    with pytest.raises(UsageError, match="has a meaning of its own on devices"):
        gather([Given(write("x"), name)])


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ("a.txt", "A.TXT", "two files would be named a.txt and A.TXT"),
        ("a.txt", "a.txt", "two files would be named a.txt and a.txt"),
        ("a", "A/b", "a would be a file and the folder of A/b"),
        ("a/b/c", "a/b", "a/b would be a file and the folder of a/b/c"),
    ],
)
def test_names_that_exclude_each_other(write, one, other, message):
    with pytest.raises(UsageError, match=message):
        gather([Given(write("x"), one), Given(write("y"), other)])


@pytest.mark.parametrize("kind", ["PRIVATE", "RSA PRIVATE", "OPENSSH PRIVATE", "PGP PRIVATE"])
def test_a_private_key_is_not_published(write, tmp_path, kind):
    end = " BLOCK-----" if kind.startswith("PGP") else "-----"
    key = write("m/key.pem", f"a certificate\n-----BEGIN {kind} KEY{end}\nMC4C\n".encode())
    with tarfile.open(tmp_path / "m.tar.gz", "w:gz") as tar:
        tar.add(key.parent, ".")
    (tmp_path / "scratch").mkdir()
    for given in (Given(key), Given(key.parent), Given(tmp_path / "m.tar.gz")):
        with pytest.raises(EdgeOpsError, match=r"key\.pem holds a private key") as caught:
            gather([given], tmp_path / "scratch")
        assert caught.value.hint.startswith("nothing was published")
    assert names(Given(write("m.pub", b"-----BEGIN PUBLIC KEY-----\nMC4C\n"))) == ["m.pub"]


def test_an_archive_is_a_file_unless_it_is_to_be_unpacked(write, tmp_path):
    write("sm/saved_model.pb"), write("sm/variables/v.index")
    archive = tmp_path / "sm.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "mine/sm", ".")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert names(Given(archive)) == ["sm.tar.gz"]
    assert names(Given(archive), scratch=scratch) == ["saved_model.pb", "variables/v.index"]
    assert names(Given(archive, "m"), scratch=scratch) == [
        "m/saved_model.pb",
        "m/variables/v.index",
    ]
