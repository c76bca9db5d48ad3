"""`edgeops github propose...`: what a workflow changed, as a pull request."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.options import argument, option
from edgeops.cli.settings import Settings, settings, workspace
from edgeops.user_files import read_text

if TYPE_CHECKING:
    from edgeops.api.proposals import Proposal

Check = Annotated[
    str,
    option(
        "Start this workflow on the branch: what a workflow's token does starts none.",
        metavar="FILE",
    ),
]


def propose_changes(
    context: typer.Context,
    branch: Annotated[str, option("The branch, which is ours.", metavar="NAME")],
    title: Annotated[str, option("Title and commit message.", metavar="TEXT")],
    body_file: Annotated[Path, option("The text, Markdown.", metavar="FILE")],
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
    from edgeops.api import proposals as api
    from edgeops.report.markdown import title as as_title

    options = settings(context)
    files = api.uncommitted_files(workspace(options))
    if not files:
        options.note("nothing is changed, so there is nothing to propose")
        return
    text = read_text(body_file, "the text", "")
    _propose(options, [api.Proposal(branch, as_title(title), lambda _: text, files)], check)


def propose_release(
    context: typer.Context,
    reference: Annotated[
        str, argument("A release that was just published.", metavar="NAME@VERSION")
    ],
    scorecard: Annotated[Path, option("As of `model evaluate -o markdown`.", metavar="FILE")],
    check: Check = "",
) -> None:
    """Propose a published release: its files, and its place in the first ring.

    In the first ring it takes the place of an earlier release. A model that no
    ring has is proposed without a place: who runs it is for people to say.

    \b
    Examples:
      edgeops github propose-release crowdedness-24h@1.1.0 --scorecard scorecard.md
    """
    from edgeops.api import proposals as api
    from edgeops.report.proposal import release_proposal

    options = settings(context)
    found = api.new_release(workspace(options), reference)
    text = read_text(scorecard, "the scorecard", "")
    _propose(options, [release_proposal(found, text)], check)


def propose_promotions(context: typer.Context, check: Check = "") -> None:
    """Propose what `edgeops model promote --next --revert-degraded` would edit.

    One pull request a slot. Does nothing, with exit code 0, where it is not
    time yet.

    \b
    Examples:
      edgeops github propose-promotions --hub production --check fleet-pr.yml
    """
    from edgeops.api import proposals as api
    from edgeops.github.workflow import read_workflow
    from edgeops.report.promote_text import decision_text
    from edgeops.report.proposal import promotion_proposal, promotion_text

    options, workflow = settings(context), read_workflow(os.environ)
    found = api.next_releases(workspace(options))
    for slot in found:
        typer.echo(decision_text(slot.decision, color=options.styled()))
        workflow.summarize("\n" + promotion_text(slot.decision, slot.changes))
    _propose(options, [promotion_proposal(slot) for slot in found if slot.changes], check)


def _propose(options: Settings, proposals: list[Proposal], check: str) -> None:
    """Propose all; the new commits are an output of the step, and the run leaves a mark for each.

    By the mark `edgeops github approval` knows who is behind a commit that a workflow made.
    """
    from edgeops.api.proposals import propose
    from edgeops.github.workflow import read_workflow
    from edgeops.report.proposal import proposed_markdown, proposed_text

    workflow, commits = read_workflow(os.environ), []
    for proposal in proposals:
        done = propose(workspace(options), workflow, proposal, check=check)
        options.note(proposed_text(done))
        if done.how != "declined":
            workflow.summarize("\n" + proposed_markdown(done))
        commits += [done.commit] if done.commit else []
    workflow.give(commits=commits)
