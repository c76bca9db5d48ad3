"""`edgeops model promote`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.promotions import decisions, edit, read_manifests
from edgeops.cli.settings import Output, Settings, settings
from edgeops.errors import Refused, UsageError

if TYPE_CHECKING:
    from edgeops.api.workspace import Revision
    from edgeops.fleet.catalog import Catalog
    from edgeops.promotion.change import Change


def promote(
    context: typer.Context,
    release: Annotated[
        str | None, typer.Argument(help="The release to promote.", metavar="NAME@VERSION")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="The group that gets it.", metavar="GROUP")
    ] = None,
    forward: Annotated[
        bool, typer.Option("--next", help="Bring each slot to its next ring, if it is time.")
    ] = False,
    slot: Annotated[
        str | None,
        typer.Option(help="The slot; by default the one that holds this model already."),
    ] = None,
    revert: Annotated[
        bool,
        typer.Option(
            "--revert-degraded",
            help="With --next: give the rings of a Degraded release what a later ring still runs.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the diff only.")] = False,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="Form of the output.")
    ] = Output.TEXT,
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
    options = settings(context)
    git = read_manifests(options)
    if release is not None and to is not None:
        _to_group(options, git, _wanted(git.catalog, release, to, slot), dry_run, output)
    else:
        _to_next_rings(options, git, slot, revert, dry_run, output)


def _to_group(
    options: Settings, git: Revision, change: Change, dry_run: bool, output: Output
) -> None:
    from edgeops.report import promote_text as report

    texts = edit(git, [change], dry_run)
    if output is Output.JSON:
        typer.echo(report.change_json(change), nl=False)
    elif texts:
        typer.echo(report.text((), texts, color=options.styled()))
    else:
        options.note(f"{change.group} has {change.after} already")


def _wanted(catalog: Catalog, release: str, group: str, slot: str | None) -> Change:
    """The change that the user asked for. Raises `UsageError` for what git does not have."""
    from edgeops.fleet.suggest import did_you_mean
    from edgeops.promotion.change import change
    from edgeops.promotion.slots import choose_slot

    model, at, _ = release.partition("@")
    if not at:
        raise UsageError(f"`{release}` is not a release", "name one as NAME@VERSION")
    if release not in catalog.releases:
        versions = sorted(name for name in catalog.releases if name.startswith(f"{model}@"))
        there = f"there are {', '.join(versions)}" if versions else ""
        hint = there or did_you_mean(release, catalog.releases) or "publish it first"
        raise UsageError(f"there is no release `{release}` in models/", hint)
    if group not in catalog.groups:
        there = f"the groups are {', '.join(sorted(catalog.groups))}"
        raise UsageError(
            f"there is no group `{group}`", did_you_mean(group, catalog.groups) or there
        )
    return change(catalog, group, choose_slot(catalog, model, slot), release)


def _to_next_rings(
    options: Settings, git: Revision, slot: str | None, revert: bool, dry_run: bool, output: Output
) -> None:
    from edgeops.promotion.change import changes_of
    from edgeops.promotion.decide import Step
    from edgeops.report import promote_text as report

    found = decisions(git, slot)
    if not found:
        options.note("no ring has a model yet: promote a release to the first one with --to")
    changes = [change for one in found for change in changes_of(git.catalog, one, revert=revert)]
    texts = edit(git, changes, dry_run)
    if output is Output.JSON:
        typer.echo(report.as_json(found, changes), nl=False)
    elif found:
        typer.echo(report.text(found, texts, color=options.styled()))
    if changes or all(one.step is Step.DONE for one in found):
        return
    back = [one.back_to for one in found if one.step is Step.DEGRADED]
    hint = ""
    if any(back):
        hint = "--revert-degraded edits the rings back to the release of a later ring"
    elif back:
        hint = "no later ring runs another release: revert the commit that brought it"
    raise Refused("no ring gets a release now", hint)
