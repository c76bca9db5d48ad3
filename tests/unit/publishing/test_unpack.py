"""Archives are taken apart without trust in what they say."""

import io
import stat
import tarfile
import zipfile

import pytest

from edgeops.errors import EdgeOpsError
from edgeops.publishing.unpack import unpacked


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def tar(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for member, data in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def zipped(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def special(name, kind, leads_to=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, leads_to
    return info


MEMBERS = [("./model.onnx", b"model"), ("labels/en.txt", b"cat\ndog\n")]


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: tar(folder / "m.tar.gz", MEMBERS),
        lambda folder: tar(folder / "M.TGZ", MEMBERS),
        lambda folder: tar(folder / "m.tar", MEMBERS, "w"),
        lambda folder: zipped(folder / "m.zip", [("labels/", b""), *MEMBERS]),
    ],
)
def test_each_kind_of_archive(make, tmp_path, scratch):
    files = unpacked(make(tmp_path), scratch)
    assert [(name, path.read_bytes()) for name, path in files] == [
        ("labels/en.txt", b"cat\ndog\n"),
        ("model.onnx", b"model"),
    ]
    assert all(path.parent == scratch for _, path in files)


def test_no_member_is_written_where_its_name_leads(tmp_path, scratch):
    archive = tar(tmp_path / "m.tar", [("../../escaped", b"x"), (f"{tmp_path}/there", b"y")], "w")
    files = unpacked(archive, scratch)
    assert [path.parent for _, path in files] == [scratch, scratch]  # and no such name is accepted
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (tarfile.SYMTYPE, "is not a file, but a link"),
        (tarfile.LNKTYPE, "is not a file, but a link"),
        (tarfile.FIFOTYPE, "is not a file"),
        (tarfile.CHRTYPE, "is not a file"),
    ],
)
def test_links_and_devices_in_a_tar(tmp_path, scratch, kind, message):
    archive = tar(tmp_path / "m.tar", [(special("x", kind, "/etc/passwd"), b"")], "w")
    with pytest.raises(EdgeOpsError, match=message):
        unpacked(archive, scratch)


def test_links_and_secrets_in_a_zip(tmp_path, scratch):
    link = zipfile.ZipInfo("x")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(EdgeOpsError, match="is not a file, but a link"):
        unpacked(zipped(tmp_path / "m.zip", [(link, b"/etc/passwd")]), scratch)
    data = bytearray(zipped(tmp_path / "n.zip", [("x", b"x")]).read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "n.zip").write_bytes(data)
    with pytest.raises(EdgeOpsError, match="is encrypted"):
        unpacked(tmp_path / "n.zip", scratch)


def test_an_archive_that_grows_is_stopped(tmp_path, scratch):
    bombs = tar(tmp_path / "m.tar.gz", [("a", bytes(60_000)), ("b", bytes(60_000))])
    assert len(unpacked(bombs, scratch, most=120_000)) == 2
    with pytest.raises(EdgeOpsError, match="holds more than"):
        unpacked(bombs, scratch, most=119_999)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([], "has no files"),
        ([("a", b"1"), ("./a", b"2")], "two files named 'a'"),
        ([(f"{number}", b"x") for number in range(52)], "too many files"),
        (
            [(special(f"{number}", tarfile.DIRTYPE), b"") for number in range(1100)],
            "too many files",
        ),
    ],
)
def test_archives_that_are_not_a_release(tmp_path, scratch, members, message):
    with pytest.raises(EdgeOpsError, match=message):
        unpacked(tar(tmp_path / "m.tar", members, "w"), scratch)


@pytest.mark.parametrize("name", ["m.tar.gz", "m.tar", "m.zip"])
@pytest.mark.parametrize("damage", ["cut", "other"])
def test_damaged_archives(tmp_path, scratch, name, damage):
    make = (
        zipped
        if name.endswith("zip")
        else lambda path, m: tar(path, m, "w:gz" if ".gz" in name else "w")
    )
    path = make(tmp_path / name, [("a", bytes(range(256)) * 40)])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] if damage == "cut" else b"not an archive" * 9)
    with pytest.raises(EdgeOpsError, match="cannot unpack"):
        unpacked(path, scratch)
