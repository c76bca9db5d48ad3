"""The TLS context of a hub, which asks clients for certificates while it trusts any."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.localhub import tls
from edgeops.localhub.files import StateFiles

_log = logging.getLogger(__name__)


class TrustingContext:
    """Gives the TLS context for the next connection, which knows what is trusted now.

    Until anything is trusted clients are not asked for certificates, and the handshake
    is as short as without them. Raises `EdgeOpsError` when a file cannot be used at first.
    """

    def __init__(self, files: StateFiles) -> None:
        self._files = files
        self._version = _version(files.trusted)
        self._context = _context(files)

    def __call__(self) -> ssl.SSLContext:
        """The context for the next connection."""
        version = _version(self._files.trusted)
        if version != self._version:
            self._version = version
            try:
                # Not the same with changes: what was trusted cannot be taken out of a context,
                # and clients would resume sessions in which their certificate was another.
                self._context = _context(self._files)
            except EdgeOpsError as error:
                _log.error("%s: the hub trusts what it did before", error)
        return self._context


def _context(files: StateFiles) -> ssl.SSLContext:
    context = tls.context_of(files)
    try:
        trusted = files.trusted.read_text("ascii") if files.trusted.exists() else ""
        if trusted:
            context.load_verify_locations(cadata=trusted)
            context.verify_mode = ssl.CERT_OPTIONAL
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # of a CA below another, too
    except (OSError, ValueError) as error:
        raise EdgeOpsError(
            f"cannot use the trusted certificates in {files.trusted}", "delete it"
        ) from error
    return context


def _version(file: Path) -> tuple[int, int, int] | None:
    """What tells the versions of a file apart, None if there is none; it is never written twice."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
