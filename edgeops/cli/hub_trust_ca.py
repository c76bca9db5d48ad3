"""`edgeops hub trust-ca`: the certificates with which devices connect to the local hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.hub_dir import DirOption, hub_workspace
from edgeops.cli.options import argument, option
from edgeops.errors import UsageError


def trust_ca(
    context: typer.Context,
    file: Annotated[
        Path | None, argument("Certificates in PEM form.", metavar="FILE", show_default=False)
    ] = None,
    listed: Annotated[bool, option("List what is trusted.", "--list")] = False,
    remove: Annotated[
        str | None,
        option("Trust a certificate no longer.", "--remove", metavar="FINGERPRINT"),
    ] = None,
    directory: DirOption = None,
) -> None:
    """Let devices connect to the local hub with certificates of a CA, or with one of their own.

    A device of the type certificateAuthority needs a certificate of a trusted CA
    whose common name is its id (DEVICE/MODULE for a module). One of the type
    selfSigned needs the certificate of a thumbprint: trust it as if it were a CA.
    It holds for new connections, also to a hub that is running.

    \b
    Examples:
      edgeops hub trust-ca root.pem
      edgeops hub trust-ca --list
      edgeops hub trust-ca --remove 3F9A2C41
    """
    if [file is not None, listed, remove is not None].count(True) != 1:
        raise UsageError("give a FILE, or --list, or --remove FINGERPRINT")
    where = hub_workspace(context, directory)
    if file is not None:
        what, certificates = "trusted: ", api.hubs.trust(where, file)
    elif remove is not None:
        what, certificates = "removed: ", [api.hubs.distrust(where, remove)]
    else:
        what, certificates = "", api.hubs.trusted(where)
    for line in report.trusted_text.trusted_lines(certificates):
        typer.echo(f"{what}{line}")
