"""Signatures of releases: who vouches for the files of a version.

The statement binds the name, the version, the format, the metadata, and the name, size and digest
of every file, in order: the main one is first. Ed25519 (RFC 8032) by the package `cryptography`,
which is imported where needed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.release import ModelRelease, Signature, Variant

_STATEMENT = "edgeops release 1"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key of Ed25519: its 32 bytes."""

    data: bytes

    @property
    def identity(self) -> str:
        """What a signature says of its key: the first 16 digits of its SHA-256."""
        return hashlib.sha256(self.data).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key of Ed25519: its 32 bytes, a secret."""

    data: bytes = field(repr=False)


def statement(
    name: str,
    version: str,
    model_format: str,
    files: Iterable[tuple[str, int, str]],
    metadata: Mapping[str, str],
) -> bytes:
    """The bytes that are signed; `files` are names, sizes and SHA-256 digests, main file first."""
    value = {
        "statement": _STATEMENT,
        "name": name,
        "version": version,
        "format": model_format,
        "files": [[file, size, sha256] for file, size, sha256 in files],
        "metadata": dict(metadata),
    }
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def statements(release: ModelRelease) -> Iterator[tuple[bytes, Signature | None]]:
    """The statement of a release, or those of its variants in order, each with its signature."""
    parts: Iterable[ModelRelease | Variant] = release.variants or (release,)
    for part in parts:
        files = ((file.name, file.size, file.sha256) for file in part.files)
        metadata = dict(release.metadata)
        said = statement(release.name, release.version, part.format, files, metadata)
        yield said, part.signature


def signed(release: ModelRelease, key: PrivateKey) -> ModelRelease:
    """The release, or each of its variants, with a signature in place of any that it had."""
    made = [sign(said, key) for said, _ in statements(release)]
    if not release.variants:
        return replace(release, signature=made[0])
    both = zip(release.variants, made, strict=True)
    variants = tuple(replace(variant, signature=signature) for variant, signature in both)
    return replace(release, variants=variants)


def sign(said: bytes, key: PrivateKey) -> Signature:
    """The signature of a statement."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(key.data)
    return Signature(public_key_of(key).identity, base64.b64encode(private.sign(said)).decode())


def public_key_of(key: PrivateKey) -> PublicKey:
    """The public key that verifies what a private key signs."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(key.data)
    return PublicKey(private.public_key().public_bytes_raw())


def new_key() -> tuple[bytes, bytes, PublicKey]:
    """A new private key and its public key in PEM, and the latter as it is."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    public = key.public_key()
    private_text = key.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    public_text = public.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    return private_text, public_text, PublicKey(public.public_bytes_raw())


def is_signed(said: bytes, signature: Signature, keys: Iterable[PublicKey]) -> bool:
    """Whether one of the keys made the signature of the statement."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        value = base64.b64decode(signature.value, validate=True)
    except ValueError:
        return False
    for key in keys:
        if key.identity == signature.key:
            try:
                Ed25519PublicKey.from_public_bytes(key.data).verify(value, said)
            except InvalidSignature:
                continue
            return True
    return False


def read_public_key(text: bytes, where: str) -> PublicKey:
    """The public key in a PEM file. Raises `EdgeOpsError`, which names `where`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = _loaded(lambda: load_pem_public_key(text))
    if not isinstance(key, Ed25519PublicKey):
        raise EdgeOpsError(
            f"{where} is not a public key of Ed25519 in PEM", "make one with `edgeops model key`"
        )
    return PublicKey(key.public_bytes_raw())


def read_private_key(text: bytes, where: str) -> PrivateKey:
    """The private key in a PEM text without a password. Raises `EdgeOpsError`, naming `where`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = _loaded(lambda: load_pem_private_key(text, None))
    if not isinstance(key, Ed25519PrivateKey):
        raise EdgeOpsError(
            f"{where} is not a private key of Ed25519 in PEM, without a password",
            "make one with `edgeops model key`",
        )
    return PrivateKey(key.private_bytes_raw())


def _loaded(load: Any) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return load()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
