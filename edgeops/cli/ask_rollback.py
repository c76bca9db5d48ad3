"""Asks before a rollback is written.

To be replaced by the questions that `edgeops sync` asks, once these are here.
"""

from __future__ import annotations

import sys

import typer

from edgeops import api
from edgeops.cli.settings import settings
from edgeops.errors import Refused


def confirm_plan(context: typer.Context, planned: api.Planned, *, yes: bool) -> None:
    """Ask whether to write a plan to the hub; only on a terminal, and not to the local hub.

    Raises `Refused` if the answer is not yes.
    """
    hub = settings(context).hub
    asks = sys.stdin.isatty() and sys.stderr.isatty() and hub != "local" and not yes
    if not asks or not planned.plan.changes:
        return
    if not typer.confirm(f"Write these changes to hub {hub}?", default=False, err=True):
        raise Refused("nothing was written", "use --yes to write without a question")
