"""Which failures of TLS are worth a word in the log."""

from __future__ import annotations

import ssl

import pytest

from edgeops.localhub.handshake import likely_mistake


def failure(reason):
    error = ssl.SSLError(1, "handshake failed")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("reason", "mistake"),
    [
        ("HTTP_REQUEST", "a client spoke HTTP without TLS to the HTTPS port: use https://"),
        ("WRONG_VERSION_NUMBER", "a client did not speak TLS to the HTTPS port: use https://"),
        ("UNSUPPORTED_PROTOCOL", "a client of the HTTPS port offered neither TLS 1.2 nor TLS 1.3"),
        (
            "TLSV1_ALERT_UNKNOWN_CA",
            "a client of the HTTPS port did not accept the hub's certificate: it must trust "
            "ca.pem of the hub, and use a name in the certificate, such as localhost"
            " (a browser asks you instead)",
        ),
    ],
)
def test_a_mistake_is_named_with_what_to_do(reason, mistake):
    assert likely_mistake(failure(reason), "HTTPS") == mistake


@pytest.mark.parametrize(
    ("code", "why", "advice"),
    [
        (10, "certificate has expired", ""),
        (18, "self-signed certificate", "; trust its CA, or it if it is self-signed, with `edge"),
        (20, "unable to get local issuer certificate", "; trust its CA, or it if it is self-sig"),
    ],
)
def test_a_certificate_that_cannot_be_verified_is_told(code, why, advice):
    error = ssl.SSLCertVerificationError(1, "handshake failed")
    error.verify_code, error.verify_message = code, why
    told = likely_mistake(error, "MQTT")
    assert told.startswith(
        f"a client of the MQTT port sent a certificate that is not accepted: {why}{advice}"
    )
    assert bool(advice) == told.endswith("certificates of CAs between")


@pytest.mark.parametrize(
    "error", [ConnectionResetError(), ConnectionAbortedError("too slow"), failure("OTHER")]
)
def test_a_client_that_has_gone_made_no_mistake(error):
    assert likely_mistake(error, "MQTT") is None
