"""The pull request that a workflow run is about.

Source: "REST API endpoints for pull requests" (GitHub Docs).
"""

from __future__ import annotations

from edgeops.github.rest import GitHubApi
from edgeops.github.workflow import Workflow


def pull_request_of(workflow: Workflow, api: GitHubApi) -> int | None:
    """The number of the pull request of the event, or of the open one from this branch.

    A workflow that was dispatched for a pull request runs on its branch. Raises `GitHubError`.
    """
    pull = workflow.event.get("pull_request")
    if isinstance(pull, dict):
        return int(pull["number"])
    if not workflow.branch:
        return None
    owner = workflow.repository.partition("/")[0]
    open_pulls = api.pages("/pulls", state="open", head=f"{owner}:{workflow.branch}")
    return next((int(pull["number"]) for pull in open_pulls), None)
