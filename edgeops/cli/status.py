"""`edgeops status`: in sync, connected, healthy?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.load import desired_fleet, repository
from edgeops.cli.settings import Output, Settings, settings
from edgeops.errors import UsageError

if TYPE_CHECKING:
    from edgeops.fleet.model import DesiredFleet
    from edgeops.report.status_text import DeviceStatus


def status(
    context: typer.Context,
    group: Annotated[
        str | None,
        typer.Option("--group", "-g", help="Only the devices of this group.", metavar="NAME"),
    ] = None,
    rev: Annotated[
        str, typer.Option(help="The git revision to compare with.", metavar="REV")
    ] = "HEAD",
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait until all are in sync and Converged.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(help="How long --wait waits.", metavar="SECONDS", min=0)
    ] = 300,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="Form of the output.")
    ] = Output.TEXT,
) -> None:
    """Show for every device: in sync with git? connected? healthy, or why not?

    \b
    Health, from what devices report:
      Converged    it runs what git says
      Progressing  connected, and on its way
      Degraded     it reported an error
      Offline      not connected, and not there yet
      Unknown      it never connected

    \b
    Examples:
      edgeops status
      edgeops status --group canary --wait --timeout 600
      edgeops status -o json
    """
    from edgeops.cli.asynchronous import complete

    rows = complete(_status(settings(context), group, rev, timeout if wait else None))
    from edgeops.report import status_text as report

    if output is Output.JSON:
        typer.echo(report.as_json(rows))
    else:
        typer.echo(report.text(rows, color=settings(context).styled()))


async def _status(
    options: Settings, group: str | None, rev: str, wait: float | None
) -> list[DeviceStatus]:
    from edgeops.cli.session import open_session
    from edgeops.cli.watch import statuses, wait_until_converged

    fleet = desired_fleet(options, rev)
    names = _members(fleet, group)
    async with open_session(fleet.hubs[options.hub], repository(options), options) as hub:
        if wait is None:
            return await statuses(hub, fleet, names, options)
        return await wait_until_converged(hub, fleet, names, wait, options)


def _members(fleet: DesiredFleet, group: str | None) -> list[str]:
    from edgeops.fleet.suggest import did_you_mean

    if group is None:
        return sorted(fleet.devices)
    names = sorted(name for name, device in fleet.devices.items() if group in device.groups)
    if not names:
        groups = {group for device in fleet.devices.values() for group in device.groups}
        raise UsageError(f"no device is in a group `{group}`", did_you_mean(group, groups))
    return names
