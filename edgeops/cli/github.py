"""`edgeops github`: what the workflows of a fleet have to do with GitHub itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeops.cli.github_outputs import models, outputs
from edgeops.cli.github_propose import propose_changes, propose_promotions, propose_release
from edgeops.cli.options import SavedPlanFile, argument, option
from edgeops.cli.settings import say, settings
from edgeops.errors import EdgeOpsError
from edgeops.user_files import read_text

if TYPE_CHECKING:
    from edgeops.github.workflow import Workflow
    from edgeops.plan.document import SavedPlan

PLAN_MARKER = "fleet-plan"
DRIFT_MARKER = "fleet-drift"

app = typer.Typer(
    help="For steps of GitHub workflows: comments, approval, the issue about drift.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.command("models", short_help="Which models to train, as a matrix.")(models)
app.command("outputs", short_help="A JSON object as outputs of the step.")(outputs)
app.command("propose", short_help="What is changed here, as a pull request.")(propose_changes)
app.command("propose-release", short_help="A published release, as one.")(propose_release)
app.command("propose-promotions", short_help="What is next for models, as some.")(
    propose_promotions
)


@app.command("comment")
def comment(
    context: typer.Context,
    file: Annotated[
        list[Path],
        option(
            "Markdown, as of `sync --dry-run -o markdown`; the first that is there in full,"
            " others folded.",
            metavar="FILE",
        ),
    ],
    marker: Annotated[str, option("Which comment of ours it is.", metavar="WORD")] = PLAN_MARKER,
    note: Annotated[str, option("A sentence in front.", metavar="TEXT")] = "",
) -> None:
    """Let the one comment on the pull request say this.

    Creates or updates it. With a token that may only read, as that of a pull
    request from a fork, the summary of the step gets the text instead.

    \b
    Examples:
      edgeops github comment --file live.md --file rendered.md
    """
    from edgeops.api import github as api
    from edgeops.report.pull_request import comment as composed

    options, workflow = settings(context), _workflow()
    texts = [read_text(path, "the text", "") for path in file if path.exists()]
    if not any(text.strip() for text in texts) and not note:
        raise EdgeOpsError(
            f"there is nothing to say: {', '.join(map(str, file))} is missing or empty",
            "make it with `edgeops sync --dry-run -o markdown`",
        )
    done = api.comment(workflow, marker, composed(texts, note=note, run_url=workflow.run_url))
    if done.how is None:
        number = done.number
        options.note(f"the token may not comment on #{number}: the summary has the text instead")
    else:
        options.note(f"comment on #{done.number}: {done.how}")


@app.command("approval")
def approval(
    plan: Annotated[
        Path,
        argument("A plan that sync saved with --out; beside it, as .md, the same as Markdown."),
    ],
    marker: Annotated[str, option("The comment that shows plans.", metavar="WORD")] = PLAN_MARKER,
) -> None:
    """Was this very plan approved in the pull request that became this commit?

    Gives the step the outputs `approved` and `changes`, true or false, and
    says why in its summary. Approved means: somebody who may write to the
    repository, and neither opened the pull request nor pushed or wrote any of
    its commits nor started the workflow that did, approved its last commit
    after our comment showed exactly this plan. Nothing else may be changed but
    fleet/, schemas/ and models/. What GitHub does not tell is not approved. A
    plan without changes needs no approval.

    \b
    Examples:
      edgeops sync --dry-run --prune --out plan.json -o markdown > plan.md
      edgeops github approval plan.json
    """
    from edgeops.api import github as api
    from edgeops.api.plans import saved_plan
    from edgeops.report.markdown import plain

    saved, workflow = saved_plan(plan), _workflow()
    shown = _shown(plan, saved) if saved.writes else ""
    found = api.approval(workflow, saved, marker, shown)
    workflow.give(approved=found.given, changes=bool(saved.writes))
    words = f"{'Approved' if found.given else 'Not approved yet'}: {found.why}"
    workflow.summarize(f"\n{plain(words, 2_000, references=True)}.")
    say(words)


@app.command("drift-issue")
def drift_issue(
    context: typer.Context,
    plan: SavedPlanFile,
    text: Annotated[Path, option("The same plan as Markdown.", metavar="FILE", show_default=False)],
    marker: Annotated[str, option("Which issue of ours it is.", metavar="WORD")] = DRIFT_MARKER,
) -> None:
    """Keep one issue open as long as the hub is not as git wants it.

    Opens it, updates it, and closes it when the plan has nothing to do.

    \b
    Examples:
      edgeops sync --dry-run --prune --out plan.json -o markdown > plan.md
      edgeops github drift-issue plan.json --text plan.md
    """
    from edgeops.api import github as api
    from edgeops.api.plans import saved_plan
    from edgeops.report import drift_issue as report

    saved = saved_plan(plan)
    body = report.body(read_text(text, "the text", "")) if saved.writes else ""
    done = api.drift_issue(_workflow(), saved, marker, report.heading(saved.hub), body)
    settings(context).note(f"issue about drift: {done.how} {done.url}".rstrip())


def _shown(plan: Path, saved: SavedPlan) -> str:
    """The Markdown of a saved plan, from the file beside it."""
    from edgeops.report.plan_markdown import digest_line

    text = plan.with_suffix(".md")
    hint = f"make both with one `edgeops sync --dry-run --out {plan} -o markdown > {text}`"
    shown = read_text(text, "the text of the plan", hint)
    if digest_line(saved.digest, saved.hub) not in shown.splitlines():
        raise EdgeOpsError(f"{text} does not show the plan {plan}", hint)
    return shown


def _workflow() -> Workflow:
    from edgeops.github.workflow import read_workflow

    return read_workflow(os.environ)
