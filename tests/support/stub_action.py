"""What a stub does when a workflow uses it; run by act, with the standard library alone.

STUB_ROOT is the folder of the run: `calls.jsonl` gets the inputs, `artifacts/`
holds what was uploaded. STUB_REMOTE is the bare repository that is GitHub's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(os.environ["STUB_ROOT"])
WORKSPACE = Path(os.environ["GITHUB_WORKSPACE"])


def main(action: str) -> None:
    inputs = json.loads(os.environ["STUB_INPUTS"])
    call = {"job": os.environ["GITHUB_JOB"], "action": action, "inputs": inputs}
    with (ROOT / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps(call) + "\n")
    if act := {
        "actions/checkout": checkout,
        "actions/upload-artifact": upload,
        "actions/download-artifact": download,
    }.get(action):
        act(inputs)


def checkout(inputs: dict[str, str]) -> None:
    """As the real one: just this commit, or with a depth of 0 every branch with its history."""
    ref = inputs["ref"] or os.environ["GITHUB_SHA"]
    folder = WORKSPACE / inputs["path"]
    folder.mkdir(exist_ok=True)
    depth = [f"--depth={inputs['fetch-depth']}"] if inputs["fetch-depth"] != "0" else []
    git(folder, "init", "--quiet")
    git(folder, "remote", "add", "origin", f"file://{os.environ['STUB_REMOTE']}")
    if not depth:
        git(folder, "fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
    git(folder, "fetch", "--quiet", *depth, "origin", ref)
    branch = os.environ["GITHUB_REF"].removeprefix("refs/heads/")
    on_branch = os.environ["GITHUB_REF"].startswith("refs/heads/") and not inputs["ref"]
    git(
        folder,
        "checkout",
        "--quiet",
        *(["-B", branch] if on_branch else ["--detach"]),
        "FETCH_HEAD",
    )
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True)
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as outputs:
        outputs.write(f"commit={commit}")


def git(folder: Path, *args: str) -> None:
    subprocess.run(["git", *args], cwd=folder, check=True)


def upload(inputs: dict[str, str]) -> None:
    patterns = [line.strip() for line in inputs["path"].splitlines() if line.strip()]
    roots = [root for pattern in map(Path, patterns) for root in matching(WORKSPACE / pattern)]
    files = [
        file
        for root in roots
        for file in ([root] if root.is_file() else sorted(root.rglob("*")))
        if file.is_file()
    ]
    if not files:
        sys.exit(1 if inputs["if-no-files-found"] == "error" else 0)
    target = ROOT / "artifacts" / inputs["name"]
    if target.exists():
        sys.exit(f"there is an artifact {inputs['name']} already")
    top = Path(os.path.commonpath([root if root.is_dir() else root.parent for root in roots]))
    for file in files:
        copy = target / file.relative_to(top)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)


def matching(pattern: Path) -> list[Path]:
    return sorted(pattern.parent.glob(pattern.name))


def download(inputs: dict[str, str]) -> None:
    target = WORKSPACE / inputs["path"]
    artifacts = sorted((ROOT / "artifacts").glob(inputs["name"] or inputs["pattern"] or "*"))
    if inputs["name"] and not artifacts:
        sys.exit(f"Unable to download artifact: there is no {inputs['name']}")
    for artifact in artifacts:
        apart = not inputs["name"] and inputs["merge-multiple"] != "true"
        shutil.copytree(artifact, target / artifact.name if apart else target, dirs_exist_ok=True)


main(sys.argv[1])
