"""The environment of a workflow step: its variables, summary and outputs.

Source: "Variables reference" and "Workflow commands" (GitHub Docs).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.github.rest import GitHubApi
from edgeops.jsonvalue import JsonObject
from edgeops.user_files import append

# The account that acts with the token of a workflow.
BOT = "github-actions[bot]"

_HINTS = {
    401: "GITHUB_TOKEN is no longer valid",
    403: "the job's `permissions` do not allow it, or the rate limit is used up",
    404: "check that it exists, and that the token can read it (`permissions` of the job)",
    422: "check that the repository allows it",
}


@dataclass(frozen=True, slots=True)
class Workflow:
    """The workflow run of a step; `event` is what started it."""

    repository: str
    api_url: str
    run_url: str
    sha: str
    branch: str
    attempt: int
    event: JsonObject = field(repr=False)
    token: str = field(repr=False)
    server: str = "https://github.com"
    ca_file: str | None = None
    summary: Path | None = None
    output: Path | None = None

    def api(self) -> GitHubApi:
        """The REST API of the repository."""
        return GitHubApi(
            f"{self.api_url}/repos/{self.repository}",
            about=self.repository,
            token=self.token,
            ca_file=self.ca_file,
            hints=_HINTS,
        )

    def summarize(self, markdown: str) -> None:
        """Append Markdown to the summary of the step."""
        if self.summary is not None:
            append(self.summary, f"{markdown}\n")

    def give(self, **outputs: Any) -> None:
        """Set outputs of the step. Raises `EdgeOpsError`."""
        give_outputs(self.output, outputs)


def read_workflow(environ: Mapping[str, str]) -> Workflow:
    """The workflow run of this process. Raises `EdgeOpsError` outside of a workflow step."""
    repository = environ.get("GITHUB_REPOSITORY")
    if not repository:
        raise EdgeOpsError(
            "this is not a step of a GitHub workflow: GITHUB_REPOSITORY is not set",
            "elsewhere, print the text with `edgeops sync --dry-run -o markdown`",
        )
    token = environ.get("GITHUB_TOKEN")
    if not token:
        raise EdgeOpsError(
            "GITHUB_TOKEN is not set", "give the step `env: {GITHUB_TOKEN: ${{ github.token }}}`"
        )
    server = _server(environ)
    return Workflow(
        repository=repository,
        api_url=environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
        run_url=_run_url(environ, repository),
        sha=environ.get("GITHUB_SHA", ""),
        branch=environ.get("GITHUB_REF_NAME", ""),
        attempt=_number(environ.get("GITHUB_RUN_ATTEMPT", "1")),
        event=_event(environ.get("GITHUB_EVENT_PATH")),
        token=token,
        server=server,
        ca_file=environ.get("SSL_CERT_FILE") or None,
        summary=_path(environ.get("GITHUB_STEP_SUMMARY")),
        output=_path(environ.get("GITHUB_OUTPUT")),
    )


def who_runs(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The account that started the workflow run of this process, and its URL; None outside one."""
    actor, repository = environ.get("GITHUB_ACTOR"), environ.get("GITHUB_REPOSITORY")
    if environ.get("GITHUB_ACTIONS") != "true" or not actor or not repository:
        return None
    return actor, _run_url(environ, repository)


def _server(environ: Mapping[str, str]) -> str:
    return environ.get("GITHUB_SERVER_URL", "https://github.com")


def _run_url(environ: Mapping[str, str], repository: str) -> str:
    run = environ.get("GITHUB_RUN_ID", "")
    return f"{_server(environ)}/{repository}/actions/runs/{run}"


def _event(path: str | None) -> JsonObject:
    if not path:
        return {}
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EdgeOpsError(f"cannot read the event of the workflow: {path}") from error
    return event if isinstance(event, dict) else {}


def _number(text: str) -> int:
    if not text.isdecimal():
        raise EdgeOpsError(f"GITHUB_RUN_ATTEMPT is not a number: {text!r}")
    return int(text)


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def give_outputs(file: Path | None, values: Mapping[str, Any]) -> None:
    """Append outputs to the output file of a step: text unchanged, other values as JSON.

    Without a file nothing is written. Raises `EdgeOpsError` for an invalid name
    or a value of several lines, which could set other outputs.
    """
    lines = []
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value)
        if not _NAME.fullmatch(name):
            raise EdgeOpsError(
                f"{name!r} is not the name of an output", "use A-Z, a-z, 0-9, _ and -"
            )
        if len(f"{name}={text}".splitlines()) != 1:
            raise EdgeOpsError(
                f"the value of the output {name!r} has several lines", "set a value of one line"
            )
        lines.append(f"{name}={text}\n")
    if file is not None:
        append(file, "".join(lines))
