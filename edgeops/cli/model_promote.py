"""`edgeops model promote`."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeops.cli.options import Output, OutputOption, argument, option
from edgeops.cli.settings import settings, show, workspace
from edgeops.errors import Refused, UsageError


def promote(
    context: typer.Context,
    release: Annotated[
        str | None, argument("The release to promote.", metavar="NAME@VERSION")
    ] = None,
    to: Annotated[str | None, option("The group that gets it.", "--to", metavar="GROUP")] = None,
    forward: Annotated[
        bool, option("Bring each slot to its next ring, if it is time.", "--next")
    ] = False,
    slot: Annotated[
        str | None, option("The slot; by default the one that holds this model already.")
    ] = None,
    revert: Annotated[
        bool,
        option(
            "With --next: give the rings of a Degraded release what a later ring still runs.",
            "--revert-degraded",
        ),
    ] = False,
    dry_run: Annotated[bool, option("Show the diff only.", "--dry-run")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Give a group another release of a model: edit its manifest, and show the diff.

    Only that value changes, comments and layout stay, and nothing is
    committed: review it as any other change.

    --next goes by `spec.rollout` of the groups: the release of a ring goes to
    the next one when its devices on the hub (--hub) are Converged and have had
    it for the soak time. Exit code 5: no ring gets anything yet; every device
    that is not there yet is named with the reason.

    \b
    Examples:
      edgeops model promote crowdedness-24h@1.1.0 --to canary
      edgeops model promote --next --dry-run
      edgeops model promote --next --slot crowdedness --revert-degraded --hub production
    """
    if forward == (release is not None or to is not None):
        raise UsageError("say NAME@VERSION --to GROUP, or --next")
    if not forward and (release is None or to is None):
        raise UsageError("NAME@VERSION and --to GROUP go together", "or say --next")
    if revert and not forward:
        raise UsageError("--revert-degraded needs --next")
    from edgeops.api import promotions as api
    from edgeops.report import promote_text as report

    options = settings(context)
    where = workspace(options)
    if release is not None and to is not None:
        done = api.promote(where, release, to, slot=slot, dry_run=dry_run)
        if done.texts or output is Output.JSON:
            show(options, report, done, output)
        else:
            options.note(f"{to} has {release} already")
        return
    done = api.promote_next(where, slot=slot, revert_degraded=revert, dry_run=dry_run)
    if not done.decisions:
        options.note("no ring has a model yet: promote a release to the first one with --to")
    if done.decisions or output is Output.JSON:
        show(options, report, done, output)
    if not done.is_over:
        raise Refused("no ring gets a release now", report.hint(done))
