"""Certificates of devices, as their makers and their owners issue them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


def self_signed(name: str, *, authority: bool | None = None) -> tuple[bytes, bytes]:
    """A certificate that signs itself, and its key, in PEM form; `authority` None: not said."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    if authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(authority, None), critical=True)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM), private


def thumbprints(certificate: bytes) -> tuple[str, str]:
    """The SHA-1 and the SHA-256 of a certificate in PEM form."""
    read = x509.load_pem_x509_certificate(certificate)
    return tuple(read.fingerprint(each).hex().upper() for each in (SHA1(), SHA256()))


def issued(authority: trustme.CA, name: str, **options: Any) -> tuple[bytes, bytes]:
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
