"""Keys, signed releases, and what the Fleet trusts, from Python."""

import shutil
from dataclasses import replace

import pytest

from edgeops.api import (
    Workspace,
    list_releases,
    make_key,
    publish_files,
    sign_releases,
    validate,
    verify,
)
from edgeops.errors import EdgeOpsError, InvalidState, Refused, UsageError
from edgeops.publishing.files import ForLabels, Request
from edgeops.publishing.gather import Given

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec:
  hubs: {local: {}}
  trust: {releases: [keys/releases.pub]}
"""


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "model.pt"
    file.write_bytes(b"weights")
    return Given(file)


@pytest.fixture
def plain(tmp_path, listener):
    """A folder without a fleet, nor git."""
    (tmp_path / "models").mkdir()
    return Workspace(tmp_path, observer=listener)


@pytest.fixture
def pair(tmp_path):
    return make_key(tmp_path / "k.pem")


@pytest.fixture
def trusting(plain, pair):
    """A fleet that trusts the pair of keys."""
    for folder in ("fleet", "keys"):
        (plain.root / folder).mkdir()
    (plain.root / "fleet/fleet.yaml").write_text(FLEET)
    shutil.copy(pair.public, plain.root / "keys/releases.pub")
    return plain


def with_key(workspace, pair):
    return replace(workspace, environ={"EDGEOPS_SIGNING_KEY": pair.private.read_text()})


def test_files_are_signed_when_there_is_a_key(plain, pair, model):
    request = Request([model], version="1.0.0")
    assert publish_files(plain, "a", request).release.signature is None
    in_file = publish_files(plain, "b", request, key=pair.private).release.signature
    in_environment = publish_files(with_key(plain, pair), "c", request).release.signature
    assert in_file is not None
    assert in_environment is not None
    assert in_file.key == in_environment.key == pair.identity
    with pytest.raises(EdgeOpsError, match="there is no key to sign with"):
        publish_files(plain, "d", request, sign=True)


def test_the_fleet_says_whose_signature_it_wants(trusting, pair, model, tmp_path):
    request = Request([model], version="1.0.0")
    stranger = make_key(tmp_path / "stranger.pem")
    with pytest.raises(Refused, match="a release must be signed"):
        publish_files(trusting, "m", request)
    with pytest.raises(Refused, match=f"the key {stranger.identity} is not one that the Fleet"):
        publish_files(trusting, "m", request, key=stranger.private)
    assert not any((trusting.root / "models").rglob("*.yaml"))
    assert publish_files(trusting, "m", request, key=pair.private).new
    with pytest.raises(Refused, match="is not one that the Fleet trusts"):
        sign_releases(trusting, ["m@1.0.0"], key=stranger.private)


def test_what_the_fleet_trusts_must_be_known(trusting, pair, model):
    request = Request([model], version="1.0.0")
    (trusting.root / "keys/releases.pub").write_text("no key")
    with pytest.raises(InvalidState, match="is not a public key of Ed25519"):
        publish_files(trusting, "m", request, key=pair.private)
    (trusting.root / "fleet/fleet.yaml").write_text(FLEET.replace("hubs:", "hubz:"))
    with pytest.raises(InvalidState, match="the Fleet cannot be read"):
        publish_files(trusting, "m", request, key=pair.private)


@pytest.mark.parametrize("path", ["releases.pub", "keys", "keys.pub", "fleet/keys/releases.pub"])
def test_keys_are_where_a_change_starts_the_workflows(trusting, path):
    (trusting.root / "fleet/fleet.yaml").write_text(FLEET.replace("keys/releases.pub", path))
    (problem, *_) = validate(trusting).problems
    assert problem.message == f"`{path}` is not valid as key file"
    assert "below the folder keys/" in problem.hint


def test_a_signature_is_the_only_change_of_a_release_file(trusting, pair, model, listener):
    publish = Request([model], version="1.0.0", metadata={"a": "b"})
    (trusting.root / "keys").rename(trusting.root / "later")
    (trusting.root / "fleet").rename(trusting.root / "flat")
    file = trusting.root / publish_files(trusting, "m", publish).file
    (trusting.root / "later").rename(trusting.root / "keys")
    (trusting.root / "flat").rename(trusting.root / "fleet")
    text = "# mine\n" + file.read_text() + "# the end\n"
    file.write_text(text)

    (done,) = sign_releases(trusting, ["m@1.0.0"], key=pair.private)
    assert (done.key, done.new) == (pair.identity, True)
    lines = file.read_text().splitlines()
    added = [line for line in lines if line not in text.splitlines()]
    assert [line.split(":")[0] for line in added] == ["  signature", "    key", "    value"]
    assert [line for line in lines if line not in added] == text.splitlines()
    assert not sign_releases(trusting, ["m@1.0.0"], key=pair.private)[0].new
    assert not validate(trusting).problems
    # Publishing does the same at once, to the byte.
    assert publish_files(trusting, "m", publish, key=pair.private).new is False
    assert listener.notes == []


def test_an_unsigned_release_stays_as_it_is_and_says_how_to_sign_it(plain, pair, model, listener):
    request = Request([model], version="1.0.0")
    file = plain.root / publish_files(plain, "m", request).file
    before = file.read_bytes()
    assert not publish_files(plain, "m", request, key=pair.private).new
    assert file.read_bytes() == before
    assert listener.notes == [
        "note: m@1.0.0 was published without this signature: edgeops model sign m@1.0.0"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "spec: {{path: {path}, fileName: model.pt, size: 7, sha256: {sha256}, md5: {md5}, "
        "format: torchscript}}",
        "spec:\r\n  path: {path}\r\n  fileName: model.pt\r\n  size: 7\r\n  sha256: {sha256}\r\n"
        "  md5: {md5}\r\n  format: torchscript\r\n",
    ],
)
def test_release_files_as_people_write_them(plain, pair, model, text):
    done = publish_files(plain, "m", Request([model], version="1.0.0"))
    (file,) = done.release.files
    head = "apiVersion: edgeops/v1\nkind: ModelRelease\nmetadata: {name: m, version: 1.0.0}\n"
    body = text.format(path=file.path, sha256=file.sha256, md5=file.md5)
    newline = "\r\n" if "\r\n" in body else "\n"
    written = head.replace("\n", newline) + body
    (plain.root / done.file).write_bytes(written.encode())
    assert sign_releases(plain, ["m@1.0.0"], key=pair.private)[0].new
    after = (plain.root / done.file).read_bytes().decode()
    assert after.startswith(written.rstrip("}\r\n"))
    assert after.count(newline) == after.count("\n")
    assert not sign_releases(plain, ["m@1.0.0"], key=pair.private)[0].new


def test_each_variant_is_signed_and_can_be_signed_again(plain, pair, model, tmp_path):
    variants = [ForLabels({"class": "jetson"}, model), ForLabels({}, model)]
    file = plain.root / publish_files(plain, "m", Request(variants=variants, version="1.0.0")).file
    text = file.read_text()
    assert sign_releases(plain, ["m@1.0.0"], key=pair.private)[0].new
    once = file.read_text()
    assert once.count("    signature:\n") == 2
    other = make_key(tmp_path / "other.pem")
    assert sign_releases(plain, ["m@1.0.0"], key=other.private)[0].new
    assert file.read_text().count(other.identity) == 2
    assert sign_releases(plain, ["m@1.0.0"], key=pair.private)[0].new
    assert file.read_text() == once
    kept = [line for line in once.splitlines() if line in text.splitlines()]
    assert kept == text.splitlines()


def test_several_are_signed_or_none(trusting, pair, model):
    (trusting.root / "fleet/events.yaml").write_text(CONTEXT)
    for version in ("1.0.0", "2.0.0"):
        publish_files(trusting, "m", Request([model], version=version), key=pair.private)
        file = trusting.root / f"models/m/releases/{version}.yaml"
        file.write_text(file.read_text().partition("  signature:")[0])
    wanted = ["m@1.0.0", "city-events", "m@2.0.0", "m@1.0.0"]
    for unknown in ("m@3.0.0", "arena"):
        with pytest.raises(UsageError):
            sign_releases(trusting, [*wanted, unknown], key=pair.private)
    done = sign_releases(trusting, wanted, key=pair.private)
    assert [(each.release, each.new) for each in done] == [(name, True) for name in wanted[:3]]
    assert not any(each.new for each in sign_releases(trusting, wanted, key=pair.private))


def test_who_signed_a_release_is_seen(trusting, pair, model, tmp_path):
    stranger = make_key(tmp_path / "stranger.pem")
    file = (
        trusting.root
        / publish_files(trusting, "m", Request([model], version="1.0.0"), key=pair.private).file
    )

    def seen():
        (row,), (verified,) = list_releases(trusting), verify(trusting)
        assert row.signed_by == verified.signed_by
        return verified

    assert (seen().good, seen().signed_by) == (True, "keys/releases.pub")
    signed = file.read_text()
    file.write_text(signed.replace("torchscript", "engine"))
    assert not seen().good
    assert seen().checks[-1].reason == "this is not the release that keys/releases.pub signed"
    file.write_text(signed.replace(pair.identity, stranger.identity))
    assert (seen().good, seen().signed_by) == (True, stranger.identity)
    file.write_text(signed.partition("  signature:")[0])
    assert (seen().good, seen().signed_by) == (True, "unsigned")


def test_only_what_is_there_is_signed(plain, pair, model):
    done = publish_files(plain, "m", Request([model], version="1.0.0"))
    before = (plain.root / done.file).read_bytes()
    copy = plain.root / "models/m/releases/1.0.0/model.pt"
    copy.write_bytes(b"another")
    with pytest.raises(Refused, match=r"m@1\.0\.0 was not signed, .* the artifact changed"):
        sign_releases(plain, ["m@1.0.0"], key=pair.private)
    copy.unlink()
    shutil.rmtree(plain.state)
    with pytest.raises(Refused, match="is not in the store"):
        sign_releases(plain, ["m@1.0.0"], key=pair.private)
    assert (plain.root / done.file).read_bytes() == before


@pytest.mark.parametrize("reference", ["m", "m@2.0.0", "none@1.0.0", ""])
def test_releases_that_do_not_exist(plain, pair, model, reference):
    publish_files(plain, "m", Request([model], version="1.0.0"))
    with pytest.raises(UsageError):
        sign_releases(plain, [reference], key=pair.private)


def test_a_model_file_is_not_used_for_files(plain, model, listener):
    (plain.root / "models/m").mkdir()
    (plain.root / "models/m/model.yaml").write_text("kind: Model")
    assert publish_files(plain, "m", Request([model], version="1.0.0")).new
    assert listener.notes == [
        "m has a model.yaml, which is not used: the files are published as they are"
    ]


CONTEXT = """\
apiVersion: edgeops/v1
kind: Context
metadata: {name: city-events}
spec:
  events:  # of the city
  - {name: concert, start: 2026-12-01T18:00, end: 2026-12-01T23:00}
"""


def test_a_context_is_signed_where_it_is_and_again_after_a_change(trusting, pair):
    file = trusting.root / "fleet/events.yaml"
    file.write_text(f"{CONTEXT}---\n{CONTEXT.replace('city-events', 'arena')}")
    (done,) = sign_releases(trusting, ["city-events"], key=pair.private)
    assert (done.release, done.file.as_posix(), done.new) == (
        "city-events",
        "fleet/events.yaml",
        True,
    )
    first, second = file.read_text().split("---\n")
    assert first.startswith(CONTEXT)
    assert second == CONTEXT.replace("city-events", "arena")
    assert not sign_releases(trusting, ["city-events"], key=pair.private)[0].new
    assert validate(trusting).problems == ()
    file.write_text(file.read_text().replace("T23:00", "T22:00", 1))
    (problem,) = validate(trusting).problems
    assert problem.hint.endswith("edgeops model sign city-events")
    sign_releases(trusting, ["city-events"], key=pair.private)
    assert validate(trusting).problems == ()


def test_a_context_that_does_not_exist(trusting, pair):
    (trusting.root / "fleet/events.yaml").write_text(CONTEXT)
    with pytest.raises(UsageError, match="`city-event` is not a release") as failure:
        sign_releases(trusting, ["city-event"], key=pair.private)
    assert failure.value.hint == "did you mean `city-events`?"
