"""`edgeops model key` and `sign`: whose releases devices trust."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import KeyOption, OutputOption, argument, option
from edgeops.cli.settings import show, workspace


def key(
    context: typer.Context,
    file: Annotated[Path, argument("File for the private key, which only you can read.")],
    public: Annotated[
        Path | None, option("File for the public key; FILE.pub by default.", metavar="FILE")
    ] = None,
    output: OutputOption = "text",
) -> None:
    """Make a pair of Ed25519 keys: the private one signs releases, the public one verifies them.

    No file is overwritten, and no private key is written to where git would
    commit it.

    \b
    Examples:
      edgeops model key ~/releases.pem --public keys/releases.pub
    """
    show(context, report.key_text, api.make_key(file, public), output)


def sign(
    context: typer.Context,
    references: Annotated[
        list[str], argument("Releases, or Contexts.", metavar="NAME@VERSION|NAME...")
    ],
    key: KeyOption = None,
    output: OutputOption = "text",
) -> None:
    """Add a signature to the files of releases, or Contexts; nothing else of them changes.

    Reads the published files of releases first, at the hub (--hub) and in git: what is
    signed is what devices get. Exit code 5: they are not as the release file
    says, or the Fleet trusts other keys only; nothing is signed then.

    \b
    Examples:
      edgeops model sign crowdedness-24h@1.0.0 --key ~/releases.pem
      edgeops model sign street-24h@1.0.0 city-events --key ~/releases.pem
    """
    done = api.sign_releases(workspace(context), references, key=key)
    show(context, report.signing_text, done, output)
