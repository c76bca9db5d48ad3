"""Reads the facts that decide about an approval from GitHub.

Source: "REST API endpoints for commits", "... pull requests", "... pull request
reviews", "... collaborators", "... repositories" (activities), "... workflow
runs" and "... artifacts" (GitHub Docs).
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from edgeops.github.accounts import Account, account_of, co_authors
from edgeops.github.authorship import MARK, history_of
from edgeops.github.facts import Comment, Facts, Pull, Push, Review, Run
from edgeops.github.marker import is_ours
from edgeops.github.rest import GitHubApi
from edgeops.jsonvalue import JsonObject

_MAY_WRITE = {"admin", "write"}
# The events that run the workflows of the branch itself. A run for a pull request uses the
# workflows of the pull request.
_EVENTS = {"push", "schedule", "workflow_dispatch"}


def gather(api: GitHubApi, sha: str, branch: str, marker: str, *, repeated: bool) -> Facts | None:
    """The facts about the pull request that was merged into a branch as this commit, if any.

    `repeated`: this is not the first attempt of the workflow run. Raises `GitHubError`.
    """
    merged = _merged_as(api, sha, branch)
    if merged is None:
        return None
    number = int(merged["number"])
    pull = api.get(f"/pulls/{number}")
    files = list(api.pages(f"/pulls/{number}/files"))
    head, base = pull["head"], pull["base"]
    here = base["repo"]["id"]
    in_this_repository = (head["repo"] or {}).get("id") == here
    pushes = _history(api, head["ref"]) if in_this_repository else ()
    return Facts(
        pull=Pull(
            number=number,
            opener=account_of(pull["user"]),
            opened_at=pull["created_at"],
            head=head["sha"],
            in_this_repository=in_this_repository,
            commits=pull["commits"],
            files=pull["changed_files"],
        ),
        comments=tuple(_comments(api, number, marker)),
        commits=tuple(map(_people, api.pages(f"/pulls/{number}/commits"))),
        paths=tuple(path for file in files for path in _paths(file)),
        files=len(files),
        pushes=pushes,
        runs={
            push.after: tuple(_runs(api, push.after, branch, here))
            for push in history_of(pushes, head["sha"])
            if push.by is not None and not push.by.person
        },
        reviews=tuple(_reviews(api, number)),
        outdated=repeated and _tip(api, branch) != sha,
    )


def _merged_as(api: GitHubApi, sha: str, branch: str) -> JsonObject | None:
    for pull in api.pages(f"/commits/{sha}/pulls"):
        here = pull["merge_commit_sha"] == sha and pull["base"]["ref"] == branch
        if pull["merged_at"] and here:
            return pull
    return None


def _comments(api: GitHubApi, number: int, marker: str) -> Iterator[Comment]:
    for comment in api.pages(f"/issues/{number}/comments"):
        if is_ours(comment, marker):
            hidden = bool(comment.get("minimized"))
            yield Comment(comment["body"], comment["updated_at"], hidden)


def _people(commit: JsonObject) -> tuple[Account, ...]:
    accounts = [account_of(commit["author"]), account_of(commit["committer"])]
    accounts += co_authors(commit["commit"]["message"])
    return tuple(account for account in accounts if account is not None)


def _paths(file: JsonObject) -> Iterator[str]:
    yield file["filename"]
    if "previous_filename" in file:
        yield file["previous_filename"]


def _history(api: GitHubApi, branch: str) -> tuple[Push, ...]:
    """The pushes to a branch; of a deleted branch only those of the last months."""
    pushes = tuple(_pushes(api, branch, ref=f"refs/heads/{branch}"))
    return pushes or tuple(_pushes(api, branch, time_period="quarter"))


def _pushes(api: GitHubApi, branch: str, **query: str) -> Iterator[Push]:
    for push in api.pages("/activity", **query):
        if push["ref"] == f"refs/heads/{branch}":
            by = account_of(push["actor"])
            yield Push(push["activity_type"], push["before"], push["after"], push["timestamp"], by)


def _tip(api: GitHubApi, branch: str) -> str:
    return str(api.get(f"/git/ref/heads/{quote(branch)}")["object"]["sha"])


def _runs(api: GitHubApi, commit: str, branch: str, here: int) -> Iterator[Run]:
    """The runs that marked a commit as their own."""
    for artifact in api.pages("/actions/artifacts", member="artifacts", name=f"{MARK}{commit}"):
        run = api.find(f"/actions/runs/{(artifact['workflow_run'] or {}).get('id')}")
        if run is not None:
            yield Run(_is_of(api, run, branch, here), tuple(_starters(api, run)))


def _is_of(api: GitHubApi, run: JsonObject, branch: str, here: int) -> bool:
    """Whether a run used the workflows of the branch at some time.

    The name alone proves little: a fork can have a branch of this name, and a tag can have it too.
    """
    if run["event"] not in _EVENTS or run["head_branch"] != branch:
        return False
    if (run["head_repository"] or {}).get("id") != here:
        return False
    tips = (push.after for push in _pushes(api, branch, ref=f"refs/heads/{branch}"))
    return run["head_sha"] in tips


def _starters(api: GitHubApi, run: JsonObject) -> Iterator[Account | None]:
    """The account that started each attempt, except the first one of a scheduled run."""
    scheduled = run["event"] == "schedule"
    if not scheduled:
        yield account_of(run["actor"])
    last = int(run["run_attempt"])
    for attempt in range(2 if scheduled else 1, last + 1):
        path = f"/actions/runs/{run['id']}/attempts/{attempt}"
        yield account_of((run if attempt == last else api.get(path))["triggering_actor"])


def _reviews(api: GitHubApi, number: int) -> Iterator[Review]:
    may_write: dict[Account, bool] = {}
    for review in api.pages(f"/pulls/{number}/reviews"):  # the oldest first
        by = account_of(review["user"])
        if by is None or not by.person:
            continue  # a deleted account or an app
        if by not in may_write:
            may_write[by] = _may_write(api, by)
        at = str(review.get("submitted_at") or "")
        yield Review(by, review["state"], review["commit_id"], at, may_write[by])


def _may_write(api: GitHubApi, account: Account) -> bool:
    permission = api.find(f"/collaborators/{quote(account.login)}/permission")
    if permission is None or permission["permission"] not in _MAY_WRITE:
        return False
    asked = account_of(permission["user"])
    return asked is not None and asked.is_same(account)
