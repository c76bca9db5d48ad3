"""`edgeops model promote`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.options import OutputOption, argument, option
from edgeops.cli.settings import note, show, workspace
from edgeops.errors import Refused, UsageError


def promote(
    context: typer.Context,
    release: Annotated[str | None, argument("The release.", metavar="NAME@VERSION")] = None,
    to: Annotated[str | None, option("The group that gets it.", "--to", metavar="GROUP")] = None,
    forward: Annotated[
        bool, option("Promote each slot to its next ring once its soak time is over.", "--next")
    ] = False,
    slot: Annotated[str | None, option("Slot; by default the one that has the model.")] = None,
    revert: Annotated[
        bool,
        option("With --next: replace a Degraded release by an earlier one.", "--revert-degraded"),
    ] = False,
    dry_run: Annotated[bool, option("Show the diff; edit nothing.", "--dry-run")] = False,
    output: OutputOption = "text",
) -> None:
    """Give a group another release of a model: edit its manifest and show the diff.

    Only that value changes; comments and layout stay. Nothing is committed:
    review it like any other change.

    --next follows `spec.rollout` of the groups: the next ring gets a release
    once the devices of the ring before it on the hub (--hub) have run it for
    the soak time and are Converged. --revert-degraded gives rings with a
    Degraded release the one that a later ring still runs. Exit code 5: no ring
    gets a release yet; every device that it waits for is listed with the reason.

    \b
    Examples:
      edgeops model promote crowdedness-24h@1.1.0 --to canary
      edgeops model promote --next --dry-run
      edgeops model promote --next --slot crowdedness --revert-degraded --hub production
    """
    if forward == (release is not None or to is not None):
        raise UsageError("give NAME@VERSION --to GROUP, or --next")
    if not forward and (release is None or to is None):
        raise UsageError("NAME@VERSION and --to GROUP must be used together", "or use --next")
    if revert and not forward:
        raise UsageError("--revert-degraded needs --next")
    where = workspace(context)
    if release is not None and to is not None:
        done = api.promote(where, release, to, slot=slot, dry_run=dry_run)
        if done.texts or output == "json":
            show(context, report.model_promote_text, done, output)
        else:
            note(context, f"{to} already has {release}")
        return
    done = api.promote_next(where, slot=slot, revert_degraded=revert, dry_run=dry_run)
    if not done.decisions:
        note(context, "no ring has a model yet: promote a release to the first one with --to")
    if done.decisions or output == "json":
        show(context, report.model_promote_text, done, output)
    if not done.is_over:
        raise Refused("no ring gets a release now", report.model_promote_text.hint(done))
