"""`edgeops github propose...`: what a workflow changed, as a pull request."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.promotions import decisions, edit, read_manifests
from edgeops.cli.proposals import Proposal, propose, read_files
from edgeops.cli.settings import settings, workspace
from edgeops.errors import UsageError

if TYPE_CHECKING:
    from edgeops.api.workspace import Revision
    from edgeops.promotion.change import Change

Files = dict[str, bytes | None]
Check = Annotated[
    str,
    typer.Option(
        help="Start this workflow on the branch: what a workflow's token does starts none.",
        metavar="FILE",
    ),
]


def propose_changes(
    context: typer.Context,
    branch: Annotated[str, typer.Option(help="The branch, which is ours.", metavar="NAME")],
    title: Annotated[str, typer.Option(help="Title and commit message.", metavar="TEXT")],
    body_file: Annotated[Path, typer.Option(help="The text, Markdown.", metavar="FILE")],
    check: Check = "",
) -> None:
    """Propose what is changed in fleet/, models/ and schemas/ and not committed.

    Pushes it as one commit on a branch, and opens the pull request of that
    branch or brings it up to date. The working tree stays as it is. Gives the
    step the output `commits`, a JSON array: let the run upload an artifact
    `proposal-COMMIT` for each, which tells `edgeops github approval` who is
    behind it.

    \b
    Examples:
      edgeops github propose --branch edgeops/import --title "As on the hub" --body-file why.md
    """
    from edgeops.cli.files import read_text
    from edgeops.report.markdown import title as as_title
    from edgeops.source.revision import uncommitted

    options = settings(context)
    root = workspace(options).root
    files = read_files(root, uncommitted(root))
    if not files:
        options.note("nothing is changed, so there is nothing to propose")
        return
    text = read_text(body_file, "the text", "")
    proposal = Proposal(branch, as_title(title), _always(text), files)
    _tell([propose(options, proposal, check)])


def propose_release(
    context: typer.Context,
    reference: Annotated[
        str, typer.Argument(help="A release that was just published.", metavar="NAME@VERSION")
    ],
    scorecard: Annotated[
        Path, typer.Option(help="As of `model evaluate -o markdown`.", metavar="FILE")
    ],
    check: Check = "",
) -> None:
    """Propose a published release: its files, and its place in the first ring.

    In the first ring it takes the place of an earlier release. A model that no
    ring has is proposed without a place: who runs it is for people to say.

    \b
    Examples:
      edgeops github propose-release crowdedness-24h@1.1.0 --scorecard scorecard.md
    """
    from edgeops.cli.files import read_text
    from edgeops.promotion.entry import entry
    from edgeops.report import proposal as report
    from edgeops.source.revision import uncommitted

    options = settings(context)
    git = read_manifests(options)
    if reference not in git.catalog.releases:
        raise UsageError(f"there is no release `{reference}` in models/", "publish it first")
    release = git.catalog.releases[reference].spec
    first, why_not = entry(git.catalog, release.name, reference)
    changes = (first,) if first else ()
    folder = f"models/{release.name}/releases/"
    shown = [path for path in uncommitted(git.workspace.root) if path.startswith(folder)]
    files = read_files(git.workspace.root, shown) | _edited(git, changes)
    text = read_text(scorecard, "the scorecard", "")
    made = propose(
        options,
        Proposal(
            branch=f"edgeops/release/{release.name}",
            title=report.release_title(release, changes),
            text=lambda root: report.release_text(
                release,
                changes,
                why_not=why_not,
                scorecard=text,
                plots=[f"{root}/{path}" for path in shown if path.endswith(".png")],
            ),
            files=files,
            meaning=f"{release} {changes}",
        ),
        check,
    )
    _tell([made])


def propose_promotions(context: typer.Context, check: Check = "") -> None:
    """Propose what `edgeops model promote --next --revert-degraded` would edit.

    One pull request a slot. Does nothing, with exit code 0, where it is not
    time yet.

    \b
    Examples:
      edgeops github propose-promotions --hub production --check fleet-pr.yml
    """
    from edgeops.github.workflow import read_workflow
    from edgeops.promotion.change import changes_of
    from edgeops.promotion.rings import models_of_rings
    from edgeops.report import proposal as report
    from edgeops.report.promote_text import text as decided

    options, workflow = settings(context), read_workflow(os.environ)
    git = read_manifests(options)
    if not models_of_rings(git.catalog):
        options.note("no group is a ring: set `rollout` under `spec` of groups")
        _tell([])
        return
    made = []
    for decision in decisions(git, None):
        changes = tuple(changes_of(git.catalog, decision, revert=True))
        typer.echo(decided([decision], {}, color=options.styled()))
        text = report.promotion_text(decision, changes)
        workflow.summarize(f"\n{text}")
        if not changes:
            continue
        proposal = Proposal(
            branch=f"edgeops/promote/{decision.rollout.slot}",
            title=report.promotion_title(decision, changes),
            text=_always(text),
            files=_edited(git, changes),
            meaning=str(changes),
        )
        made.append(propose(options, proposal, check))
    _tell(made)


def _tell(made: list[str | None]) -> None:
    """The new commits as an output of the step: the run leaves a mark for each.

    By the mark `edgeops github approval` knows who is behind a commit that a workflow made.
    """
    from edgeops.github.workflow import read_workflow

    read_workflow(os.environ).give(commits=json.dumps([commit for commit in made if commit]))


def _always(text: str) -> Callable[[str], str]:
    return lambda _root: text


def _edited(git: Revision, changes: tuple[Change, ...]) -> Files:
    texts = edit(git, changes, dry_run=True) if changes else {}
    return {file: after.encode() for file, (_, after) in texts.items()}
