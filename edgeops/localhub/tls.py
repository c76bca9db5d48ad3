"""The local hub's own certificate authority and server certificate, made at the first start."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from edgeops.errors import EdgeOpsError, UsageError
from edgeops.files import write_private, write_whole
from edgeops.localhub.files import StateFiles

NAMES = ("localhost", "127.0.0.1", "::1")

_log = logging.getLogger(__name__)


def server_context(files: StateFiles, *hosts: str) -> ssl.SSLContext:
    """The TLS context of the server, with a certificate for `NAMES` and these hosts.

    One that lacks a host is replaced, with its CA: the CA's private key is not kept, so that
    to trust the CA is to trust this server only. Raises `UsageError` for a host that no
    certificate can name, and `EdgeOpsError` when the certificate cannot be used.
    """
    wanted = tuple(dict.fromkeys((*NAMES, *map(_as_named, hosts))))
    unknown = [host for host in wanted if host not in NAMES]
    if not (files.ca.exists() and files.server.exists()):
        _make_certificates(files, wanted)
    elif unknown and (lacking := set(unknown) - set(named := _named(files))):
        _make_certificates(files, tuple(dict.fromkeys((*wanted, *named))))
        _log.warning(
            "the certificate is new, for %s too: clients must read %s again",
            ", ".join(sorted(lacking)),
            files.ca,
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(files.server)
    except (OSError, ssl.SSLError) as error:
        raise _unusable(files) from error
    return context


def _named(files: StateFiles) -> Sequence[str]:
    """The names and addresses in the certificate of the server."""
    from cryptography import x509

    try:
        certificate = x509.load_pem_x509_certificates(files.server.read_bytes())[0]
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (OSError, ValueError, x509.ExtensionNotFound) as error:
        raise _unusable(files) from error
    return [str(name.value) for name in extension.value]


def _as_named(host: str) -> str:
    """A host as certificates name it. Raises `UsageError` for what is none."""
    if not host.isascii() or set("%*") & set(host):  # `*` names no host that clients can ask
        raise _no_host(host)
    try:
        return str(ip_address(host))
    except ValueError:
        return host.lower()


def _no_host(host: str) -> UsageError:
    return UsageError(
        f"{host} is neither a host name nor an address",
        "give names such as `hub.example`, or addresses such as 192.168.1.20",
    )


def _unusable(files: StateFiles) -> EdgeOpsError:
    return EdgeOpsError(
        f"cannot use the local hub's certificate in {files.server}",
        f"delete it and {files.ca}; the next start makes new ones",
    )


def _make_certificates(files: StateFiles, names: Iterable[str]) -> None:
    import trustme

    authority = trustme.CA(organization_name="edgeops local hub")
    for name in names:
        try:
            authority.issue_cert(name)
        except ValueError as error:
            raise _no_host(name) from error
    server = authority.issue_cert(*names)
    chain = server.private_key_and_cert_chain_pem.bytes()
    write_private(files.server, chain)
    # Last, since it marks both as complete; whoever connects may read it.
    write_whole(files.ca, authority.cert_pem.bytes())
