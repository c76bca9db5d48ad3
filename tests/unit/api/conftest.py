"""A fleet of two devices, committed, and a local hub that runs for it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from shared_state import share_state

from edgeops.api import Workspace

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec: {hubs: {local: {}}}
---
apiVersion: edgeops/v1
kind: Group
metadata: {name: all, priority: 1}
spec: {selector: {}, desired: {interval: 60}}
---
apiVersion: edgeops/v1
kind: DeviceSet
metadata: {name: few}
spec: {template: {spec: {}}, devices: [{name: a}, {name: b, labels: {ring: canary}}]}
"""


class Listener:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.runs: list[str] = []
        self.waited = 0

    def note(self, text: str) -> None:
        self.notes.append(text)

    def progress(self, what: str, unit: str = "devices", *, quiet: bool = False) -> Any:
        if not quiet:
            self.runs.append(what)
        return nullcontext(lambda _done, _total: None)

    def waiting(self, devices: Sequence[Any]) -> None:
        self.waited += 1


@pytest.fixture
def git(tmp_path: Path) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=tmp_path / "repo", check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    return run


@pytest.fixture
def root(tmp_path: Path, git: Callable[..., str]) -> Path:
    root = tmp_path / "repo"
    (root / "fleet").mkdir(parents=True)
    (root / "fleet/fleet.yaml").write_text(FLEET)
    git("init", "--quiet", "--initial-branch", "main")
    git("add", "--all")
    git("commit", "--quiet", "--message", "two devices")
    return root


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def workspace(root: Path, listener: Listener) -> Workspace:
    """No hub runs."""
    return Workspace.find(root / "fleet", observer=listener)


@pytest.fixture
def with_hub(root: Path, local_hub: Any, listener: Listener) -> Workspace:
    share_state(root, local_hub.state_dir)
    return Workspace.find(root, observer=listener)
