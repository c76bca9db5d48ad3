"""The steps of a GitHub workflow: plan comment, approval, drift issue, training matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError

if TYPE_CHECKING:
    from edgeops.github.approval import Approval
    from edgeops.github.workflow import Workflow
    from edgeops.plan.document import SavedPlan
    from edgeops.training.matrix import Shard


@dataclass(frozen=True, slots=True)
class Commented:
    """The pull request of a comment; `how` is None if the token may not comment."""

    number: int
    how: str | None


@dataclass(frozen=True, slots=True)
class DriftIssue:
    """The drift issue: what was done (`opened`, `updated`, `closed`, ...), and its URL."""

    how: str
    url: str


@dataclass(frozen=True, slots=True)
class Trainings:
    """The models that a workflow must train, and their shards for machines."""

    models: tuple[str, ...]
    parts: tuple[Shard, ...]


def comment(workflow: Workflow, marker: str, text: str) -> Commented:
    """Create or update the comment (Markdown) with this marker on the pull request of a run.

    With a read-only token, the text goes to the step summary. Raises `EdgeOpsError`
    if there is no pull request, and `GitHubError`.
    """
    from edgeops.github.comments import pull_request_of, stick
    from edgeops.github.rest import GitHubError

    api = workflow.api()
    number = pull_request_of(workflow, api)
    if number is None:
        raise EdgeOpsError(
            f"there is no open pull request from the branch {workflow.branch}",
            "run this for a pull request, or on its branch",
        )
    try:
        return Commented(number, stick(api, number, marker, text).value)
    except GitHubError as error:
        if error.status != 403:
            raise
        workflow.summarize(text)
        return Commented(number, None)


def approval(workflow: Workflow, saved: SavedPlan, marker: str, shown: str) -> Approval:
    """Whether exactly this plan was approved in the pull request that became the run's commit.

    `shown` is the plan as Markdown, which the comment with this marker must show.
    """
    from edgeops.github.approval import Approval, approval_of

    if not saved.writes:
        return Approval(True, "nothing changes")
    repeated = workflow.attempt > 1
    return approval_of(
        workflow.api(), workflow.sha, workflow.branch, marker, shown, repeated=repeated
    )


def drift_issue(
    workflow: Workflow, saved: SavedPlan, marker: str, title: str, text: str
) -> DriftIssue:
    """Keep the issue with this marker open while a plan has changes. Raises `GitHubError`."""
    from edgeops.github.issues import close, keep_open

    api = workflow.api()
    if saved.writes:
        how, url = keep_open(api, marker, title, text)
    else:
        how, url = close(api, marker, f"In sync again, see {workflow.run_url}")
    return DriftIssue(how.value, url)


def trainings(
    workspace: Workspace,
    *,
    changed_since: str = "",
    only: Sequence[str] = (),
    machines: int = 8,
) -> Trainings:
    """The models to train: all, `only` these, or those that `changed_since` a revision.

    Each is spread over at most `machines` machines. Raises `UsageError` for a model
    that does not exist, and `InvalidModel`.
    """
    from edgeops.source.revision import changed_since as paths_changed_since
    from edgeops.training.matrix import changed, model_names, shards
    from edgeops.training.model_file import load_model_file

    root = workspace.root
    files = [load_model_file(root, name) for name in only or model_names(root)]
    if changed_since:
        paths = paths_changed_since(root, changed_since)
        if paths is None:
            workspace.observer.note(
                f"{changed_since} is not in this clone: all models count as changed"
            )
        else:
            files = [model for model in files if changed(model, paths)]
    return Trainings(
        tuple(model.name for model in files),
        tuple(part for model in files for part in shards(model, machines)),
    )
