"""Signed releases: a device with keys takes nothing that none of them signed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from edgeops.digest import digest_of_files
from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.modules.model_loader.status import SlotState
from edgeops.modules.model_loader.trust import TrustedKeys
from edgeops.signature import PrivateKey, PublicKey, sign, statement

OLD = b"the old model" * 100
NEW = bytes(range(256)) * 20
VISION = {"model.onnx": b"graph" * 1000, "labels/en.txt": b"cat\ndog\n"}


class Key:
    """A key pair; `pem` is the public one."""

    def __init__(self) -> None:
        private = Ed25519PrivateKey.generate()
        self.private = PrivateKey(private.private_bytes_raw())
        self.pem = pem(private)
        self.identity = PublicKey(private.public_key().public_bytes_raw()).identity

    def sign(self, value: dict[str, Any]) -> dict[str, Any]:
        """What the twin says of a model, with a signature by this key."""
        if "files" in value:
            files = [(file["name"], file["size"], file["sha256"]) for file in value["files"]]
        else:
            files = [(value["fileName"], value["size"], value["sha256"])]
        said = statement(
            value["name"], value["version"], value["format"], files, value.get("metadata", {})
        )
        signature = sign(said, self.private)
        return value | {"signature": {"key": signature.key, "value": signature.value}}


def pem(private: Any) -> bytes:
    return bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


@pytest.fixture
def ours() -> Key:
    return Key()


@pytest.fixture
def keys(tmp_path: Path, ours: Key) -> Path:
    """The folder of a device's keys, with ours."""
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "ours.pub").write_bytes(ours.pem)
    (folder / "README").write_text("not a key")
    return folder


@pytest.fixture
def device(make_device, keys):
    return make_device(keys=TrustedKeys(keys).read_keys)


@pytest.fixture(params=["one file", "several files"])
def release(request, server):
    """What the twin says of an unsigned release."""
    if request.param == "one file":
        return server.publish(NEW, "/new", metadata={"inputSize": "32"})
    return server.publish_set(VISION, "/v", metadata={"inputSize": "32"})


def test_a_signed_release_is_taken_and_the_report_says_by_whom(device, release, ours):
    status = device.bring(crowds=ours.sign(release))
    assert (status.state, status.error, status.signed_by) == (
        SlotState.READY,
        None,
        ours.identity,
    )
    assert device.reported()["models"]["crowds"]["signedBy"] == ours.identity


def test_without_keys_everything_is_taken_and_nobody_is_named(make_device, release, ours, tmp_path):
    device = make_device(keys=TrustedKeys(tmp_path / "absent").read_keys)
    assert device.bring(crowds=ours.sign(release)).state is SlotState.READY
    assert "signedBy" not in device.reported()["models"]["crowds"]
    assert device.bring(crowds=release).state is SlotState.READY


@pytest.fixture
def refused(device, server, ours):
    """Brings a signed model, then wants another: gives why it is refused."""
    old = ours.sign(server.publish(OLD, "/old", "old.onnx"))
    assert device.bring(crowds=old).error is None

    def bring(wanted: dict[str, Any]):
        requests = len(server.requests)
        status = device.bring(crowds=wanted)
        assert status.state is SlotState.ERROR
        assert len(server.requests) == requests, "it is refused before the download"
        assert device.runs(OLD), "the old model stays"
        assert device.reported()["models"]["crowds"]["version"] == "1.0.0"
        return status.error

    return bring


def test_an_unsigned_release_is_refused(refused, release, ours):
    error = refused(release)
    assert error.code is Code.NOT_SIGNED
    assert error.message == (
        f"{release['name']}@1.0.0: is not signed, and this device takes only what is signed by"
        f" {ours.identity}"
    )


def test_a_release_signed_by_a_stranger_is_refused(refused, release, ours):
    stranger = Key()
    error = refused(stranger.sign(release))
    assert error.code is Code.WRONG_SIGNATURE
    assert error.message == (
        f"{release['name']}@1.0.0 is signed by {stranger.identity}, and this device trusts"
        f" {ours.identity}"
    )


def test_the_name_of_our_key_is_not_our_signature(refused, release, ours):
    signed = Key().sign(release)
    signed["signature"]["key"] = ours.identity
    assert refused(signed).code is Code.WRONG_SIGNATURE


def other_files(value: dict[str, Any]) -> dict[str, Any]:
    """The same with another digest, as somebody says who can serve other bytes."""
    if "files" not in value:
        return {"sha256": "0" * 64}
    files = [value["files"][0], value["files"][1] | {"sha256": "0" * 64}]
    return with_files(files)


def with_files(files: list[dict[str, Any]]) -> dict[str, Any]:
    digest = digest_of_files((it["name"], it["size"], it["sha256"]) for it in files)
    return {"files": files, "sha256": digest}


TAMPERED = {
    "name": lambda value: {"name": "another"},
    "version": lambda value: {"version": "9.9.9"},
    "format": lambda value: {"format": "tflite"},
    "digest": other_files,
    "metadata": lambda value: {"metadata": {"inputSize": "64"}},
    "more metadata": lambda value: {"metadata": {"inputSize": "32", "a": "b"}},
    "no metadata": lambda value: {"metadata": {}},
    "name of the file": lambda value: (
        with_files([value["files"][1] | {"name": "x"}, value["files"][0]])
        if "files" in value
        else {"fileName": "x"}
    ),
    "size": lambda value: (
        with_files([value["files"][0] | {"size": 1}, value["files"][1]])
        if "files" in value
        else {"size": 1}
    ),
    "main file": lambda value: (
        with_files(value["files"][::-1]) if "files" in value else {"fileName": "z"}
    ),
    "one file more": lambda value: (
        with_files([*value["files"], value["files"][0] | {"name": "x"}])
        if "files" in value
        else {"fileName": "y"}
    ),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_release_that_is_not_what_was_signed_is_refused(refused, release, ours, what):
    signed = ours.sign(release)
    error = refused(signed | TAMPERED[what](signed))
    assert error.code is Code.WRONG_SIGNATURE
    assert "the signature is of something else" in error.message


@pytest.mark.parametrize("missing", ["size", "sha256"])
def test_what_is_not_bound_by_the_signature_is_refused(refused, server, ours, missing):
    signed = ours.sign(server.publish(NEW, "/new"))
    del signed[missing]
    assert refused(signed).code is Code.WRONG_SIGNATURE


def test_the_single_model_form_is_refused(device, server):
    wanted = server.publish(NEW, "/new")
    device.offer({"modelUrl": wanted["url"], "modelMd5": wanted["md5"], "modelFileName": "m.onnx"})
    device.work()
    assert device.flat.error.code is Code.NOT_SIGNED
    assert "the single-model form has no signatures" in device.flat.error.message
    assert server.requests == []


def test_a_model_that_is_there_is_checked_as_well(make_device, release, keys, ours):
    device = make_device()
    device.bring(crowds=release)
    held = device.current()
    device = make_device(keys=TrustedKeys(keys).read_keys)
    status = device.bring(crowds=release)
    assert status.error.code is Code.NOT_SIGNED
    assert device.current() == held == status.in_use, "what is in use stays"
    assert device.bring(crowds=ours.sign(release)).state is SlotState.READY
    assert device.current() == held


def test_a_key_is_replaced_without_a_restart(device, release, keys, ours):
    theirs = Key()
    device.bring(crowds=ours.sign(release))
    assert device.bring(crowds=theirs.sign(release)).error.code is Code.WRONG_SIGNATURE
    (keys / "theirs.pub").write_bytes(theirs.pem)
    assert device.later().signed_by == theirs.identity
    assert device.bring(crowds=ours.sign(release)).signed_by == ours.identity
    (keys / "ours.pub").unlink()
    device.offer({"models": {"crowds": ours.sign(release)}})
    device.work()
    assert device.status().error.code is Code.WRONG_SIGNATURE
    assert device.current() is not None
    assert device.bring(crowds=theirs.sign(release)).signed_by == theirs.identity


def test_a_refusal_is_looked_at_again_soon(device, release):
    device.want(crowds=release)
    waits = []
    for _ in range(6):
        waits.append(device.work())
        device.time[0] += waits[-1]
    assert waits == [60, 120, 240, 480, 600, 600], "a look costs nothing"


def test_going_back_to_an_older_signed_release_is_allowed(device, server, ours):
    old = ours.sign(server.publish(OLD, "/old", "old.onnx"))
    new = ours.sign(server.publish(NEW, "/new", version="1.1.0"))
    for wanted in (old, new, old):
        assert device.bring(crowds=wanted).state is SlotState.READY
    assert device.runs(OLD)


# --- key files -----------------------------------------------------------------------


def refuse_rsa(path: Path) -> None:
    path.write_bytes(pem(generate_private_key(public_exponent=65537, key_size=2048)))


def private_key(path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_text("not a key"),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\xff" * 100),
        lambda path: path.write_bytes(b"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"),
        lambda path: path.write_bytes(b" " * 100_000),
        lambda path: path.mkdir(),
        lambda path: path.symlink_to("gone"),
        os.mkfifo,
        refuse_rsa,
        private_key,
    ],
)
def test_with_a_key_file_that_cannot_be_used_nothing_is_taken(refused, release, keys, ours, harm):
    harm(keys / "broken.pub")
    error = refused(ours.sign(release))
    assert error.code is Code.KEY_UNREADABLE
    assert str(keys / "broken.pub") in error.message
    assert "key" in error.message.partition("; ")[2], "it says what to do"


@pytest.fixture
def nobody() -> Iterator[None]:
    """This process without root's rights."""
    if os.geteuid() != 0:
        yield
    else:
        os.seteuid(65534)
        yield
        os.seteuid(0)


@pytest.fixture
def unreadable(ours: Key) -> Iterator[Path]:
    """A folder, which everybody may enter, with a key that nobody may read."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "ours.pub").write_bytes(ours.pem)
        (folder / "ours.pub").chmod(0)
        yield folder


@pytest.fixture
def nobody_enters(unreadable: Path, nobody: None) -> Path:
    """A folder that nobody may look into."""
    os.seteuid(os.getuid())
    folder = unreadable / "closed"
    (folder / "trust").mkdir(parents=True)
    folder.chmod(0)
    if os.getuid() == 0:
        os.seteuid(65534)
    return folder


def test_a_key_file_that_we_may_not_read(unreadable, nobody):
    with pytest.raises(
        LoadFailed, match=r"ours\.pub cannot be read: Permission denied; make it .* user [0-9]+ may"
    ):
        TrustedKeys(unreadable).read_keys()


def test_a_folder_of_keys_that_is_a_file(tmp_path, ours):
    (tmp_path / "trust").write_text("")
    with pytest.raises(LoadFailed, match="trust is not a public key"):
        TrustedKeys(tmp_path / "trust").read_keys()
    (tmp_path / "trust").write_bytes(ours.pem)
    assert identities(TrustedKeys(tmp_path / "trust")) == {ours.identity}


def identities(trust: TrustedKeys) -> set[str]:
    return {key.identity for key in trust.read_keys()}


def test_keys_of_both_places_count(tmp_path, keys, ours):
    theirs, third = Key(), Key()
    file = tmp_path / "named.pem"
    file.write_bytes(theirs.pem + b"# the next one\n" + third.pem + ours.pem)
    absent = tmp_path / "absent"
    assert identities(TrustedKeys(keys)) == {ours.identity}
    assert identities(TrustedKeys(absent, keys)) == {ours.identity}
    assert identities(TrustedKeys(keys, file)) == {ours.identity, theirs.identity, third.identity}
    assert len(TrustedKeys(keys, file).read_keys()) == 3


def test_a_key_by_a_link_counts(tmp_path, ours):
    """As Kubernetes and configuration tools put files there."""
    folder = tmp_path / "trust"
    folder.mkdir()
    (tmp_path / "key").write_bytes(ours.pem)
    (folder / "ours.pub").symlink_to(tmp_path / "key")
    assert identities(TrustedKeys(folder)) == {ours.identity}


@pytest.mark.parametrize("other", [None, "key.PEM", "releases.txt", "releases.PUB", ".pub.swp"])
def test_a_folder_of_keys_must_have_one(tmp_path, ours, other):
    """Docker makes an empty one where the host has none."""
    absent, folder = tmp_path / "absent", tmp_path / "trust"
    folder.mkdir()
    if other:
        (folder / other).write_bytes(ours.pem)
    for trust in (TrustedKeys(folder), TrustedKeys(absent, folder)):
        with pytest.raises(LoadFailed) as failed:
            trust.read_keys()
        assert failed.value.fault.code is Code.KEY_UNREADABLE
        in_it = f"; {other} in it is not taken for one" if other else ""
        assert failed.value.fault.message == (
            f"{folder} has no public key *.pub{in_it}; put one there under such a name"
        )
    (folder / "ours.pub").write_bytes(ours.pem)
    assert identities(TrustedKeys(folder)) == {ours.identity}


@pytest.mark.parametrize("of", ["folder", "named"])
def test_a_place_of_keys_that_leads_nowhere_is_not_absent(tmp_path, of):
    places = {"folder": tmp_path / "absent", "named": None}
    (tmp_path / "trust").symlink_to("gone")
    with pytest.raises(LoadFailed, match="trust cannot be read: No such file"):
        TrustedKeys(**places | {of: tmp_path / "trust"}).read_keys()
    with pytest.raises(LoadFailed, match="none cannot be read: No such file"):
        TrustedKeys(tmp_path / "absent", tmp_path / "none").read_keys()


@pytest.mark.parametrize("of", ["folder", "named"])
def test_a_place_of_keys_that_we_may_not_enter(unreadable, nobody_enters, of):
    places = {"folder": unreadable / "absent", "named": None}
    with pytest.raises(LoadFailed, match="trust cannot be read: Permission denied"):
        TrustedKeys(**places | {of: nobody_enters / "trust"}).read_keys()
