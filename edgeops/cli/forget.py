"""`edgeops forget`: let go of devices without deleting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops import api, report
from edgeops.cli.confirm import confirm_forgetting
from edgeops.cli.options import YesOption, argument, option
from edgeops.cli.settings import say, workspace

if TYPE_CHECKING:
    from edgeops.apply.forget import Forgotten


def forget(
    context: typer.Context,
    devices: Annotated[list[str], argument("Devices that git no longer has.", metavar="DEVICE...")],
    dry_run: Annotated[
        bool, option("Show what would be forgotten; write nothing.", "--dry-run")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Let go of devices: they stay on the hub, and edgeops no longer manages them.

    Removes the ownership stamp from the twin of each device and of its modules.
    Identities, keys and values stay, for another team or repository to take
    over, and no sync deletes them. Remove the devices from git first. Devices of
    other fleets are refused: exit code 5, and nothing is written. On a terminal it
    asks before it writes to a hub other than `local`.

    \b
    Examples:
      edgeops forget queen-street-210 --dry-run
      edgeops forget --hub production queen-street-210 queen-street-261
    """
    where = workspace(context)

    def before(forgotten: Sequence[Forgotten]) -> None:
        confirm_forgetting([each.device for each in forgotten], where.hub, yes=yes)

    forgotten = api.forget(where, devices, dry_run=dry_run, before_writing=before)
    for line in report.forget_text.text(forgotten, dry_run=dry_run).splitlines():
        say(line)
