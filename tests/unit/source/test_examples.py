"""Drop a folder into tests/examples/valid or invalid, get a test.

EDGEOPS_UPDATE_GOLDEN=1 rewrites the `problems.txt` of the invalid ones.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgeops.fleet.model import Problem
from edgeops.source.worktree import load_worktree

EXAMPLES = Path(__file__).parents[2] / "examples"


def cases(kind: str) -> list[Path]:
    return sorted(folder for folder in (EXAMPLES / kind).iterdir() if folder.is_dir())


def line(problem: Problem) -> str:
    text = f"{problem.place} {problem.pointer or '(document)'}: {problem.message}\n"
    return text + (f"    hint: {problem.hint}\n" if problem.hint else "")


@pytest.mark.parametrize("case", cases("valid"), ids=lambda case: case.name)
def test_valid_examples_have_no_problems(case: Path) -> None:
    snapshot = load_worktree(case)
    assert not snapshot.problems
    assert snapshot.documents


@pytest.mark.parametrize("case", cases("invalid"), ids=lambda case: case.name)
def test_invalid_examples_have_exactly_these_problems(case: Path) -> None:
    text = "".join(map(line, load_worktree(case).problems))
    expected = case / "problems.txt"
    if os.environ.get("EDGEOPS_UPDATE_GOLDEN") == "1":
        expected.write_text(text)
    assert text == expected.read_text()
    assert "c2VjcmV0" not in text
    assert "hunter22" not in text
