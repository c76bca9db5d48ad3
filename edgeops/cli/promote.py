"""`edgeops promote`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import OutputOption, argument, option
from edgeops.cli.settings import note, show, workspace
from edgeops.errors import Refused, UsageError


def promote(
    context: typer.Context,
    paths: Annotated[
        list[str] | None,
        argument("Values as in manifests: modules.opc.image.", metavar="PATH"),
    ] = None,
    to: Annotated[
        str | None,
        option(
            "Give this group what the first ring has, without waiting.", "--to", metavar="GROUP"
        ),
    ] = None,
    revert: Annotated[
        bool, option("Replace a Degraded value by that of a later ring.", "--revert-degraded")
    ] = False,
    dry_run: Annotated[bool, option("Show the diff; edit nothing.", "--dry-run")] = False,
    output: OutputOption = "text",
) -> None:
    """Move values from one ring of devices to the next: edit manifests and show the diff.

    A ring is a group with `spec.rollout`. The next ring gets a value once the
    devices of the ring before it on the hub (--hub) have had it for the soak
    time and are Converged. Without PATH: the models of all slots, and the paths
    in `rollout.values` of the rings. Only these values change; comments and
    layout stay. Nothing is committed: review it like any other change. Exit
    code 5: no ring gets a value yet; every device that it waits for is listed
    with the reason.

    \b
    Examples:
      edgeops promote --dry-run
      edgeops promote modules.opc.image modules.opc.env.LEVEL --hub production
      edgeops promote 'desired."a.b"' --to all
    """
    where, given = workspace(context), paths or []
    if to is not None:
        if not given or revert:
            raise UsageError("--to needs a PATH, and cannot be combined with --revert-degraded")
        done = api.promote_values_to(where, given, to, dry_run=dry_run)
        if done.texts or output == "json":
            show(context, report.promote_text, done, output)
        else:
            note(context, f"{to} already has what the first ring has")
        return
    done = api.promote_values(where, given, revert_degraded=revert, dry_run=dry_run)
    if not done.decisions:
        note(context, "no ring sets a value yet: name others than models in `rollout.values`")
    if done.decisions or output == "json":
        show(context, report.promote_text, done, output)
    if not done.is_over:
        raise Refused("no ring gets a value now", report.promote_text.hint(done))
