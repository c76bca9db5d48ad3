"""A fleet repository with a remote and a GitHub, as a developer and GitHub's runners see it."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from act_runs import Run, run_act
from fake_github import REPOSITORY, WRITER, FakeGitHub


@dataclass
class World:
    """`root` is a developer's clone of `remote`, on main; `variables` are those of the repository.

    `environment` is what every step finds in its environment.
    """

    root: Path
    remote: Path
    stubs: Path
    github: FakeGitHub
    environment: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)
    _runs: Iterator[int] = field(default_factory=itertools.count)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text(encoding="utf-8")
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new))

    def git(self, *args: str, cwd: Path | None = None) -> str:
        command = ["git", "-c", "advice.detachedHead=false", *args]
        ended = subprocess.run(
            command, cwd=cwd or self.root, capture_output=True, text=True, check=True
        )
        return ended.stdout.strip()

    def push(self, message: str = "change") -> str:
        """Commit everything to main and push it; gives the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "origin", "HEAD:main")
        sha = self.git("rev-parse", "HEAD")
        self.github.push("main", sha)
        return sha

    def pull_request(self, branch: str, *, fork: bool = False) -> int:
        """A pull request with everything that was changed; main is checked out again."""
        self.git("checkout", "--quiet", "-b", branch)
        sha = self._commit_and_go_back(branch)
        if not fork:
            self.github.push(branch, sha)
        owner = "mallory/fleet" if fork else REPOSITORY
        number = self.github.open_pull(branch, sha, head_repo=owner)
        self._publish(number, branch)
        return number

    @contextmanager
    def more(self, number: int, *, by: str = "ada") -> Iterator[None]:
        """One more commit for a pull request: what is changed while its branch is checked out."""
        branch = self.github.pulls[number]["head"]["ref"]
        self.git("checkout", "--quiet", branch)
        yield
        sha = self._commit_and_go_back("more")
        self.github.pulls[number]["head"]["sha"] = sha
        self.github.push(branch, sha, by=by)
        self._publish(number, branch)

    def merge(self, number: int) -> str:
        """Merge a pull request into main; gives the commit."""
        branch = self.github.pulls[number]["head"]["ref"]
        self.git("merge", "--quiet", "--no-ff", "--message", f"merge {branch}", branch)
        self.git("push", "--quiet", "origin", "main")
        sha = self.git("rev-parse", "HEAD")
        self.github.merge(number, sha)
        return sha

    def run(
        self,
        workflow: str,
        event: str = "pull_request",
        *,
        pull: int | None = None,
        ref: str = "main",
        inputs: dict[str, str] | None = None,
        token: str = WRITER,
    ) -> Run:
        """Run a workflow as GitHub does for an event: of a pull request, or on a branch."""
        ref = f"refs/pull/{pull}/merge" if pull else f"refs/heads/{ref}"
        folder = self.root.parent / f"run-{next(self._runs)}"
        checkout = folder.with_name(f"{folder.name}-workflows")
        self.git("clone", "--quiet", "--no-checkout", str(self.remote), str(checkout))
        self.git("fetch", "--quiet", "origin", ref, cwd=checkout)
        self.git("checkout", "--quiet", "--detach", "FETCH_HEAD", cwd=checkout)
        sha = self.git("rev-parse", "HEAD", cwd=checkout)
        return run_act(
            workflow,
            event,
            self._payload(event, sha, pull, ref, inputs),
            checkout=checkout,
            folder=folder,
            stubs=self.stubs,
            github={
                "GITHUB_REPOSITORY": REPOSITORY,
                "GITHUB_API_URL": self.github.url,
                "GITHUB_REF": ref,
                "GITHUB_REF_NAME": ref.removeprefix("refs/heads/").removeprefix("refs/pull/"),
                "GITHUB_RUN_ID": "4711",
                "SHA_REF": sha,
                "STUB_REMOTE": str(self.remote),
            },
            environment={**os.environ, **self.environment},
            variables=self.variables,
            token=token,
        )

    def _payload(
        self, event: str, sha: str, pull: int | None, ref: str, inputs: dict[str, str] | None
    ) -> dict[str, Any]:
        """What GitHub says of the event, as far as workflows look at it."""
        payload: dict[str, Any] = {
            "repository": {"full_name": REPOSITORY, "default_branch": "main"},
            "sender": {"login": "ada", "type": "User"},
        }
        if pull:
            about = self.github.pulls[pull]
            payload |= {"action": "synchronize", "number": pull, "pull_request": about}
        elif event == "push":
            before = [*self.git("rev-list", "--max-count=2", sha).split(), "0" * 40][1]
            payload |= {"ref": ref, "before": before, "after": sha, "head_commit": {"id": sha}}
        elif event == "workflow_dispatch":
            payload |= {"ref": ref, "inputs": inputs or {}}
        elif event == "schedule":
            payload |= {"schedule": "0 3 * * *"}
        return payload

    def _commit_and_go_back(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        sha = self.git("rev-parse", "HEAD")
        self.git("checkout", "--quiet", "main")
        return sha

    def _publish(self, number: int, branch: str) -> None:
        """What GitHub shows of a pull request: its branch, its merge with main, its content."""
        commits = self.git("rev-list", "--reverse", f"main..{branch}").split()
        self.github.commits[number] = [self.github.commit(sha, "ada") for sha in commits]
        changed = self.git("diff", "--no-renames", "--name-only", f"main...{branch}").splitlines()
        self.github.files[number] = [{"filename": path, "status": "modified"} for path in changed]
        self.git("checkout", "--quiet", "--detach", "main")
        self.git("merge", "--quiet", "--no-ff", "--message", f"merge {branch} into main", branch)
        refs = [f"{branch}:refs/pull/{number}/head", f"HEAD:refs/pull/{number}/merge"]
        if self.github.pulls[number]["head"]["repo"]["full_name"] == REPOSITORY:
            refs.append(f"{branch}:refs/heads/{branch}")
        self.git("push", "--quiet", "--force", "origin", *refs)
        self.git("checkout", "--quiet", "main")
