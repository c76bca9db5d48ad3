"""Publishing a build: gates first, the release file last, nothing half-done."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edgeops.artifacts.folder import FolderStore
from edgeops.artifacts.open import open_store
from edgeops.artifacts.store import ArtifactError
from edgeops.artifacts.verify import promised
from edgeops.digest import digest_of
from edgeops.errors import EdgeOpsError, InvalidState, Refused, UsageError
from edgeops.fleet.model import ArtifactTarget, StoreKind
from edgeops.source.releases import load_releases
from edgeops.training.build import Build
from edgeops.training.evaluate.scorecard import Scorecard, Verdict
from edgeops.training.publish import publish

DATA = b"a model, made of bytes"
PASSED = Verdict("wape", 0.07, True, "wape is 0.07, at most 0.08")
ON_DEVICE = Verdict(
    "device_difference", 3e-7, True, "device_difference is 3e-07, at most 0.0001: 24 forecasts"
)
FAILED = Verdict("coverage_80", 0.6, False, "coverage_80 is 0.6, below the minimum 0.77")


@pytest.fixture
def store(tmp_path):
    return FolderStore(tmp_path / "store", "https://localhost/artifacts")


@pytest.fixture
def build(tmp_path):
    def make(data=DATA, gates=(PASSED,), card="<h1>card</h1>", device=(ON_DEVICE,)):
        folder = tmp_path / "build"
        (folder / "evaluation").mkdir(parents=True, exist_ok=True)
        (folder / "model.onnx").write_bytes(data)
        (folder / "evaluation/card.html").write_text(card)
        scorecard = Scorecard(
            "m", ("total",), 1, (0.5,), parts={}, metrics={"wape": 0.07}, gates=(*gates, *device)
        )
        return Build(folder, folder / "model.onnx", scorecard, {"commit": "c0ffee"})

    return make


@pytest.fixture
def root(tmp_path):
    return tmp_path / "repo"


def files(folder: Path) -> list[str]:
    return sorted(
        file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()
    )


def test_a_build_becomes_a_release(build, root, store, tmp_path):
    progress = []
    done = publish(build(), root=root, store=store, progress=lambda *at: progress.append(at))
    assert (done.release.reference, done.new) == ("m@1.0.0", True)
    assert promised(done.release.files[0]) == digest_of([DATA])
    assert done.url == "https://localhost/artifacts/m/1.0.0/m-1.0.0.onnx"
    assert files(root) == [
        "models/m/releases/1.0.0.html",
        "models/m/releases/1.0.0.yaml",
        "models/m/releases/m-1.0.0.onnx",
    ]
    assert (tmp_path / "store/m/1.0.0/m-1.0.0.onnx").read_bytes() == DATA
    loaded = load_releases(root)
    assert loaded.releases["m@1.0.0"].spec == done.release
    assert [copy.read_bytes() for _, copy in loaded.copies("m@1.0.0")] == [DATA]
    spec = loaded.releases["m@1.0.0"].document.value["spec"]
    assert spec["metrics"] == {"wape": 0.07}
    assert spec["gates"] == [PASSED.reason, ON_DEVICE.reason]
    assert spec["provenance"] == {"commit": "c0ffee"}
    assert progress[-1] == (len(DATA), len(DATA))


def test_a_release_says_what_the_model_must_be_told_ahead(build, root, store):
    made = replace(build(), context=("event:market", "event:a: b", "weather:rain"))
    done = publish(made, root=root, store=store)
    loaded = load_releases(root).releases["m@1.0.0"]
    assert loaded.document.value["spec"]["context"] == {
        "events": ["market", "a: b"],
        "weather": ["rain"],
    }
    assert loaded.spec.context == done.release.context == made.context
    assert not publish(made, root=root, store=store).new


def test_a_gate_that_fails_publishes_nothing(build, root, store, tmp_path):
    with pytest.raises(Refused, match=r"m does not pass its gates: coverage_80 is 0\.6") as refused:
        publish(build(gates=(PASSED, FAILED)), root=root, store=store)
    assert refused.value.exit_code == 5
    assert not root.exists()
    assert not (tmp_path / "store").exists()


def test_a_build_that_no_device_has_tried_is_not_published(build, root, store):
    """As those are that an older edgeops evaluated."""
    with pytest.raises(Refused, match="did not check it as a device") as refused:
        publish(build(device=()), root=root, store=store)
    assert refused.value.hint == "run `edgeops model evaluate m` again"
    assert not root.exists()


def test_the_same_build_again_changes_nothing(build, root, store):
    first = publish(build(), root=root, store=store)
    text = (root / first.file).read_bytes()
    again = publish(build(), root=root, store=store)
    assert (again.release, again.new) == (first.release, False)
    assert publish(build(), root=root, store=store, version="1.0.0").new is False
    assert (root / first.file).read_bytes() == text
    assert len(files(root)) == 3


def test_a_release_must_have_been_compared_with_the_one_before(build, root, store):
    alone = Verdict("wape_vs_champion", None, True, "no release to compare with")
    first = build(gates=(alone,))
    publish(first, root=root, store=store)
    assert publish(first, root=root, store=store).new is False
    with pytest.raises(Refused, match="m was not compared with its last release"):
        publish(build(b"new", gates=(alone,)), root=root, store=store)
    compared = Verdict("wape_vs_champion", 0.99, True, "wape_vs_champion is 0.99, at most 1")
    done = publish(build(b"new", gates=(compared,)), root=root, store=store)
    assert done.release.version == "1.1.0"


def test_plots_are_kept_beside_the_card(build, root, store):
    made = build()
    (made.folder / "evaluation/week.png").write_bytes(b"a picture")
    release = root / publish(made, root=root, store=store).file
    assert release.with_name("1.0.0-week.png").read_bytes() == b"a picture"


def test_nothing_is_written_through_links(build, root, store, tmp_path):
    (tmp_path / "mine").write_text("mine")
    folder = root / "models/m/releases"
    folder.mkdir(parents=True)
    made = build()
    (made.folder / "evaluation/week.png").write_bytes(b"a picture")
    for name in ("1.0.0.html", "1.0.0-week.png"):
        (folder / name).symlink_to(tmp_path / "mine")
    publish(made, root=root, store=store)
    assert (tmp_path / "mine").read_text() == "mine"
    assert (folder / "1.0.0.html").read_text() == "<h1>card</h1>"
    assert not any(file.is_symlink() for file in folder.iterdir())


@pytest.mark.parametrize("link", ["models", "models/m", "models/m/releases"])
def test_a_folder_of_releases_that_is_elsewhere(build, root, store, tmp_path, link):
    (tmp_path / "elsewhere/m/releases").mkdir(parents=True)
    (root / link).parent.mkdir(parents=True, exist_ok=True)
    (root / link).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EdgeOpsError, match=f"cannot write .*: {link} is a symbolic link") as caught:
        publish(build(), root=root, store=store)
    assert "nothing was published" in caught.value.hint
    assert files(tmp_path / "elsewhere") == []
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/stdin", "nowhere", "../../../../mine"])
def test_a_copy_in_git_that_is_a_link(build, root, store, tmp_path, target):
    (tmp_path / "mine").write_bytes(DATA)
    folder = root / "models/m/releases"
    folder.mkdir(parents=True)
    (folder / "m-1.0.0.onnx").symlink_to(target)
    with pytest.raises(EdgeOpsError, match=r"m-1.0.0.onnx is a symbolic link"):
        publish(build(), root=root, store=store)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("target", ["/etc/hostname", "/dev/zero"])
def test_a_plot_that_is_not_of_the_build_is_not_copied(build, root, store, target):
    made = build()
    (made.folder / "evaluation/week.png").symlink_to(target)
    with pytest.raises(EdgeOpsError, match=r"cannot copy .*week.png is a symbolic link"):
        publish(made, root=root, store=store)
    assert not any("week" in name or name.endswith(".yaml") for name in files(root))


def test_a_version_that_never_came_to_git_is_passed_over(build, root, store, tmp_path):
    publish(build(), root=tmp_path / "a branch that was deleted", store=store)
    publish(build(b"another"), root=tmp_path / "another one", store=store, version="1.1.0")
    assert publish(build(b"new"), root=root, store=store).release.version == "1.2.0"


def test_the_card_of_a_release_stays_as_it_was(build, root, store):
    card = root / publish(build(), root=root, store=store).file.with_name("1.0.0.html")
    publish(build(card="judged again"), root=root, store=store)
    assert card.read_text() == "<h1>card</h1>"


def test_another_build_is_the_next_version(build, root, store):
    publish(build(), root=root, store=store)
    assert publish(build(b"trained again"), root=root, store=store).release.version == "1.1.0"
    named = publish(build(b"trained once more"), root=root, store=store, version="2.0.0-rc.1")
    assert named.release.files[0].name == "m-2.0.0-rc.1.onnx"
    assert publish(build(b"and released"), root=root, store=store).release.version == "2.0.0"


def test_a_version_never_gets_other_bytes(build, root, store, tmp_path):
    publish(build(), root=root, store=store)
    with pytest.raises(Refused, match=r"m@1\.0\.0 is already published") as refused:
        publish(build(b"other"), root=root, store=store, version="1.0.0")
    assert "publish as 1.1.0" in refused.value.hint
    # Nor when git does not know of it, but the store does.
    with pytest.raises(Refused, match="already published with other bytes"):
        publish(build(b"other"), root=tmp_path / "elsewhere", store=store, version="1.0.0")
    assert not (tmp_path / "elsewhere").exists()


def test_a_store_that_cannot_be_reached_leaves_no_release(build, root, unused_blob_store):
    with pytest.raises(ArtifactError, match="cannot be reached"):
        publish(build(), root=root, store=unused_blob_store)
    assert not root.exists()


@pytest.fixture
def unused_blob_store(tmp_path):
    """A GitHub release store whose host does not resolve."""
    target = ArtifactTarget(
        "https://git.example/contoso/fleet/releases/download", StoreKind.GITHUB_RELEASE
    )
    return open_store(target, {"GITHUB_TOKEN": "none"}, folder=tmp_path)


class Forgetful(FolderStore):
    """A store that gives back something else than it got."""

    @contextmanager
    def open(self, name):
        yield iter([b"something else"])


def test_a_store_that_does_not_hold_what_it_got_leaves_no_release(build, root, tmp_path):
    with pytest.raises(ArtifactError, match="the store holds another file as m/1"):
        publish(build(), root=root, store=Forgetful(tmp_path / "store", ""))
    assert not root.exists()


@pytest.mark.parametrize("left", [1, 2, 3])
def test_publishing_again_finishes_what_was_cut_off(build, root, store, left):
    whole = publish(build(), root=root, store=store)
    text = (root / whole.file).read_bytes()
    for name in ("1.0.0.yaml", "1.0.0.html", "m-1.0.0.onnx")[:left]:
        (root / whole.file.parent / name).unlink()
    again = publish(build(), root=root, store=store)
    assert (again.release, again.new) == (whole.release, True)
    assert (root / whole.file).read_bytes() == text
    assert len(files(root)) == 3


def test_a_large_artifact_is_in_the_store_only(build, root, store, tmp_path):
    publish(build(), root=root, store=store, kept_in_git=len(DATA) - 1)
    assert files(root / "models/m/releases") == ["1.0.0.html", "1.0.0.yaml"]
    assert files(tmp_path / "store") == ["m/1.0.0/m-1.0.0.onnx"]


def test_bad_input_says_what_is_wrong(build, root, store):
    with pytest.raises(UsageError, match=r"`1\.0` is not a version"):
        publish(build(), root=root, store=store, version="1.0")
    made = build()
    made.artifact.unlink()
    with pytest.raises(EdgeOpsError, match="cannot read the artifact"):
        publish(made, root=root, store=store)
    broken = root / "models/m/releases/0.1.0.yaml"
    broken.parent.mkdir(parents=True)
    broken.write_text("kind: [")
    with pytest.raises(InvalidState, match=r"models/m/releases/0\.1\.0\.yaml:2:1: is not YAML"):
        publish(build(), root=root, store=store)
