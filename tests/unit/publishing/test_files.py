"""Any files become a release: all its forms, versions, and what is refused."""

import dataclasses
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeops.artifacts.folder import FolderStore, seed
from edgeops.artifacts.store import ArtifactError
from edgeops.artifacts.verify import Found, check_copy, check_stored
from edgeops.digest import digest_of
from edgeops.errors import EdgeOpsError, Refused, UsageError
from edgeops.publishing.files import ForLabels, Request, publish_files
from edgeops.publishing.gather import Given
from edgeops.publishing.publish import PublishTarget
from edgeops.source.releases import load_releases


def files(folder: Path) -> list[str]:
    return sorted(
        file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()
    )


def loaded(root, reference):
    releases = load_releases(root)
    assert not releases.problems
    return releases.releases[reference].spec


def test_one_file_has_the_form_of_the_article(to, root, write):
    file = write("Model v2.tflite", b"weights")
    request = Request([Given(file, "model.tflite")], version="1.0.0", metadata={"inputSize": "32"})
    done = publish_files("vision", request, to)
    assert done.new
    assert done.url == "https://localhost/artifacts/vision/1.0.0/model.tflite"
    digest = digest_of([b"weights"])
    assert done.file.read_text() == (
        f"""\
# yaml-language-server: $schema=../../../schemas/modelrelease.schema.json
apiVersion: edgeops/v1
kind: ModelRelease
metadata:
  name: vision
  version: 1.0.0
spec:
  path: vision/1.0.0/model.tflite
  fileName: model.tflite
  size: 7
  sha256: {digest.sha256}
  md5: {digest.md5}
  format: tflite
  metadata:
    inputSize: "32"
"""
    )
    assert files(root) == [
        "models/vision/releases/1.0.0.yaml",
        "models/vision/releases/1.0.0/model.tflite",
    ]
    assert loaded(root, "vision@1.0.0") == done.release


def test_several_files_and_their_copies_in_git(to, root, write, tmp_path):
    given_files = [Given(write("model.onnx")), Given(write("en.txt", b"cat"), "labels/en.txt")]
    progress = []
    done = publish_files(
        "vision",
        Request(given_files, version="1.0.0"),
        to,
        progress=lambda *at: progress.append(at),
    )
    assert [file.name for file in done.release.files] == ["model.onnx", "labels/en.txt"]
    assert done.release.format == "onnx"
    assert files(tmp_path / "store/vision/1.0.0") == ["labels--en.txt", "model.onnx"]
    assert files(root)[1:] == [
        "models/vision/releases/1.0.0/labels--en.txt",
        "models/vision/releases/1.0.0/model.onnx",
    ]
    assert progress[-1] == (13, 13)  # of all files together
    assert loaded(root, "vision@1.0.0") == done.release
    copies = list(load_releases(root).copies("vision@1.0.0"))
    assert [check_copy(*copy).found for copy in copies] == [Found.SAME, Found.SAME]

    # The local hub of a fresh clone has them without any store.
    new = tmp_path / "artifacts"
    assert seed((("vision@1.0.0", *copy) for copy in copies), new) == ()
    assert files(new / "vision/1.0.0") == ["labels--en.txt", "model.onnx"]


def test_what_is_large_is_in_the_store_only(to, root, write):
    request = Request(
        [Given(write("a.pt", bytes(600))), Given(write("b", bytes(500)))], version="1.0.0"
    )
    small = dataclasses.replace(to, kept_in_git=1099)
    publish_files("vision", request, small)
    assert files(root) == ["models/vision/releases/1.0.0.yaml"]
    publish_files("vision", request, dataclasses.replace(to, kept_in_git=1100))
    assert len(files(root)) == 3


def test_variants_share_files_and_may_have_files_of_one_name(to, root, write):
    request = Request(
        files=[Given(write("labels.txt", b"cat"))],
        variants=[
            ForLabels({"class": "jetson", "os": "jp6"}, Given(write("a", b"for jp6"), "m.engine")),
            ForLabels({"class": "jetson"}, Given(write("b", b"for jetson"), "m.engine")),
            ForLabels({}, Given(write("m.onnx", b"for all"))),
        ],
        version="1.0.0",
    )
    done = publish_files("vision", request, to)
    assert [(dict(v.when), v.format, [f.name for f in v.files]) for v in done.release.variants] == [
        ({"class": "jetson", "os": "jp6"}, "engine", ["m.engine", "labels.txt"]),
        ({"class": "jetson"}, "engine", ["m.engine", "labels.txt"]),
        ({}, "onnx", ["m.onnx", "labels.txt"]),
    ]
    assert [file.path for file in done.release.every_file] == [
        f"vision/1.0.0/{name}" for name in ("m.engine", "labels.txt", "2-m.engine", "m.onnx")
    ]
    assert loaded(root, "vision@1.0.0") == done.release
    copies = load_releases(root).copies("vision@1.0.0")
    assert {check_copy(*copy).found for copy in copies} == {Found.SAME}
    chosen = done.release.chosen({"class": "jetson", "os": "jp5"})
    assert chosen is not None
    assert chosen.sha256 == loaded(root, "vision@1.0.0").chosen({"class": "jetson"}).sha256


def test_the_versions_of_a_model(to, write):
    def publish(data, version=None):
        return publish_files("m", Request([Given(write("m.pt", data))], version=version), to)

    with pytest.raises(UsageError, match="m has no release yet") as caught:
        publish(b"1")
    assert caught.value.hint == "--version 1.0.0"
    assert publish(b"1", "1.0.0").new
    assert not publish(b"1", "1.0.0").new
    assert publish(b"2", "").release.version == "1.1.0"  # as a workflow without a version says it
    assert publish(b"1").release.version == "1.0.0"  # it has one
    assert not publish(b"1").new
    with pytest.raises(Refused, match=r"m@1\.0\.0 is already published with other bytes") as caught:
        publish(b"2", "1.0.0")
    assert caught.value.hint == "a release never changes: publish as 1.2.0"
    with pytest.raises(UsageError, match="is not a version"):
        publish(b"3", "v2")


def test_other_metadata_is_another_release(to, write):
    request = Request([Given(write("m.pt"))], version="1.0.0")
    publish_files("m", request, to)
    with pytest.raises(Refused, match="with other paths, order of files, format or metadata"):
        publish_files("m", dataclasses.replace(request, metadata={"a": "b"}), to)
    with pytest.raises(Refused, match="with other paths, order of files, format or metadata"):
        publish_files("m", dataclasses.replace(request, format="other"), to)


def test_a_version_whose_release_file_was_lost_is_not_used_again(to, write):
    publish_files("m", Request([Given(write("m.pt", b"1"))], version="1.0.0"), to)
    publish_files("m", Request([Given(write("m.pt", b"2"))], version="1.1.0"), to).file.unlink()
    done = publish_files("m", Request([Given(write("m.pt", b"3"))]), to)
    assert done.release.version == "1.2.0"


@pytest.mark.parametrize("name", ["weights.bin", "model", "model.pb"])
def test_a_format_that_the_name_does_not_say(to, write, name):
    request = Request([Given(write(name))], version="1.0.0")
    with pytest.raises(UsageError, match="does not say which format") as caught:
        publish_files("m", request, to)
    assert "--format" in caught.value.hint
    done = publish_files("m", dataclasses.replace(request, format="mine"), to)
    assert done.release.format == "mine"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(), "there is nothing to publish"),
        (Request([Given(Path("m.onnx"))], unpack=True), "there is nothing to unpack"),
    ],
)
def test_requests_without_sense(to, request_, message):
    with pytest.raises(UsageError, match=message):
        publish_files("m", dataclasses.replace(request_, version="1.0.0"), to)


@pytest.mark.parametrize("name", ["", "../m", "a/b", ".m", "m" * 65, "m\n"])
def test_names_that_no_model_can_have(to, write, name):
    with pytest.raises(UsageError, match="is not a name for a model"):
        publish_files(name, Request([Given(write("m.pt"))], version="1.0.0"), to)


def test_a_variant_that_no_device_gets(to, write):
    variants = [
        ForLabels({}, Given(write("a.onnx"))),
        ForLabels({"class": "jetson"}, Given(write("b.engine"))),
    ]
    with pytest.raises(UsageError, match=r"no device gets the variant `class=jetson`"):
        publish_files("m", Request(variants=variants, version="1.0.0"), to)


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"a b": "x"}},
        {"metadata": {"a": "x" * 257}},
        {"metadata": {f"k{number}": "x" for number in range(21)}},
        {"format": "no such format"},
        {"files": [], "variants": [ForLabels({"cl ass": "x"}, Given(Path("m.pt")))]},
    ],
)
def test_what_a_release_file_cannot_hold_is_refused_before_anything_is_written(
    to, root, write, change, tmp_path, monkeypatch
):
    monkeypatch.chdir(write("m.pt").parent)
    request = Request([Given(Path("m.pt"))], version="1.0.0")
    with pytest.raises(EdgeOpsError, match=r"the release file of m@1\.0\.0 would not be valid"):
        publish_files("m", dataclasses.replace(request, **change), to)
    assert not (tmp_path / "store").exists()
    assert files(root) == []


def test_the_only_file_has_no_folder(to, write):
    request = Request([Given(write("m.pt"), "weights/m.pt")], version="1.0.0")
    with pytest.raises(UsageError, match="the only file of a release cannot be in a folder"):
        publish_files("m", request, to)


def test_onnx_without_its_weights(to, write):
    onnx = pytest.importorskip("onnx")
    numpy = pytest.importorskip("numpy")
    weights = onnx.numpy_helper.from_array(numpy.arange(600, dtype=numpy.float32), "w")
    model = onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], [weights]))
    path = write("model.onnx")
    onnx.save(model, path, save_as_external_data=True, location="model.onnx.data")
    request = Request([Given(path)], version="1.0.0")
    with pytest.raises(
        EdgeOpsError, match=r"weights in another file, 'model\.onnx\.data'"
    ) as caught:
        publish_files("m", request, to)
    assert caught.value.hint == f"add it: --file model.onnx.data={path}.data"
    both = [Given(path), Given(path.with_name("model.onnx.data"))]
    assert publish_files("m", dataclasses.replace(request, files=both), to).new


def test_a_file_that_changes_while_it_is_published(to, root, write):
    path = write("m.pt", b"before")

    class Slow(FolderStore):
        def put(self, file, *rest):
            path.write_bytes(b"after!")
            return super().put(file, *rest)

    slow = dataclasses.replace(to, store=Slow(root.parent / "slow", ""))
    with pytest.raises(ArtifactError, match="it was modified"):
        publish_files("m", Request([Given(path)], version="1.0.0"), slow)
    assert files(root) == []
    assert files(root.parent / "slow") == []


@pytest.mark.parametrize("link", ["models", "models/m", "models/m/releases/1.0.0"])
def test_nothing_is_written_through_links(to, root, write, tmp_path, link):
    (tmp_path / "elsewhere").mkdir()
    (root / link).parent.mkdir(parents=True, exist_ok=True)
    (root / link).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EdgeOpsError, match=f"{link} is a symbolic link"):
        publish_files("m", Request([Given(write("m.pt"))], version="1.0.0"), to)
    assert files(tmp_path / "elsewhere") == []


PARTS = st.text("abZ9_.+-", min_size=1, max_size=4).filter(lambda part: part[0] not in ".+-")
NAMES = st.lists(PARTS, min_size=1, max_size=3).map("/".join)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(NAMES, st.binary(min_size=1, max_size=40), min_size=1, max_size=6))
def test_what_is_published_is_what_was_given_or_is_refused(contents):
    with TemporaryDirectory() as folder:
        base = Path(folder)
        given_files = []
        for index, (name, data) in enumerate(contents.items()):
            (base / str(index)).write_bytes(data)
            given_files.append(Given(base / str(index), name))
        (base / "repo").mkdir()
        to = PublishTarget(base / "repo", FolderStore(base / "store", "https://localhost"))
        request = Request(given_files, version="1.0.0", format="mine")
        try:
            done = publish_files("m", request, to)
        except EdgeOpsError:
            assert not (base / "store").exists()
            assert files(base / "repo") == []
            return
        releases = load_releases(base / "repo")
        assert not releases.problems
        assert releases.releases["m@1.0.0"].spec == done.release
        assert {file.name for file in done.release.files} == set(contents)
        for file, copy in releases.copies("m@1.0.0"):
            assert copy.read_bytes() == contents[file.name]
            assert check_stored(file, to.store).found is Found.SAME
        assert not publish_files("m", request, to).new
