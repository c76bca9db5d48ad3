"""The conditions of the local hub: options of `hub serve`, and the command `hub conditions`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops import api
from edgeops.cli.hub_dir import DirOption, hub_workspace
from edgeops.cli.options import option
from edgeops.errors import UsageError

if TYPE_CHECKING:
    from edgeops.jsonvalue import JsonObject

SkuOption = Annotated[
    str | None,
    option("Throttle as a hub of this SKU: F1, S1, S2 or S3. Without it nothing is throttled."),
]
UnitsOption = Annotated[int, option("Units of the SKU.", min=1, max=200)]
RetryAfterOption = Annotated[
    float | None, option("Retry-After header of answers 429, in seconds.", min=0)
]
QueryDelayOption = Annotated[
    float, option("Seconds until queries see a write; on Azure it can take minutes.", min=0)
]
LatencyOption = Annotated[float, option("Seconds by which every answer is delayed.", min=0)]
FaultOption = Annotated[
    list[str] | None,
    option(
        "Fault of an operation: drop, cut, slow:SECONDS or an HTTP status, for all or a share"
        " of its requests. May be repeated.",
        metavar="OPERATION=FAULT@PERCENT%",
    ),
]


def conditions_of(
    sku: str | None,
    units: int,
    retry_after: float | None,
    query_delay: float,
    latency: float,
    fault: list[str] | None,
) -> JsonObject:
    """The conditions that the options name, as a document."""
    return {
        "sku": sku,
        "units": units,
        "retryAfter": retry_after,
        "queryDelay": query_delay,
        "latency": latency,
        "faults": fault or [],
    }


def conditions(
    context: typer.Context,
    sku: SkuOption = None,
    units: UnitsOption = 1,
    retry_after: RetryAfterOption = None,
    query_delay: QueryDelayOption = 0,
    latency: LatencyOption = 0,
    fault: FaultOption = None,
    reset_all: Annotated[bool, option("End all throttles, delays and faults.", "--reset")] = False,
    directory: DirOption = None,
) -> None:
    """Show the throttles, delays and faults of the running local hub, or replace them.

    The options are those of `edgeops hub serve`, and those given replace all that
    were in force. `counts` says how many operations were delayed, refused or had
    a fault. An operation is `*` for any, or one of registry, twin-read,
    twin-write, query, jobs, configurations, methods, connect, telemetry, send,
    receive, events.

    \b
    Examples:
      edgeops hub conditions
      edgeops hub conditions --sku S1 --retry-after 5
      edgeops hub conditions --fault twin-write=cut@5% --fault connect=drop
      edgeops hub conditions --reset
    """
    wanted = conditions_of(sku, units, retry_after, query_delay, latency, fault)
    none = conditions_of(None, 1, None, 0, 0, None)
    if reset_all and wanted != none:
        raise UsageError("--reset does not go with other options")
    changed = wanted if reset_all or wanted != none else None
    where = hub_workspace(context, directory)
    typer.echo(json.dumps(api.hubs.conditions(where, changed), indent=2))
