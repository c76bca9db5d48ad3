"""`edgeops status`: sync, connection and health of every device."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from edgeops import api, report
from edgeops.cli.device_list import device_filter
from edgeops.cli.options import (
    ComparedRevisionOption,
    GroupOption,
    HealthOption,
    TargetOption,
    TimeoutOption,
    option,
)
from edgeops.cli.settings import has_color, show, workspace
from edgeops.cli.watch import Redrawn, until_ctrl_c
from edgeops.errors import UsageError


def status(
    context: typer.Context,
    target: TargetOption = None,
    group: GroupOption = None,
    health: HealthOption = None,
    every: Annotated[bool, option("Every device, not only one screen.", "--all")] = False,
    rev: ComparedRevisionOption = "HEAD",
    wait: Annotated[
        bool, option("Wait until all devices are in sync and have converged.", "--wait")
    ] = False,
    timeout: TimeoutOption = 300,
    watch: Annotated[bool, option("Show it again and again, until Ctrl-C.", "--watch")] = False,
    interval: Annotated[
        float, option("How long --watch waits between two looks.", metavar="SECONDS", min=1)
    ] = 10,
    output: Annotated[
        Literal["text", "json", "yaml", "csv", "html"],
        option("Form of the output.", "--output", "-o"),
    ] = "text",
    by: Annotated[
        str, option("The label that -o html calls the sites of devices.", metavar="LABEL")
    ] = "site",
) -> None:
    """Show the sync, connection and health status of every device, the worst first.

    One screen; --all shows every device. Says too which devices git no longer has.
    --watch draws it again on a terminal; elsewhere it prints it when it has changed.
    -o html is one page without scripts: sites by health, drift, rings, models and how good
    they are live.

    \b
    Health, from what a device reports:
      Converged    it runs its desired state
      Progressing  it is connected, but does not run it yet
      Degraded     it reported an error
      Offline      it is not connected, and did not run it when last seen
      Unknown      it never connected
      Waiting      it is not on the hub yet, and others create it
      Paused       git says to write nothing to it, and it differs from git

    \b
    Examples:
      edgeops status
      edgeops status --target ring=canary --wait --timeout 600
      edgeops status --health Degraded --watch
      edgeops status -o html > status.html
    """
    chosen = device_filter(target, group, health)
    if watch and (wait or output != "text"):
        raise UsageError("--watch cannot be combined with --wait or --output")
    where = workspace(context)
    if watch:
        screen = Redrawn()
        with until_ctrl_c():
            api.watch_devices(
                where,
                lambda fleet: screen.show(_text(context, fleet, every=every)),
                chosen,
                rev=rev,
                every=interval,
            )
    fleet = api.list_devices(
        where, chosen, rev=rev, wait=timeout if wait else None, with_rings=output == "html"
    )
    if output == "text":
        typer.echo(_text(context, fleet, every=every))
    elif output == "html":
        live = api.live_models(where.at(rev).catalog, fleet)
        page = report.status_page.StatusPage(fleet, by, where.clock.now(), live)
        show(context, report.status_page, page, output)
    else:
        listed = report.device_list.DeviceList(fleet, sort=("health",))
        show(context, report.device_list, listed, output)


def _text(context: typer.Context, fleet: api.SeenFleet, *, every: bool) -> str:
    return report.status_text.text(
        [device.status for device in fleet.devices],
        color=has_color(context),
        every=every,
        gone=[device.name for device in fleet.gone or ()],
        drifted={device.name for device in fleet.devices if device.drift},
    )
