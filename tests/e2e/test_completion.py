"""Completion in a real bash, with the script that edgeops shows."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from terminal import Terminal


@pytest.fixture
def shell(tiny_repo, tmp_path):
    """The environment of a shell that finds this edgeops, in the folder of the tiny fleet."""
    program = tmp_path / "bin/edgeops"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m edgeops "$@"\n')
    program.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if name[:8] != "EDGEOPS_"}
    return {
        **kept,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "EDGEOPS_REPO": str(tiny_repo.root),
        "TERM": "dumb",
    }


def in_bash(shell, script):
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=shell, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout


SHOWN = 'eval "$(edgeops --show-completion; true)"\n'


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("edgeops val", "validate"),
        ("edgeops explain a /de", "/desired /desired/interval"),
        ("edgeops sync --target ring = c", "canary"),
        ("edgeops sync --hub ''", "local"),
    ],
)
def test_bash_completes(shell, words, reply):
    number = len(words.split()) - 1
    script = f"{SHOWN}COMP_WORDS=({words}); COMP_CWORD={number}\n_edgeops_completion edgeops\n"
    assert in_bash(shell, f'{script}echo "${{COMPREPLY[*]}}"') == f"{reply}\n"


def test_a_key_press_in_an_installed_shell(shell, tiny_repo):
    """The pointer `/de` must not become the folder /dev."""
    in_bash(shell, "edgeops --install-completion; true")
    bash = Terminal(["--rcfile", f"{shell['HOME']}/.bashrc", "-i"], shell, ["/bin/bash"])
    bash.type("echo ready-$((1+1))\n")
    bash.wait_for("ready-2")
    bash.type("edgeops explain a /de\t")
    bash.wait_for("/desired")
    bash.type("\x15exit\n")
    assert bash.end() == 0
    assert "/dev/" not in bash.shown
