"""The certificates that a local hub trusts when devices connect with one: `trusted.pem`.

They are CAs, and self-signed certificates of single devices. The hub reads the file again when
it has changed, so that commands need not talk to it.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from edgeops.errors import EdgeOpsError, UsageError
from edgeops.files import write_private
from edgeops.localhub.files import StateFiles
from edgeops.translate import doing

MAX_CERTIFICATES = 100
MAX_FILE_BYTES = 1024 * 1024
_MIN_DIGITS = 8  # of a fingerprint
_HINT = "give a file with one or several certificates in PEM form"
_DELETE = "delete it, and trust again what the hub shall trust"
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class TrustedCertificate:
    """A certificate that the hub trusts.

    `fingerprint` is its SHA-256 in upper-case hexadecimal digits, `subject` foreign text.
    One that is not of an `authority` stands for a single device.
    """

    fingerprint: str
    subject: str
    expires: datetime
    authority: bool
    pem: bytes


def trusted_certificates(files: StateFiles) -> list[TrustedCertificate]:
    """The certificates that a hub trusts. Raises `EdgeOpsError` for a file that is damaged."""
    if not files.trusted.exists():
        return []
    return [_described(each) for each in _certificates(files.trusted, _DELETE)]


def trust(files: StateFiles, file: Path, now: datetime) -> list[TrustedCertificate]:
    """Trust the certificates in a file, from the next connection on; gives these.

    Raises `EdgeOpsError`, and then trusts none of them: for what is not a certificate, is
    not valid at `now`, or neither a CA nor self-signed, and beyond `MAX_CERTIFICATES`.
    """
    added = []
    for certificate in _certificates(file):
        _check(certificate, now, file)
        added.append(_described(certificate))
    known = {each.fingerprint: each for each in (*trusted_certificates(files), *added)}
    if len(known) > MAX_CERTIFICATES:
        raise EdgeOpsError(
            f"a local hub trusts at most {MAX_CERTIFICATES} certificates",
            "remove some with `edgeops hub trust-ca --remove FINGERPRINT`",
        )
    _save(files, known.values())
    return added


def distrust(files: StateFiles, fingerprint: str) -> TrustedCertificate:
    """Trust a certificate no longer, from the next connection on; gives it.

    `fingerprint` is its SHA-256, or the first digits of it, with colons or not. Raises
    `UsageError` unless it names one certificate.
    """
    wanted = fingerprint.replace(":", "").upper()
    known = trusted_certificates(files)
    found = [each for each in known if each.fingerprint.startswith(wanted)]
    if len(wanted) < _MIN_DIGITS or len(found) != 1:
        raise UsageError(
            f"{fingerprint!r} is not the fingerprint of one certificate that the hub trusts",
            f"give the first {_MIN_DIGITS} digits or more of one of `edgeops hub trust-ca --list`",
        )
    _save(files, [each for each in known if each not in found])
    return found[0]


def _certificates(file: Path, hint: str = _HINT) -> Sequence[x509.Certificate]:
    with doing(f"read certificates {file}", hint), file.open("rb") as opened:
        data = opened.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise EdgeOpsError(f"{file} is larger than 1 MB", hint)
    try:
        certificates = x509.load_pem_x509_certificates(data)
        for each in certificates:  # what cryptography reads, the TLS library must read as well
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(
                cadata=each.public_bytes(Encoding.DER)
            )
    except (*_UNREADABLE, ssl.SSLError) as error:
        raise EdgeOpsError(f"{file} does not hold certificates in PEM form", hint) from error
    return certificates


def _check(certificate: x509.Certificate, now: datetime, file: Path) -> None:
    described = _described(certificate)
    which = f"the certificate {described.subject!r} in {file}"
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        when = "has expired" if now > certificate.not_valid_after_utc else "is not valid yet"
        raise EdgeOpsError(f"{which} {when}", "give one that is valid now")
    if not described.authority and not _is_self_signed(certificate):
        raise EdgeOpsError(
            f"{which} is neither that of a CA nor self-signed", "give the certificate of its CA"
        )


def _described(certificate: x509.Certificate) -> TrustedCertificate:
    try:
        return TrustedCertificate(
            fingerprint=certificate.fingerprint(SHA256()).hex().upper(),
            subject=certificate.subject.rfc4514_string(),
            expires=certificate.not_valid_after_utc,
            authority=_is_authority(certificate),
            pem=certificate.public_bytes(Encoding.PEM),
        )
    except _UNREADABLE as error:
        raise EdgeOpsError(f"a certificate cannot be read: {error}", _HINT) from error


def _is_authority(certificate: x509.Certificate) -> bool:
    """Whether others can be verified with a certificate; OpenSSL takes any of version 1."""
    if certificate.version is x509.Version.v1:
        return _is_self_signed(certificate)
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _is_self_signed(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (*_UNREADABLE, InvalidSignature):
        return False
    return True


def _save(files: StateFiles, certificates: Iterable[TrustedCertificate]) -> None:
    files.make_directory()
    content = b"".join(each.pem for each in certificates)
    if content:
        write_private(files.trusted, content)
    else:
        files.trusted.unlink(missing_ok=True)
