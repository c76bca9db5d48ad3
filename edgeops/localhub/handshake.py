"""Why TLS handshakes fail, as far as the user can do something about it."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from edgeops.localhub.stranger_log import StrangerLog

_SCHEMES = {"HTTPS": "https://", "MQTT": "mqtts:// (MQTT over TLS)"}
# The names are OpenSSL's.
_HTTP = {"HTTP_REQUEST", "HTTPS_PROXY_REQUEST"}
_NO_TLS = {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"}
_OLD_TLS = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_SHARED_CIPHER"}
_NO_TRUST = {
    "TLSV1_ALERT_UNKNOWN_CA",
    "SSLV3_ALERT_BAD_CERTIFICATE",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
}
# The numbers are OpenSSL's, of X509_verify_cert: why there is no chain to a trusted certificate.
_UNTRUSTED = (2, 18, 19, 20, 21)
_ADVICE = (
    "; trust its CA, or it if it is self-signed, with `edgeops hub trust-ca`; the client must send"
    " certificates of CAs between"
)
_VERIFICATION = dict.fromkeys(_UNTRUSTED, _ADVICE)


def warn_of(strangers: StrangerLog, port: str) -> Callable[[OSError], None]:
    """Logs the likely mistake behind a failed handshake; `port` is HTTPS or MQTT."""

    def failed(error: OSError) -> None:
        if mistake := likely_mistake(error, port):
            strangers.warn(mistake)

    return failed


def likely_mistake(error: OSError, port: str) -> str | None:
    """What a client did wrong and should do; None when it has gone, or is too slow."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"a client of the {port} port sent a certificate that is not accepted:"
            f" {error.verify_message}{_VERIFICATION.get(error.verify_code, '')}"
        )
    reason = error.reason if isinstance(error, ssl.SSLError) else None
    if reason in _HTTP:
        return f"a client spoke HTTP without TLS to the {port} port: use {_SCHEMES[port]}"
    if reason in _NO_TLS:
        return f"a client did not speak TLS to the {port} port: use {_SCHEMES[port]}"
    if reason in _OLD_TLS:
        return f"a client of the {port} port offered neither TLS 1.2 nor TLS 1.3"
    if reason in _NO_TRUST:
        return (
            f"a client of the {port} port did not accept the hub's certificate: it must trust "
            "ca.pem of the hub, and use a name in the certificate, such as localhost"
            " (a browser asks you instead)"
        )
    return None
