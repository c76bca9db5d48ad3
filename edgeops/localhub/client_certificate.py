"""The certificates of clients: which of them prove a device or module to be what it says.

Sources: "Authenticate identities with X.509 certificates", Microsoft Learn; for thumbprints
Azure/iotedge#621: IoT Hub looks at the expiry and the thumbprint of such a certificate only.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

from edgeops.localhub.state import errors
from edgeops.localhub.state.entry import Authentication
from edgeops.localhub.stranger_log import shown

_SELF_SIGNED, _OF_AUTHORITY = "selfSigned", "certificateAuthority"
X509_TYPES = (_SELF_SIGNED, _OF_AUTHORITY)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """The certificate of a client that has its key; TLS has verified both, and the chain.

    `thumbprints` are its SHA-1 and its SHA-256, in upper-case hexadecimal digits.
    """

    common_names: tuple[str, ...]
    self_signed: bool
    thumbprints: tuple[str, str]


def client_certificate(transport: asyncio.BaseTransport | None) -> ClientCertificate | None:
    """The certificate that the client of a TLS connection has sent, None without one."""
    secured = transport.get_extra_info("ssl_object") if transport is not None else None
    if secured is None:
        return None
    content = secured.getpeercert(binary_form=True)
    if content is None:
        return None
    said = secured.getpeercert()
    names = [value for part in said["subject"] for kind, value in part if kind == "commonName"]
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest().upper()
    sha256 = hashlib.sha256(content).hexdigest().upper()
    return ClientCertificate(tuple(names), said["subject"] == said["issuer"], (sha1, sha256))


def check_certificate(
    authentication: Authentication, name: str, certificate: ClientCertificate | None
) -> None:
    """Check that a certificate proves an identity that authenticates by one of `X509_TYPES`.

    `name` is that of the device, or `{device}/{module}`. Raises `InvalidToken`, which
    says why for the log.
    """
    if certificate is None:
        which = "of its thumbprint" if authentication.type == _SELF_SIGNED else "of a CA"
        raise errors.unauthorized(
            f"its authentication type is {authentication.type}, and it sent no certificate: it"
            f" needs one {which}, which the hub must trust (`edgeops hub trust-ca`)"
        )
    if authentication.type == _SELF_SIGNED:
        known = (authentication.primary_thumbprint, authentication.secondary_thumbprint)
        if not any(thumbprint in known for thumbprint in certificate.thumbprints):
            raise errors.unauthorized(
                "its certificate has the thumbprint {} (SHA-1) or {} (SHA-256), which its identity"
                " does not have".format(*certificate.thumbprints)
            )
    elif certificate.self_signed:
        raise errors.unauthorized(
            f"its authentication type is {authentication.type}, and its certificate is self-signed"
        )
    elif certificate.common_names != (name,):
        names = " and ".join(map(shown, certificate.common_names)) or "missing"
        raise errors.unauthorized(
            f"the common name of its certificate is {names}, and must be {shown(name)}"
        )
