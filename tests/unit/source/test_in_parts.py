"""The command reads many files with several processes, and finds what one process does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgeops.source.again import FILES_AT_ONCE

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="forks are made on Linux only"),
    pytest.mark.slow,
]

FLEET = """apiVersion: edgeops/v1
kind: Fleet
metadata: {name: many}
spec: {hubs: {eu: {hostname: eu.azure-devices.net, auth: entra}}}
"""
GROUP = """apiVersion: edgeops/v1
kind: Group
metadata: {name: all}
spec:
  selector: {}
  desired: {at: "${device.name}"}
"""
DEVICE = "apiVersion: edgeops/v1\nkind: Device\nmetadata: {name: d%d}\nspec: {tags: {row: %s}}\n"
MANY = 2 * FILES_AT_ONCE + 300


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Many devices; what they share is in a folder with as many files as theirs."""
    devices = tmp_path / "repo" / "fleet"
    devices.mkdir(parents=True)
    (devices / "fleet.yaml").write_text(FLEET)
    (devices / "zz-all.yaml").write_text(GROUP)
    for number in range(MANY):
        (devices / f"d{number}.yaml").write_text(DEVICE % (number, number))
    return tmp_path / "repo"


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.net", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", root, *who, *arguments], check=True, capture_output=True)


def command(root: Path, cache: str, *arguments: str, processors: int) -> str:
    some = sorted(os.sched_getaffinity(0))[:processors]
    done = subprocess.run(
        [sys.executable, "-m", "edgeops", "--repo", root, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(root.parent / cache)},
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, some),
    )
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


def test_several_processes_find_what_one_does(root: Path) -> None:
    fleet = root / "fleet"
    for text in ('"ok"', "{a.b: 1}", "["):
        (fleet / "d7.yaml").write_text(DEVICE % (7, text))
        (fleet / f"d{MANY - 1}.yaml").write_text(DEVICE % (8, text))  # a second one of this name
        several, one = (command(root, f"{text}-{n}", "validate", processors=n) for n in (2, 1))
        assert several == one
        assert "fleet/d7.yaml" in one or text == '"ok"'
        assert "already defined" in one or text != '"ok"'
        assert command(root, f"{text}-2", "validate", processors=1) == one  # as remembered


def test_several_processes_read_one_commit(root: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "many")
    (root / "fleet" / "zz-all.yaml").unlink()  # the working tree is not read
    asked = ("--hub", "eu", "render", "d77", "--rev", "HEAD")
    several, one = (command(root, f"cache-{n}", *asked, processors=n) for n in (2, 1))
    assert several == one
    assert "at: d77" in one
