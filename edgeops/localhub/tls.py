"""The local hub's own certificate authority and server certificate, made at the first start."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

from edgeops.errors import EdgeOpsError
from edgeops.files import write_private
from edgeops.localhub.files import StateFiles

NAMES = ("localhost", "127.0.0.1", "::1")


def server_context(files: StateFiles, *hosts: str) -> ssl.SSLContext:
    """The TLS context of the server; a new certificate is issued for `NAMES` and these hosts.

    The CA's private key is not kept: to trust the CA is to trust this server only.
    Raises `EdgeOpsError` when the certificate cannot be used.
    """
    if not (files.ca.exists() and files.server.exists()):
        _make_certificates(files, dict.fromkeys((*NAMES, *hosts)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(files.server)
    except (OSError, ssl.SSLError) as error:
        raise EdgeOpsError(
            f"cannot use the local hub's certificate in {files.server}",
            f"delete it and {files.ca}; the next start makes new ones",
        ) from error
    return context


def _make_certificates(files: StateFiles, names: Iterable[str]) -> None:
    import trustme

    authority = trustme.CA(organization_name="edgeops local hub")
    server = authority.issue_cert(*names)
    chain = server.private_key_and_cert_chain_pem.bytes()
    write_private(files.server, chain)
    write_private(files.ca, authority.cert_pem.bytes())  # last: it marks both as complete
