"""Certificates of devices, as their makers and their owners issue them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

Pair = tuple[bytes, bytes]  # a certificate and its key, in PEM form


def self_signed(name: str) -> Pair:
    """A certificate that signs itself, as many devices have it: it does not say that it is a CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _made(_named(name), key, _named(name), key)


def forged(own: Pair, name: str) -> Pair:
    """A certificate of another name, signed with that of a device, which it comes with."""
    signer = load_pem_private_key(own[1], None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.load_pem_x509_certificate(own[0]).subject
    certificate, private = _made(_named(name), key, issuer, signer)
    return certificate + own[0], private


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _made(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
) -> Pair:
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(signer, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private


def thumbprints(certificate: bytes) -> tuple[str, str]:
    """The SHA-1 and the SHA-256 of a certificate in PEM form."""
    read = x509.load_pem_x509_certificate(certificate)
    return read.fingerprint(SHA1()).hex().upper(), read.fingerprint(SHA256()).hex().upper()


def issued(authority: trustme.CA, name: str, **options: Any) -> Pair:
    """A certificate with those of the CAs between, and its key, in PEM form."""
    made = authority.issue_cert(common_name=name, **options)
    chain = b"".join(each.bytes() for each in made.cert_chain_pems)
    return chain, made.private_key_pem.bytes()


def saved(folder: Path, certificate: bytes, key: bytes) -> tuple[Path, Path]:
    """A certificate and its key, as files."""
    paths = folder / "device.pem", folder / "device.key"
    for path, content in zip(paths, (certificate, key), strict=True):
        path.write_bytes(content)
    return paths
