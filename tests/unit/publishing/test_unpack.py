"""Archives are taken apart without trust in what they say."""

import gzip
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


def header(kind, size, data=b""):
    """A header of a tar that describes the next member, with what follows it."""
    info = special("x", kind)
    info.size = size
    return info.tobuf(tarfile.USTAR_FORMAT) + data.ljust(512, b"\0")


BOMBS = {
    "a long description": header(tarfile.XHDTYPE, 2 << 20) + bytes(2 << 20),
    "a long name": header(tarfile.GNUTYPE_LONGNAME, 2 << 20) + b"a" * (2 << 20),
    "descriptions of descriptions": header(tarfile.XHDTYPE, 10, b"10 a=bcde\n") * 1000,
    "no number": header(tarfile.XHDTYPE, 28, b"28 GNU.sparse.map=x,y,z,1,2\n") * 2,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_an_archive_says_of_its_files_is_bounded(tmp_path, scratch, bomb):
    (tmp_path / "m.tar.gz").write_bytes(gzip.compress(BOMBS[bomb]))
    with pytest.raises(EdgeOpsError, match=r"says more than 1 MB|cannot unpack"):
        unpacked(tmp_path / "m.tar.gz", scratch)
    assert not any(scratch.iterdir())


def test_a_zip_of_very_many_files_is_not_listed(tmp_path, scratch):
    many = zipped(tmp_path / "m.zip", [(f"{number:0100}", b"") for number in range(8000)])
    with pytest.raises(EdgeOpsError, match="says more than 1 MB about its files"):
        unpacked(many, scratch)


def test_a_sparse_file(tmp_path, scratch):
    """A few bytes that stand for any number."""
    said = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "s"}
    info = tarfile.TarInfo("s")
    info.pax_headers = said | {"GNU.sparse.realsize": str(1 << 40)}
    archive = tar(tmp_path / "m.tar", [(info, b"1\n0\n0\n".ljust(512, b"\0"))], "w")
    with pytest.raises(EdgeOpsError, match=r"'s' in .* is sparse"):
        unpacked(archive, scratch)


def test_a_zip_whose_members_cannot_be_bounded(tmp_path, scratch):
    """A block of bzip2 is unpacked at once, to twenty thousand times its size."""
    with zipfile.ZipFile(tmp_path / "m.zip", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a", bytes(1000))
    with pytest.raises(EdgeOpsError, match="pack it with deflate"):
        unpacked(tmp_path / "m.zip", scratch)
