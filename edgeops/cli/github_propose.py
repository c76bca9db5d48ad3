"""`edgeops github propose...`: pull requests for the changes of a workflow."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops import api, report
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
    files = api.proposals.uncommitted_files(workspace(context))
    if not files:
        note(context, "there are no uncommitted changes to propose")
        return
    text = read_text(body_file, "the text", "")
    _propose(
        context,
        [api.proposals.Proposal(branch, report.markdown.title(title), lambda _: text, files)],
        check,
    )


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
    release = api.proposals.new_release(workspace(context), reference)
    text = read_text(scorecard, "the scorecard", "")
    _propose(context, [report.proposal.release_proposal(release, text)], check)


def propose_promotions(context: typer.Context, check: Check = "") -> None:
    """Open pull requests for what `promote --revert-degraded` would edit.

    One pull request per value. If no promotion is due, it does nothing and ends
    with exit code 0.

    \b
    Examples:
      edgeops github propose-promotions --hub production --check fleet-pr.yml
    """
    from edgeops.github.workflow import read_workflow

    workflow = read_workflow(os.environ)
    values = api.proposals.next_promotions(workspace(context))
    for value in values:
        typer.echo(report.promote_text.decision_text(value.decision, color=has_color(context)))
        workflow.summarize("\n" + report.proposal.promotion_text(value.decision, value.changes))
    proposals = [report.proposal.promotion_proposal(value) for value in values if value.changes]
    _propose(context, proposals, check)


def _propose(context: typer.Context, proposals: list[Proposal], check: str) -> None:
    """Open or update the pull requests, and set the step output `commits`."""
    from edgeops.github.workflow import read_workflow

    workflow, commits = read_workflow(os.environ), []
    for proposal in proposals:
        done = api.proposals.propose(workspace(context), workflow, proposal, check=check)
        note(context, report.proposal.proposed_text(done))
        if done.how != "declined":
            workflow.summarize("\n" + report.proposal.proposed_markdown(done))
        commits += [done.commit] if done.commit else []
    workflow.give(commits=commits)
