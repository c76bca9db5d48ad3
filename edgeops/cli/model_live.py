"""`edgeops model live` and `decayed`: how good models are on devices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.device_list import device_filter
from edgeops.cli.options import (
    ComparedRevisionOption,
    DocumentOption,
    GroupOption,
    HealthOption,
    TargetOption,
    argument,
    option,
)
from edgeops.cli.settings import note, show, workspace
from edgeops.errors import UsageError


def live(
    context: typer.Context,
    name: Annotated[
        str | None, argument("Only the releases of this model.", metavar="NAME")
    ] = None,
    target: TargetOption = None,
    group: GroupOption = None,
    health: HealthOption = None,
    rev: ComparedRevisionOption = "HEAD",
    plot: Annotated[
        Path | None, option("Also plot the WAPE of each day, by release.", metavar="FILE.png")
    ] = None,
    output: DocumentOption = "text",
) -> None:
    """Show how good models are on devices, by release and ring, as their modules report it.

    Figures are of the last 28 days, of the devices that have scored enough hours: `minHours` of
    their ring, or 48. Several devices count by the sum of their values. WAPE is the sum of all
    errors over the sum of all values; `naive` is that of the forecast `as a week ago` on the same
    hours, `ratio` the first over the second; `bias` is above 0 if too much was forecast; `coverage`
    is the share of values inside the interval; `published` is the WAPE in the release file.

    \b
    Examples:
      edgeops model live
      edgeops model live crowdedness-24h --hub production --group canary
      edgeops model live --target site=auckland-cbd -o json
      edgeops model live crowdedness-24h --plot live.png
    """
    live = api.live_quality(workspace(context), name, device_filter(target, group, health), rev=rev)
    if plot is not None and not live.days():
        raise UsageError("there is nothing to plot: no device reports a day of scores yet")
    if plot is not None:
        from edgeops.api.extras import extra
        from edgeops.files import write_whole
        from edgeops.translate import doing

        with extra("train"), doing(f"write {plot}"):
            write_whole(plot, report.live_text.plot(live))
        note(context, f"plot: {plot}")
    show(context, report.live_text, live, output)


def decayed(
    context: typer.Context,
    models: Annotated[
        list[str] | None,
        argument("Models; by default all with `retraining` in model.yaml.", metavar="NAME"),
    ] = None,
    rev: ComparedRevisionOption = "HEAD",
    detailed_exitcode: Annotated[
        bool, option("Exit with code 2 if a model has decayed.", "--detailed-exitcode")
    ] = False,
    output: DocumentOption = "text",
) -> None:
    """Say which models have become worse on devices than when they were published.

    `retraining` in model.yaml has the bounds. A model has decayed if the WAPE of its newest release
    on devices, over all of them, is above `decay` times the one in its release file, and not by
    chance: even the lower end of its 95 % interval is (bootstrap over days). Nothing is decided
    before `minHours` are scored, and nothing is changed.

    \b
    Examples:
      edgeops model decayed
      edgeops model decayed crowdedness-24h --hub production --detailed-exitcode
      edgeops model decayed -o json > decayed.json && edgeops github outputs decayed.json
    """
    found = api.decayed_models(workspace(context), models or (), rev=rev)
    show(context, report.decay_text, found, output)
    if detailed_exitcode and any(model.has_decayed for model in found):
        raise typer.Exit(2)
