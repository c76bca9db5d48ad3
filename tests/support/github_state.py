"""What a small GitHub knows: pull requests, pushes, comments, reviews, issues, workflow runs."""

from __future__ import annotations

import itertools
from typing import Any

REPOSITORY = "contoso/fleet"
REPOSITORY_ID = 77
BOT = {"login": "github-actions[bot]", "id": 41898282, "type": "Bot"}
NO_COMMIT = "0" * 40

Json = dict[str, Any]


class GitHubState:
    """One repository, and what people and workflows do to it."""

    def __init__(self) -> None:
        self.pulls: dict[int, Json] = {}
        self.issues: dict[int, Json] = {}  # pull requests are not among them
        self.comments: dict[int, list[Json]] = {}  # of pull requests and issues
        self.reviews: dict[int, list[Json]] = {}
        self.dispatches: list[Json] = []
        self.permissions = {"ada": "write", "grace": "write"}  # of others: read
        self.commits: dict[int, list[Json]] = {}  # of pull requests
        self.files: dict[int, list[Json]] = {}
        self.activity: list[Json] = []  # the newest last
        self.runs: dict[int, list[Json]] = {}  # the attempts of each
        self.artifacts: list[Json] = []
        self.apps = {"copilot"}
        self.missing: set[str] = set()  # accounts that are gone
        self.unlisted: set[str] = set()  # refs that have no list of pushes of their own
        self._numbers = itertools.count(1)  # of pull requests and issues
        self._ids = itertools.count(1)
        self._users: dict[str, int] = {}
        self._minute = 0

    def now(self) -> str:
        """A moment after every earlier one."""
        self._minute += 1
        return self.moment()

    def moment(self) -> str:
        """The moment that `now` gave last."""
        return f"2026-05-01T{10 + self._minute // 60:02}:{self._minute % 60:02}:00Z"

    def user(self, login: str) -> Json:
        """An account as GitHub shows it; always with the same number."""
        if login == BOT["login"]:
            return BOT
        number = self._users.setdefault(login, 1000 + len(self._users))
        return {"login": login, "id": number, "type": "Bot" if login in self.apps else "User"}

    def open_pull(
        self, branch: str, sha: str, *, base: str = "main", title: str = "change", **more: Any
    ) -> int:
        """A pull request; `head_repo` names the repository of its branch."""
        number = next(self._numbers)
        author = more.pop("author", "ada")
        name = more.pop("head_repo", REPOSITORY)
        home = {"full_name": name, "id": REPOSITORY_ID if name == REPOSITORY else 666}
        self.commits[number] = [self.commit(sha, author)]
        self.files[number] = [{"filename": "fleet/fleet.yaml", "status": "modified"}]
        self.pulls[number] = {
            "number": number,
            "state": "open",
            "title": title,
            "body": more.pop("body", ""),
            "user": self.user(author),
            "html_url": f"https://github.example/{REPOSITORY}/pull/{number}",
            "head": {"ref": branch, "sha": sha, "repo": home, "label": f"contoso:{branch}"},
            "base": {"ref": base, "repo": {"full_name": REPOSITORY, "id": REPOSITORY_ID}},
            "labels": [],
            "created_at": self.now(),
            "merged_at": None,
            "merge_commit_sha": None,
        }
        return number

    def commit(self, sha: str, author: str | None, message: str = "change") -> Json:
        """A commit as lists of them show it; None: no account has the address of its author."""
        user = self.user(author) if author else None
        return {"sha": sha, "commit": {"message": message}, "author": user, "committer": user}

    def push(self, branch: str, sha: str, *, by: str | None = "ada", kind: str = "") -> None:
        """Somebody lets a branch point to a commit; None: GitHub does not tell who."""
        ref = f"refs/heads/{branch}"
        before = next(
            (entry["after"] for entry in self.activity[::-1] if entry["ref"] == ref), NO_COMMIT
        )
        self.activity.append(
            {
                "id": next(self._ids),
                "ref": ref,
                "before": before,
                "after": sha,
                "activity_type": kind or ("branch_creation" if before == NO_COMMIT else "push"),
                "timestamp": self.now(),
                "actor": self.user(by) if by else None,
            }
        )

    def run(self, event: str, sha: str, *, by: str = "ada", **more: Any) -> int:
        """A workflow run on main; gives its number. `more` is how it differs from such a one."""
        number = next(self._ids)
        self.runs[number] = [
            {
                "id": number,
                "event": event,
                "head_branch": "main",
                "head_sha": sha,
                "head_repository": {"id": REPOSITORY_ID},
                "run_attempt": 1,
                "actor": self.user(by),
                "triggering_actor": self.user(by),
                **more,
            }
        ]
        return number

    def run_again(self, number: int, *, by: str) -> None:
        """Somebody starts another attempt of a run."""
        last = self.runs[number][-1]
        again = {"run_attempt": last["run_attempt"] + 1, "triggering_actor": self.user(by)}
        self.runs[number].append({**last, **again})

    def upload(self, name: str, run: int) -> None:
        """A run leaves an artifact."""
        of = {"id": run, "head_branch": self.runs[run][0]["head_branch"]}
        self.artifacts.append({"id": next(self._ids), "name": name, "workflow_run": of})

    def merge(self, number: int, sha: str) -> None:
        """The pull request became this commit of its base."""
        merged = {"state": "closed", "merged_at": self.now(), "merge_commit_sha": sha}
        self.pulls[number].update(merged)
        self.push(self.pulls[number]["base"]["ref"], sha, by="grace", kind="pr_merge")

    def review(self, number: int, state: str = "APPROVED", *, by: str | None = "grace") -> Json:
        """A review of what the pull request is now; None: of an account that was deleted."""
        made = {
            "state": state,
            "user": self.user(by) if by else None,
            "author_association": "MEMBER",
            "commit_id": self.pulls[number]["head"]["sha"],
            "submitted_at": self.now(),
        }
        self.reviews.setdefault(number, []).append(made)
        return made

    def comment(self, number: int, body: str, *, user: Json = BOT) -> Json:
        """A comment as it is when somebody writes it."""
        at = self.now()
        made = {"id": next(self._ids), "body": body, "user": user}
        made |= {"created_at": at, "updated_at": at}
        self.comments.setdefault(number, []).append(made)
        return made

    def bodies(self, number: int) -> list[str]:
        """The texts of the comments of a pull request or issue."""
        return [comment["body"] for comment in self.comments.get(number, [])]
