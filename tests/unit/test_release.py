"""Releases: which files a device gets, and what its twin says of them."""

from edgeops.digest import digest_of_files
from edgeops.release import ModelRelease, ReleaseFile, Signature, Variant

ONE = ReleaseFile("m.onnx", 10, "aa", "bb", path="m/m.onnx")
TWO = ReleaseFile("labels/en.txt", 5, "cc", url="https://h/en.txt")
SIGNATURE = Signature("60303ae22b998861", "xx==")


def test_a_release_of_one_file_is_told_by_the_digest_of_that():
    release = ModelRelease("m", "1.0.0", "onnx", (ONE,))
    assert (release.sha256, release.size, release.every_file) == ("aa", 10, (ONE,))
    assert release.twin_value("https://s/") == {
        "name": "m",
        "version": "1.0.0",
        "url": "https://s/m/m.onnx",
        "fileName": "m.onnx",
        "size": 10,
        "sha256": "aa",
        "md5": "bb",
        "format": "onnx",
    }


def test_an_md5_that_is_not_known_is_not_in_the_twin():
    release = ModelRelease("m", "1.0.0", "onnx", (ReleaseFile("m", 1, "aa", path="m"),))
    assert "md5" not in release.twin_value("https://s")


def test_several_files_have_a_digest_of_all_whatever_their_order():
    release = ModelRelease(
        "m", "1.0.0", "x", (ONE, TWO), metadata=(("a", "b"),), signature=SIGNATURE
    )
    digest = digest_of_files([("labels/en.txt", 5, "cc"), ("m.onnx", 10, "aa")])
    assert (release.sha256, release.size) == (digest, 15)
    assert ModelRelease("m", "1.0.0", "x", (TWO, ONE)).sha256 == digest
    assert release.twin_value("https://s") == {
        "name": "m",
        "version": "1.0.0",
        "files": [
            {"name": "m.onnx", "url": "https://s/m/m.onnx", "size": 10, "sha256": "aa"},
            {"name": "labels/en.txt", "url": "https://h/en.txt", "size": 5, "sha256": "cc"},
        ],
        "sha256": digest,
        "format": "x",
        "metadata": {"a": "b"},
        "signature": {"key": "60303ae22b998861", "value": "xx=="},
    }


def test_a_device_gets_the_first_variant_with_all_its_labels():
    jetson = Variant((("class", "jetson"),), "engine", (ONE,), SIGNATURE)
    rest = Variant((), "onnx", (ONE, TWO))
    release = ModelRelease("m", "1.0.0", metadata=(("a", "b"),), variants=(jetson, rest))
    chosen = release.chosen({"class": "jetson", "site": "x"})
    assert chosen == ModelRelease("m", "1.0.0", "engine", (ONE,), (("a", "b"),), SIGNATURE)
    assert chosen.sha256 == "aa"
    other = release.chosen({})
    assert (other.files, other.signature) == ((ONE, TWO), None)
    assert ModelRelease("m", "1.0.0", variants=(jetson,)).chosen({"class": "rpi4"}) is None
    assert release.every_file == (ONE, TWO)
    plain = ModelRelease("m", "1.0.0", "onnx", (ONE,))
    assert plain.chosen({}) is plain
