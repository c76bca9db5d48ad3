"""Signatures bind everything that a device gets of a release."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.errors import EdgeOpsError
from edgeops.release import ModelRelease, ReleaseFile, Signature, Variant
from edgeops.signature import (
    PrivateKey,
    is_signed,
    new_key,
    public_key_of,
    read_private_key,
    read_public_key,
    signed,
    statement,
    statements,
)

KEY, OTHER = PrivateKey(bytes(range(32))), PrivateKey(bytes(32))
FILES = (
    ReleaseFile("model.onnx", 3, "a" * 64, path="vision/1.0.0/model.onnx"),
    ReleaseFile("labels.txt", 2, "b" * 64, path="vision/1.0.0/labels.txt"),
)
RELEASE = ModelRelease("vision", "1.0.0", "onnx", FILES, (("inputSize", "32"),))
BY_CLASS = ModelRelease(
    "vision",
    "1.0.0",
    metadata=(("inputSize", "32"),),
    variants=(
        Variant((("class", "jetson"),), "engine", FILES[:1]),
        Variant((), "onnx", FILES),
    ),
)


PUBLIC = public_key_of(KEY)


def verified(release, keys=(PUBLIC,)):
    return [
        signature is not None and is_signed(said, signature, keys)
        for said, signature in statements(release)
    ]


def test_the_statement_never_changes_its_form():
    """Devices that were built years ago must find the same bytes."""
    assert statement("m", "1.0.0", "onnx", [("b", 2, "d2"), ("a", 1, "d1")], {"k": "ü"}) == (
        b'{"files":[["b",2,"d2"],["a",1,"d1"]],"format":"onnx","metadata":{"k":"\\u00fc"},'
        b'"name":"m","statement":"edgeops release 1","version":"1.0.0"}'
    )
    assert signed(RELEASE, KEY).signature == Signature(
        "56475aa75463474c",
        "7HkbT2R3F5Jgy/S056Q05iW0x/+CWuU4fbqw1TH5SMw5cn/E6HXo51y7wbNTNDeI9aex2dvnaM3hTSuOC7riCw==",
    )


def test_a_release_and_each_variant_are_signed():
    assert verified(RELEASE) == [False]
    assert verified(signed(RELEASE, KEY)) == [True]
    assert verified(signed(BY_CLASS, KEY)) == [True, True]
    assert signed(signed(RELEASE, OTHER), KEY) == signed(RELEASE, KEY)
    assert verified(signed(RELEASE, OTHER)) == [False]
    assert verified(signed(RELEASE, OTHER), [public_key_of(KEY), public_key_of(OTHER)]) == [True]
    assert verified(signed(RELEASE, KEY), []) == [False]


def test_a_variant_has_the_signature_of_what_its_devices_get():
    release = signed(BY_CLASS, KEY)
    for labels in ({"class": "jetson"}, {}):
        assert verified(release.chosen(labels)) == [True]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"version": "1.0.1"},
        {"format": "tflite"},
        {"metadata": ()},
        {"metadata": (("inputSize", "64"),)},
        {"files": FILES[:1]},
        {"files": FILES[::-1]},  # another one would be the main file
        {"files": (FILES[0], replace(FILES[1], name="other.txt"))},
        {"files": (FILES[0], replace(FILES[1], sha256="c" * 64))},
        {"files": (FILES[0], replace(FILES[1], size=3))},
    ],
)
def test_no_part_can_be_exchanged(change):
    assert verified(replace(signed(RELEASE, KEY), **change)) == [False]


def test_where_a_file_is_does_not_matter():
    moved = tuple(replace(file, path=None, url=f"https://cdn/{file.name}") for file in FILES)
    assert verified(replace(signed(RELEASE, KEY), files=moved)) == [True]


@given(st.binary(max_size=80), st.text(max_size=90))
def test_no_other_value_is_a_signature(said, value):
    identity = public_key_of(KEY).identity
    assert not is_signed(said, Signature(identity, value), [public_key_of(KEY)])


def test_keys_are_read_from_pem_only():
    private, public, key = new_key()
    assert read_public_key(public, "k.pub") == key
    assert public_key_of(read_private_key(private, "k.pem")) == key
    for text in (b"", key.data, private, public[:60], b"\xff" * 99):
        with pytest.raises(EdgeOpsError, match=r"k\.pub is not a public key of Ed25519 in PEM"):
            read_public_key(text, "k.pub")
    for text in (b"", public, private[:60]):
        with pytest.raises(EdgeOpsError, match=r"k\.pem is not a private key") as caught:
            read_private_key(text, "k.pem")
        assert "edgeops model key" in caught.value.hint


def test_other_kinds_of_keys_and_passwords():
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    ours = ed25519.Ed25519PrivateKey.generate()
    locked = ours.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.BestAvailableEncryption(b"x")
    )
    other = ec.generate_private_key(ec.SECP256R1())
    plain = form.NoEncryption()
    not_ours = other.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, plain)
    public = other.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    )
    for text in (locked, not_ours):
        with pytest.raises(EdgeOpsError, match="without a password"):
            read_private_key(text, "k.pem")
    with pytest.raises(EdgeOpsError, match="is not a public key of Ed25519"):
        read_public_key(public, "k.pub")


def test_a_private_key_is_not_in_its_repr():
    assert repr(KEY) == "PrivateKey()"
