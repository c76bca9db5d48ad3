"""`edgeops github`: the steps of a fleet's GitHub workflows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from edgeops import api, report
from edgeops.cli.github_outputs import models, outputs
from edgeops.cli.github_propose import propose_changes, propose_promotions, propose_release
from edgeops.cli.options import SavedPlanFile, group, option
from edgeops.cli.settings import note, say, settings
from edgeops.errors import EdgeOpsError
from edgeops.user_files import read_text

app = group("Run the steps of GitHub workflows: plan comment, approval, pull requests.")
app.command("models", short_help="List the models to train, as a job matrix.")(models)
app.command("outputs", short_help="Set step outputs from a JSON object.")(outputs)
app.command("propose", short_help="Open a pull request for uncommitted changes.")(propose_changes)
app.command("propose-release", short_help="Open a pull request for a published release.")(
    propose_release
)
app.command("propose-promotions", short_help="Open pull requests for pending promotions.")(
    propose_promotions
)

_BOTH = "create both with `edgeops sync --dry-run --out PLAN.json -o markdown > PLAN.md`"
PlanMarker = Annotated[str, option("Marker of the comment to look for.", metavar="WORD")]


@app.command("comment")
def comment(
    context: typer.Context,
    file: Annotated[
        list[Path] | None,
        option("Markdown; the first existing file is shown, the rest collapsed.", metavar="FILE"),
    ] = None,
    plan: Annotated[
        list[Path] | None,
        option("Plan of a hub, as Markdown, or a folder of them; all are shown.", metavar="PATH"),
    ] = None,
    marker: PlanMarker = "fleet-plan",
    note: Annotated[str, option("Text to prepend.", metavar="TEXT")] = "",
) -> None:
    """Create or update the plan comment on the pull request.

    If the token may only read, as for a pull request from a fork, the text
    goes to the summary of the step instead.

    \b
    Examples:
      edgeops github comment --plan dev.md --plan prod.md
      edgeops github comment --plan previews/ --file rendered.md
    """
    from edgeops.github.workflow import read_workflow

    workflow = read_workflow(os.environ)
    plans, texts = (
        [read_text(path, "the text", "") for path in paths if path.exists()]
        for paths in ([one for path in plan or () for one in _plans(path)], file or ())
    )
    if not note and not any(map(str.strip, (*plans, *texts))):
        named = ", ".join(map(str, (*(plan or ()), *(file or ())))) or "FILE"
        raise EdgeOpsError(f"the comment has no text: {named} is missing or empty", _BOTH)
    text = report.pull_request.comment(texts, plans=plans, note=note, run_url=workflow.run_url)
    done = api.github.comment(workflow, marker, text)
    settings(context).note(report.pull_request.commented(done))


def _plans(path: Path) -> list[Path]:
    """The plans that a path names: itself, or those of a folder by name."""
    return sorted(path.glob("*.md")) if path.is_dir() else [path]


@app.command("approval", short_help="Check whether this plan was approved.")
def approval(plan: SavedPlanFile, marker: PlanMarker = "fleet-plan") -> None:
    """Check whether exactly this plan was approved on the pull request of this commit.

    Sets the step outputs `approved` and `changes` to true or false, and writes
    the reason to the step summary. A plan is approved when somebody with write
    access, who neither opened the pull request nor pushed or wrote any of its
    commits nor started the workflow that did, approved its last commit after
    the plan comment showed exactly this plan, and nothing but fleet/, schemas/
    and models/ changes. What GitHub does not report counts as not approved. A
    plan without changes needs no approval. The Markdown form of the plan must
    be beside it, with the suffix .md.

    \b
    Examples:
      edgeops sync --dry-run --prune --out plan.json -o markdown > plan.md
      edgeops github approval plan.json
    """
    from edgeops.github.workflow import read_workflow

    saved, workflow = api.plans.saved_plan(plan), read_workflow(os.environ)
    beside = plan.with_suffix(".md")
    shown = read_text(beside, "the text of the plan", _BOTH) if saved.writes else ""
    if saved.writes and not report.plan_markdown.shows(shown, saved):
        raise EdgeOpsError(f"{beside} does not show the plan {plan}", _BOTH)
    approved = api.github.approval(workflow, saved, marker, shown)
    workflow.give(approved=approved.given, changes=bool(saved.writes))
    text, markdown = report.pull_request.verdict(approved)
    workflow.summarize(markdown)
    say(text)


@app.command("drift-issue")
def drift_issue(
    context: typer.Context,
    plan: SavedPlanFile,
    text: Annotated[Path, option("The same plan as Markdown.", metavar="FILE", show_default=False)],
    marker: Annotated[str, option("Marker of the issue.", metavar="WORD")] = "fleet-drift",
) -> None:
    """Keep an issue open while the hub differs from git.

    Opens and updates the issue, and closes it when the plan has no changes.

    \b
    Examples:
      edgeops sync --dry-run --prune --out plan.json -o markdown > plan.md
      edgeops github drift-issue plan.json --text plan.md
    """
    from edgeops.github.workflow import read_workflow

    saved, workflow = api.plans.saved_plan(plan), read_workflow(os.environ)
    body = report.pull_request.drift_body(read_text(text, "the text", "")) if saved.writes else ""
    done = api.github.drift_issue(
        workflow, saved, marker, report.pull_request.drift_title(saved.hub), body
    )
    note(context, f"drift issue: {done.how} {done.url}".rstrip())
