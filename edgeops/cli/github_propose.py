"""`edgeops github propose...`: what a workflow changed, as a pull request."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.options import argument, option
from edgeops.cli.settings import has_color, note, workspace
from edgeops.user_files import read_text

if TYPE_CHECKING:
    from edgeops.api.proposals import Proposal

Check = Annotated[
    str,
    option("Workflow to start: pushes made with GITHUB_TOKEN trigger none.", metavar="FILE"),
]


def propose_changes(
    context: typer.Context,
    branch: Annotated[str, option("Branch to push; managed by edgeops.", metavar="NAME")],
    title: Annotated[str, option("Title and commit message.", metavar="TEXT")],
    body_file: Annotated[Path, option("Markdown text of the pull request.", metavar="FILE")],
    check: Check = "",
) -> None:
    """Open a pull request for the uncommitted changes in fleet/, models/ and schemas/.

    Pushes them as one commit to a branch, and creates or updates the pull
    request of that branch. The working tree does not change. Sets the step
    output `commits`, a JSON array: the run must upload an artifact
    `proposal-COMMIT` for each, which tells `edgeops github approval` who
    started the run.

    \b
    Examples:
      edgeops github propose --branch edgeops/import --title "As on the hub" --body-file why.md
    """
    from edgeops.api import proposals as api
    from edgeops.report.markdown import title as as_title

    files = api.uncommitted_files(workspace(context))
    if not files:
        note(context, "there are no uncommitted changes to propose")
        return
    text = read_text(body_file, "the text", "")
    _propose(context, [api.Proposal(branch, as_title(title), lambda _: text, files)], check)


def propose_release(
    context: typer.Context,
    reference: Annotated[str, argument("The published release.", metavar="NAME@VERSION")],
    scorecard: Annotated[Path, option("Output of `model evaluate -o markdown`.", metavar="FILE")],
    check: Check = "",
) -> None:
    """Open a pull request for a published release.

    It adds the release files, and lets the first ring run this release instead
    of an earlier one. If no ring runs the model yet, it only adds the files.

    \b
    Examples:
      edgeops github propose-release crowdedness-24h@1.1.0 --scorecard scorecard.md
    """
    from edgeops.api import proposals as api
    from edgeops.report.proposal import release_proposal

    release = api.new_release(workspace(context), reference)
    text = read_text(scorecard, "the scorecard", "")
    _propose(context, [release_proposal(release, text)], check)


def propose_promotions(context: typer.Context, check: Check = "") -> None:
    """Open pull requests for what `model promote --next --revert-degraded` would edit.

    One pull request per slot. If no promotion is due, it does nothing and ends
    with exit code 0.

    \b
    Examples:
      edgeops github propose-promotions --hub production --check fleet-pr.yml
    """
    from edgeops.api import proposals as api
    from edgeops.github.workflow import read_workflow
    from edgeops.report.promote_text import decision_text
    from edgeops.report.proposal import promotion_proposal, promotion_text

    workflow = read_workflow(os.environ)
    slots = api.next_releases(workspace(context))
    for slot in slots:
        typer.echo(decision_text(slot.decision, color=has_color(context)))
        workflow.summarize("\n" + promotion_text(slot.decision, slot.changes))
    _propose(context, [promotion_proposal(slot) for slot in slots if slot.changes], check)


def _propose(context: typer.Context, proposals: list[Proposal], check: str) -> None:
    """Open or update the pull requests, and set the step output `commits`."""
    from edgeops.api.proposals import propose
    from edgeops.github.workflow import read_workflow
    from edgeops.report.proposal import proposed_markdown, proposed_text

    workflow, commits = read_workflow(os.environ), []
    for proposal in proposals:
        done = propose(workspace(context), workflow, proposal, check=check)
        note(context, proposed_text(done))
        if done.how != "declined":
            workflow.summarize("\n" + proposed_markdown(done))
        commits += [done.commit] if done.commit else []
    workflow.give(commits=commits)
