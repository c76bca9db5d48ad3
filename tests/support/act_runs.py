"""Runs workflows with act, without containers, and tells what they did."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from stub_actions import ACTIONS

BIN = Path(sys.executable).parent
ACT = shutil.which("act", path=f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}")


@dataclass(frozen=True)
class Run:
    """A workflow run at its end.

    `jobs` has the result of every job that ran (`success`, `failure`); a
    skipped one is not in it. `calls` are the uses of stubs, in their order.
    """

    code: int
    records: tuple[dict[str, Any], ...]
    calls: tuple[dict[str, Any], ...]
    folder: Path

    def part(self, name: str) -> Run:
        """The jobs of one combination of a matrix alone: `hub-2` is the second one of the job hub.

        It has the artifacts and stubs of all, since act does not tell them apart.
        """
        records = [each for each in self.records if name in re.split(r"[/ ]", each.get("job", ""))]
        return replace(self, records=tuple(records))

    @property
    def jobs(self) -> dict[str, str]:
        return {
            record["jobID"]: record["jobResult"] for record in self.records if "jobResult" in record
        }

    @property
    def log(self) -> str:
        """Everything that was printed."""
        return "".join(str(record.get("msg", "")) for record in self.records)

    @property
    def annotations(self) -> list[dict[str, str]]:
        """`file`, `line`, `col`, `title` and `message` of each error that GitHub would mark."""
        return [
            {**record.get("kvPairs", {}), "message": record["arg"]}
            for record in self.records
            if record.get("command") == "error"
        ]

    def summary(self, job: str) -> str:
        """What the steps of a job wrote to their summaries."""
        return "".join(
            record["content"]
            for record in self.records
            if record.get("command") == "summary" and record["jobID"] == job
        )

    def outputs(self, job: str) -> dict[str, str]:
        """The outputs of the steps of a job, those of stubs left out."""
        return {
            record["name"]: record["arg"]
            for record in self.records
            if record.get("command") == "set-output"
            and record["jobID"] == job
            and "@" not in record["step"]
        }

    def inputs(self, action: str, job: str | None = None) -> list[dict[str, str]]:
        """The inputs of each use of a stubbed action."""
        return [
            call["inputs"]
            for call in self.calls
            if call["action"] == action and job in (None, call["job"])
        ]

    def artifact(self, name: str) -> Path:
        """The folder with the files of an artifact, which need not exist."""
        return self.folder / "artifacts" / name


def run_act(
    workflow: str,
    event: str,
    payload: Mapping[str, Any],
    *,
    checkout: Path,
    folder: Path,
    stubs: Path,
    github: Mapping[str, str],
    environment: Mapping[str, str],
    variables: Mapping[str, str],
    token: str,
) -> Run:
    """Run one workflow of a checkout for an event.

    `folder` becomes the folder of this run; `github` are GITHUB_* and SHA_REF
    as act takes them; `environment` is what every step finds besides.
    """
    assert ACT is not None
    folder.mkdir(parents=True)
    (folder / "event.json").write_text(json.dumps(payload))
    file = checkout / ".github/workflows" / workflow
    command = [
        ACT, event, "--directory", str(checkout), "--workflows", str(file),
        "--eventpath", str(folder / "event.json"), "--platform", "ubuntu-latest=-self-hosted",
        "--no-skip-checkout", "--no-cache-server", "--action-offline-mode", "--json",
        "--concurrent-jobs", "1", "--action-cache-path", str(folder / "cache"),
        "--env-file", "", "--secret-file", "", "--var-file", "", "--input-file", "",
        "--secret", "GITHUB_TOKEN",
    ]  # fmt: skip
    for name, value in {**github, "STUB_ROOT": str(folder)}.items():
        command += ["--env", f"{name}={value}"]
    for name, value in variables.items():
        command += ["--var", f"{name}={value}"]
    for action, ref in sorted(_used(checkout, file)):
        command += ["--local-repository", f"{action}@{ref}={stubs / action.lower()}"]
    ended = subprocess.run(
        command,
        # On two processors act now and then dies of a map that two jobs of a matrix write at once.
        env={
            **environment,
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "GITHUB_TOKEN": token,
            "GOMAXPROCS": "1",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    records = tuple(json.loads(line) for line in ended.stdout.splitlines() if line[:1] == "{")
    assert any("jobResult" in record for record in records) or ended.returncode == 0, ended.stderr
    calls = folder / "calls.jsonl"
    made = calls.read_text().splitlines() if calls.exists() else []
    return Run(ended.returncode, records, tuple(map(json.loads, made)), folder)


def _used(checkout: Path, file: Path) -> Iterator[tuple[str, str]]:
    """The actions of others that a workflow uses, with their refs; each must have a stub."""
    for step in steps(file):
        uses = step.get("uses", "")
        if uses.endswith(".yml"):
            yield from _used(checkout, checkout / uses)
        elif uses.startswith("./"):
            yield from _used(checkout, checkout / uses / "action.yml")
        elif uses:
            action, _, ref = uses.partition("@")
            stub = ACTIONS.get(action.lower())
            assert stub, f"{file.name} uses {action}: add it to ACTIONS in stub_actions.py"
            unknown = step.get("with", {}).keys() - stub[0].keys()
            assert not unknown, f"{action} has no input {', '.join(unknown)}, or add it to ACTIONS"
            yield action, ref


def steps(file: Path) -> Iterator[dict[str, Any]]:
    """Every step of a workflow, or of a composite action; and each job that calls a workflow."""
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    if "runs" in document:
        yield from document["runs"]["steps"]
    for job in document.get("jobs", {}).values():
        yield from job.get("steps", [job])
