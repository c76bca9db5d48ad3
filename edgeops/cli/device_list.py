"""`edgeops device list`: the devices of a fleet, chosen, sorted and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import (
    ComparedRevisionOption,
    DeviceListOption,
    GroupOption,
    HealthOption,
    TargetOption,
    option,
)
from edgeops.cli.settings import note, show, workspace
from edgeops.errors import UsageError


def list_devices(
    context: typer.Context,
    target: TargetOption = None,
    group: GroupOption = None,
    health: HealthOption = None,
    not_in_git: Annotated[
        bool, option("The devices on the hub that git does not have.", "--not-in-git")
    ] = False,
    columns: Annotated[
        str | None, option("Columns, separated by commas; see above.", metavar="NAMES")
    ] = None,
    sort: Annotated[
        str | None,
        option("Columns to sort by, separated by commas; -NAME: backwards.", metavar="NAMES"),
    ] = None,
    summary: Annotated[
        str | None, option("Count the devices by the values of a label.", metavar="LABEL")
    ] = None,
    rev: ComparedRevisionOption = "HEAD",
    output: DeviceListOption = "text",
) -> None:
    """List devices: whether they are in sync and healthy, what they run, and the last sync.

    A device is `in sync` if its twins are as git says; `drift`: they changed on the hub, git did
    not. Versions are those that a device reports, `1.0.0 -> 1.1.0` where git wants another one.
    --not-in-git reads the whole hub by query, which can be minutes old on Azure.

    \b
    Columns: device, git, sync, drift, connected, health, reason, models, images,
    wape (live, of the last 28 days), ratio (that to the seasonal naive forecast),
    commit (of the last change that was synced), groups, labels, label:NAME,
    model:SLOT, image:MODULE.

    \b
    Examples:
      edgeops device list --target ring=canary --sort health
      edgeops device list --health Degraded --health Offline -o csv
      edgeops device list --columns device,label:site,model:crowdedness,image:forecaster
      edgeops device list --columns device,models,wape,ratio --sort -ratio
      edgeops device list --summary site
      edgeops device list --hub production --not-in-git
    """
    chosen = device_filter(target, group, health, not_in_git=not_in_git)
    if summary is not None and (columns or sort or not_in_git):
        raise UsageError("--summary cannot be combined with --columns, --sort or --not-in-git")
    shown, by = _names(columns), _names(sort)
    by_columns = tuple(name.removeprefix("-") for name in by)
    for name in (*shown, *by_columns):
        report.device_columns.column(name)  # a wrong name is told before the hub is read
    fleet = api.list_devices(workspace(context), chosen, rev=rev)
    named = (f"label:{summary}",) if summary is not None else (*shown, *by_columns)
    for sentence in report.device_columns.nowhere(fleet.devices, named):
        note(context, f"note: {sentence}")
    if summary is not None:
        show(context, report.device_summary, report.device_summary.Summary(fleet, summary), output)
    else:
        listed = report.device_list.DeviceList(fleet, shown, by, not_in_git)
        show(context, report.device_list, listed, output)


def device_filter(
    target: Sequence[str] | None,
    group: str | None,
    health: Sequence[str] | None,
    *,
    not_in_git: bool = False,
) -> api.DeviceFilter:
    """The filter that options ask for. Raises `UsageError` for one that makes no sense."""
    from edgeops.health.device import HealthState

    if not_in_git and (group or health):
        raise UsageError(
            "--not-in-git cannot be combined with --group or --health",
            "git says neither of devices that it does not have",
        )
    states = {state.value.lower(): state for state in HealthState}
    for name in health or ():
        if name.lower() not in states:
            known = ", ".join(state.value for state in HealthState)
            raise UsageError(f"`{name}` is not a state of health", f"the states are {known}")
    wanted = frozenset(states[name.lower()] for name in health or ())
    return api.DeviceFilter(tuple(target or ()), group, wanted, not_in_git)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, (text or "").split(","))))
