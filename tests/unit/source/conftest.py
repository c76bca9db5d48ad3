"""A git repository with a small fleet."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

FLEET = "apiVersion: edgeops/v1\nkind: Fleet\nmetadata: {name: demo}\nspec: {hubs: {local: {}}}\n"
DEVICE = "apiVersion: edgeops/v1\nkind: Device\nmetadata: {name: d1}\nspec: {}\n"


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A folder with a fleet of one device; not a git repository."""
    return write(
        tmp_path / "repo",
        {
            "fleet/fleet.yaml": FLEET,
            "fleet/devices/d1.yaml": DEVICE,
            "schemas/modules/m.json": '{"type": "object"}',
        },
    )


@pytest.fixture
def git() -> Callable[..., str]:
    """Runs git in a folder: `git(folder, "commit", "-m", "x")`."""

    def run(folder: Path, *arguments: str) -> str:
        environment = {**os.environ, "GIT_CONFIG_COUNT": "0"}
        done = subprocess.run(
            ["git", "-c", "init.defaultBranch=main", *arguments],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    return run


@pytest.fixture
def committed(fleet: Path, git: Callable[..., str]) -> Path:
    """The fleet, as the only commit of a git repository."""
    git(fleet, "init")
    git(fleet, "add", ".")
    git(fleet, "commit", "-m", "first")
    return fleet


@pytest.fixture
def commit_state(committed: Path, git: Callable[..., str]) -> Callable[[str, str], None]:
    """Commits local state: `commit_state(".edgeops", "folder")`, a file, link or submodule."""

    def commit(name: str, form: str) -> None:
        place = committed / name
        if form == "folder":
            write(place, {"models/built": "believe me"})
        elif form == "file":
            place.write_text("believe me")
        elif form == "link":
            place.symlink_to("fleet")
        else:
            head = git(committed, "rev-parse", "HEAD")
            place.mkdir()
            git(committed, "update-index", "--add", "--cacheinfo", f"160000,{head},{name}")
        if form != "submodule":
            git(committed, "add", "-f", name)
        git(committed, "commit", "-m", "x")

    return commit
