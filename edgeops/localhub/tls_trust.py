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

    The first is `context`. Until anything is trusted clients are not asked for certificates,
    and the handshake is as short as without them. Raises `EdgeOpsError` when what is trusted
    at first cannot be used.
    """

    def __init__(self, files: StateFiles, context: ssl.SSLContext) -> None:
        self._files = files
        self._version = _version(files.trusted)
        self._context = _trusting(context, files.trusted)

    def __call__(self) -> ssl.SSLContext:
        """The context for the next connection."""
        version = _version(self._files.trusted)
        if version != self._version:
            self._version = version
            try:
                # Not the same with changes: what was trusted cannot be taken out of a context,
                # and clients would resume sessions in which their certificate was another.
                context = tls.server_context(self._files)
                self._context = _trusting(context, self._files.trusted)
            except EdgeOpsError as error:
                _log.error("%s: the hub trusts what it did before", error)
        return self._context


def _trusting(context: ssl.SSLContext, file: Path) -> ssl.SSLContext:
    try:
        trusted = file.read_text("ascii") if file.exists() else ""
        if trusted:
            context.load_verify_locations(cadata=trusted)
            context.verify_mode = ssl.CERT_OPTIONAL
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # of a CA below another, too
    except (OSError, ValueError) as error:
        raise EdgeOpsError(f"cannot use the trusted certificates in {file}", "delete it") from error
    return context


def _version(file: Path) -> tuple[int, int, int] | None:
    """What tells one file from the next of its name, None if there is none."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size
