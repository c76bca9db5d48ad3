"""Which certificate proves which identity, and what the log says of the others."""

from __future__ import annotations

import pytest

from edgeops.localhub.client_certificate import ClientCertificate, check_certificate
from edgeops.localhub.state.entry import Authentication
from edgeops.localhub.state.errors import InvalidToken

SHA1, SHA256 = "A" * 40, "B" * 64
BY_AUTHORITY = Authentication("certificateAuthority")
ISSUED = ClientCertificate(("d1",), False, (SHA1, SHA256))
OWN = ClientCertificate(("any",), True, (SHA1, SHA256))


def by_thumbprint(primary=None, secondary=None):
    return Authentication("selfSigned", primary_thumbprint=primary, secondary_thumbprint=secondary)


@pytest.mark.parametrize(
    ("authentication", "name", "certificate"),
    [
        (BY_AUTHORITY, "d1", ISSUED),
        (BY_AUTHORITY, "d1/m1", ClientCertificate(("d1/m1",), False, (SHA1, SHA256))),
        (by_thumbprint(SHA1), "d1", OWN),
        (by_thumbprint(SHA256), "d1", OWN),
        (by_thumbprint("C" * 40, SHA1), "d1", OWN),
        (by_thumbprint(SHA1), "d2", ISSUED),  # whoever has signed it
    ],
)
def test_a_certificate_proves_an_identity(authentication, name, certificate):
    check_certificate(authentication, name, certificate)


@pytest.mark.parametrize(
    ("authentication", "certificate", "why"),
    [
        (
            BY_AUTHORITY,
            None,
            "is certificateAuthority, and it sent no certificate: it needs one of a CA, ",
        ),
        (
            by_thumbprint(SHA1),
            None,
            "is selfSigned, and it sent no certificate: it needs one of its thumbprint, ",
        ),
        (BY_AUTHORITY, OWN, "and its certificate is self-signed"),
        (
            BY_AUTHORITY,
            ClientCertificate((), False, (SHA1, SHA256)),
            "is missing, and must be 'd1'",
        ),
        (
            BY_AUTHORITY,
            ClientCertificate(("D1\n",), False, (SHA1, SHA256)),
            r"of its certificate is 'D1\n', and must be 'd1'",
        ),
        (
            BY_AUTHORITY,
            ClientCertificate(("d1", "d2"), False, (SHA1, SHA256)),
            "is 'd1' and 'd2', and must be 'd1'",
        ),
        (by_thumbprint(), OWN, f"has the thumbprint {SHA1} (SHA-1) or {SHA256} (SHA-256), which"),
        (by_thumbprint("C" * 40, "D" * 64), ISSUED, "which its identity does not have"),
    ],
)
def test_each_refusal_has_a_reason(authentication, certificate, why):
    with pytest.raises(InvalidToken) as refused:
        check_certificate(authentication, "d1", certificate)
    assert refused.value.status == 401
    assert why in refused.value.why
    assert why not in refused.value.message
